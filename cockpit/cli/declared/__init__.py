"""The verbs as they are typed: names, arguments and options, one module per group; their work is done elsewhere."""

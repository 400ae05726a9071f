"""The command line behind `:`: words with arguments, completed while they are typed, and what they do."""

"""Plans at work: who may hand out their tasks, what is done next, and what the operator orders about them."""

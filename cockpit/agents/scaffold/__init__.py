"""How an agent is started, adopted and stopped on a VM, in tmux with a FIFO and an output file."""

"""The pane that shows an agent's transcript."""

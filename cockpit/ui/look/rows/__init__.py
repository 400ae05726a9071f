"""The model as rows: pure functions from an agent, a VM, a task or an event to Content, columns aligned."""

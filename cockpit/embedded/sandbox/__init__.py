"""The VMs of the embedded fleet: sandboxes with a home, a tmux server and processes of their own."""

"""What is run on a VM to know an agent's workspace: its state is kept, compared, restored; its own git is let be."""

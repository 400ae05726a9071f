"""The screen of one agent: who it is and how it is, what is said, its files, its changes, its queue, its VM."""

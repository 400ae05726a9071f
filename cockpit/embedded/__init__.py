"""The fleet that needs nothing else: API, sandboxes, SSH gateway, services, scripted agent."""

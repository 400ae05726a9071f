"""The changes of an agent, over the whole screen."""

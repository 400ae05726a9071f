"""Swarm Cockpit: one operator supervises a live swarm of coding agents from a terminal."""

__version__ = "0.1.0"

"""Joins model, agents, remote, vers, services and store; knows no screen."""

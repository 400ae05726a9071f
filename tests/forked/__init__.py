"""Cockpit processes without the time that loading takes: each is a fork of one that has loaded everything."""

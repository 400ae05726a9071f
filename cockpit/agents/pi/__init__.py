"""pi's RPC protocol: lines to events, commands to lines."""

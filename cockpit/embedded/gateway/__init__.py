"""SSH inside TLS to the embedded fleet's VMs, as on the platform."""

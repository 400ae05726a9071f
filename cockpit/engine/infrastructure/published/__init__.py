"""The published board, feed and registry server on the VM of the services, where node is there."""

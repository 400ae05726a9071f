"""Files of a VM over its one connection: one port, by SFTP where the server has it, by its shell where not."""

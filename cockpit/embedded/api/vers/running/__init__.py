"""What is run on embedded VMs through the API: commands, their output as it comes, their log, and files."""

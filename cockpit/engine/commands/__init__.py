"""What carries out the commands of the operator."""

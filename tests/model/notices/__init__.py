"""What calls the operator."""

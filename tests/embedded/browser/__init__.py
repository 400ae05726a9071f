"""The pages of the embedded services in a real browser."""

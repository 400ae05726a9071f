"""What agents say and how to talk to them."""

"""What agents report with, on machines with little."""

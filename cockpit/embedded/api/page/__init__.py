"""The pages for a browser: the dashboard, a report, and what they load."""

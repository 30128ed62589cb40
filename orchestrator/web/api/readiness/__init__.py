"""What is missing from whom, connection tests, nudges."""

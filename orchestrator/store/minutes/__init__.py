"""Documents and minutes."""

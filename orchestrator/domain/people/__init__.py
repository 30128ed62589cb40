"""Who does something, and through which door."""

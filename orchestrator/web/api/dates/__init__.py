"""Finding a date: fair starts, what they cost, date polls."""

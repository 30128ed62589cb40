"""What the holder of a personal link may do."""

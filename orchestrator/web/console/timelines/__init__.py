"""Pages of the console about timelines."""

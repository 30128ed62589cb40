"""The meeting file: what it may hold, and pairs of meetings."""

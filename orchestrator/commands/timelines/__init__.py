"""Timelines and plans."""

"""Zones, wall time and durations."""

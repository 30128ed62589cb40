"""The queue, status, measures, housekeeping."""

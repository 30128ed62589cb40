"""Asking for what is missing."""

"""Meetings: the list, new ones, and what is done with one."""

"""Arranges what the services tell into what a page shows: groups, spans of time, marks.

Nothing here decides anything; it only puts together what belongs together on paper. One module a room.
"""

"""The meeting: its lifecycle, revisions, changes, linked meetings and decisions."""

"""The policy of a whole event: one deadline, letters folded to one a day, three chasers at most."""

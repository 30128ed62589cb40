"""Timelines and plans: the grammar, audiences, kinds of actions, planning, reconciling, explaining."""

"""Answers given by hand, and mails that came in."""

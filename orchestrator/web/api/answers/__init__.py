"""What comes back: reading mail, iTIP, TNEF, bounces, responses, inbox and quarantine."""

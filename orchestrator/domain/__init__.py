"""Pure domain: no I/O, no clock, no framework. Time and data come in as arguments."""

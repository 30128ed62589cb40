"""Delegations and their working calendars: public holidays, days off that were entered, new data."""

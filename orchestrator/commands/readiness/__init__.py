"""Readiness of delegations."""

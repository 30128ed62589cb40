"""Claim, lease, ledger."""

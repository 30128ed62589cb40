"""Claim, lease, ledger, sending, retries."""

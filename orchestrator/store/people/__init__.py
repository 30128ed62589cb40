"""Directory, accounts, roles, sessions, and how often something was tried."""

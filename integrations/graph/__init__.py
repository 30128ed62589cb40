"""Microsoft Graph: sign-in, requests, and Teams meetings."""

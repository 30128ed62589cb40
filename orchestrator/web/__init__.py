"""The thin web layer: REST API, console and health checks."""

"""Use cases: one call, one transaction. Nothing here knows Celery, HTTP or a settings file."""

"""Celery: the app, beat's scheduler and the tasks. The only package that imports Celery."""

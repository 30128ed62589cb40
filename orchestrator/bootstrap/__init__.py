"""The one place where settings become adapters and services."""

from orchestrator.bootstrap.adapters import broker_url, celery_broker_url
from orchestrator.bootstrap.addresses import in_url, needs_ipv6, own_address
from orchestrator.bootstrap.container import Container, container
from orchestrator.bootstrap.folders import (
    endpoints_file,
    inbox_folder,
    keep_private,
    make_private,
    outbox_folder,
)
from orchestrator.bootstrap.settings import parse_settings, read_settings, settings_problems
from orchestrator.bootstrap.templates import mail_templates

__all__ = [
    "Container",
    "broker_url",
    "celery_broker_url",
    "container",
    "endpoints_file",
    "in_url",
    "inbox_folder",
    "keep_private",
    "mail_templates",
    "make_private",
    "needs_ipv6",
    "outbox_folder",
    "own_address",
    "parse_settings",
    "read_settings",
    "settings_problems",
]

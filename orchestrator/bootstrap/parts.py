"""What each part of the service has to know, so that no process holds a secret that it does not use.

``all`` is a process that may do anything, such as a command of an administrator. The others are the services
of docker-compose.yml.
"""

from __future__ import annotations

from config.settings import Part, Settings

_EVERY = frozenset({"database_url", "broker_url"})
_WORKER = _EVERY | {"public_url", "link_key"}
"""Any worker may write a letter's links or read a reply's address."""
_GRAPH = frozenset({"graph_tenant_id", "graph_client_id", "graph_client_secret", "graph_organizer"})

NEEDED: dict[Part, frozenset[str]] = {
    "all": _WORKER | _GRAPH | {"api_token", "smtp_host"},
    "migrate": frozenset({"database_url"}),
    "web": _WORKER | {"api_token"},
    "beat": _EVERY,
    "mail": _WORKER | {"smtp_host"},
    "conference": _WORKER | _GRAPH,
    "mailbox": _WORKER,
    "turn": _WORKER,
    "watcher": _EVERY,
}
"""The settings that production must not lack, for each part."""

_TOKEN = frozenset({"graph_tenant_id", "graph_client_id", "graph_client_secret"})
_LOGS_IN_TO_RELAY = frozenset({"all", "mail"})
_LOGS_IN_TO_MAILBOX = frozenset({"all", "mailbox", "watcher"})


def needed(settings: Settings) -> frozenset[str]:
    """Return the settings that this process must not lack in production."""
    relay = settings.smtp_auth == "xoauth2" and logs_in_to_relay(settings)
    mailbox = settings.imap_host and settings.imap_auth == "xoauth2" and logs_in_to_mailbox(settings)
    return NEEDED[settings.part] | (_TOKEN if relay or mailbox else frozenset())


def logs_in_to_relay(settings: Settings) -> bool:
    """Whether this part needs the password of the relay."""
    return settings.part in _LOGS_IN_TO_RELAY


def logs_in_to_mailbox(settings: Settings) -> bool:
    """Whether this part needs the password of the mailbox."""
    return settings.part in _LOGS_IN_TO_MAILBOX

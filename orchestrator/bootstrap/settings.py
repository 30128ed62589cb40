"""Reading the settings of this process, and holding them against each other."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from config.settings import SANDBOX_ORGANIZER, Settings, load_settings
from orchestrator.bootstrap.addresses import address_problems
from orchestrator.bootstrap.exposure import exposure_problems
from orchestrator.bootstrap.graph_settings import graph_problems
from orchestrator.bootstrap.parts import logs_in_to_mailbox, logs_in_to_relay, needed
from orchestrator.domain.problems import problems_of
from orchestrator.errors import ConfigurationError, InvalidInput, Problem
from orchestrator.services.letters.languages import codes_of

_PRODUCTION_ONLY = (
    "smtp_host",
    "smtp_username",
    "smtp_password",
    "imap_host",
    "imap_username",
    "imap_password",
    "graph_tenant_id",
    "graph_client_id",
    "graph_client_secret",
    "graph_organizer",
    "graph_base_url",
    "graph_authority_url",
    "https_proxy",
)


def read_settings() -> Settings:
    """Read and check the settings of this process; raises ``ConfigurationError`` with all problems."""
    settings = parse_settings()
    problems = settings_problems(settings)
    if problems:
        raise ConfigurationError(problems)
    return settings


def parse_settings() -> Settings:
    """Read the settings without holding them against each other; raises ``ConfigurationError``."""
    try:
        return load_settings()
    except ValidationError as error:
        raise ConfigurationError(
            [
                Problem(variable(item.field), item.value, item.message, item.remedy)
                for item in problems_of(error)
            ]
        ) from error


def variable(field: str) -> str:
    """Return the name of the environment variable of a setting."""
    return f"ORCHESTRATOR_{field.upper()}"


def settings_problems(settings: Settings) -> list[Problem]:
    """Return what is missing from the settings and what contradicts what."""
    profile = _sandbox_problems(settings) if settings.sandbox else _production_problems(settings)
    return [
        *profile,
        *exposure_problems(settings),
        *_mail_problems(settings),
        *_language_problems(settings),
        *_lease_problems(settings),
        *_authority_problems(settings.ca_file),
        *address_problems(settings),
        *graph_problems(settings),
    ]


def _sandbox_problems(settings: Settings) -> list[Problem]:
    """The sandbox must never run beside settings that reach real people."""
    given = [name for name in _PRODUCTION_ONLY if getattr(settings, name) is not None]
    if settings.organizer_address != SANDBOX_ORGANIZER:
        given.append("organizer_address")
    return [
        Problem(
            variable(name),
            "",
            "is a production setting, and ORCHESTRATOR_PROFILE is sandbox",
            "Unset it, or set ORCHESTRATOR_PROFILE=production.",
        )
        for name in given
    ]


def _production_problems(settings: Settings) -> list[Problem]:
    missing = [name for name in Settings.model_fields if name in needed(settings)]
    missing = [name for name in missing if not getattr(settings, name)]
    if settings.organizer_address == SANDBOX_ORGANIZER:
        missing.append("organizer_address")
    return [
        Problem(
            variable(name),
            "",
            "is missing; ORCHESTRATOR_PROFILE=production needs it",
            "Set the variable, or mount a secret file of its name in lower case.",
        )
        for name in missing
    ]


def _mail_problems(settings: Settings) -> list[Problem]:
    return [*_mailbox_problems(settings), *_relay_problems(settings)]


def _mailbox_problems(settings: Settings) -> list[Problem]:
    if not settings.imap_host:
        if not (settings.imap_username or settings.imap_password):
            return []
        wrong = "is missing; a name or password for the mailbox is set"
        return [Problem(variable("imap_host"), "", wrong, "Set it too, or take both out.")]
    by_token = settings.imap_auth == "xoauth2"
    problems = _protection_problems("imap", settings.imap_security, "Use tls or starttls.")
    if by_token:
        problems += _token_problems("imap", settings.imap_username, settings.imap_password)
    elif logs_in_to_mailbox(settings) and not (settings.imap_username and settings.imap_password):
        lacking = "imap_password" if settings.imap_username else "imap_username"
        wrong = "is missing; ORCHESTRATOR_IMAP_HOST needs name and password"
        problems.append(Problem(variable(lacking), "", wrong, "Set both."))
    return problems


def _relay_problems(settings: Settings) -> list[Problem]:
    remedy = "Use starttls or tls, or take name and password out."
    if settings.smtp_auth == "xoauth2":
        return [
            *_protection_problems("smtp", settings.smtp_security, remedy),
            *_token_problems("smtp", settings.smtp_username, settings.smtp_password),
        ]
    problems = []
    if logs_in_to_relay(settings) and (settings.smtp_username is None) != (settings.smtp_password is None):
        lacking = "smtp_password" if settings.smtp_username else "smtp_username"
        wrong = "is missing; name and password go together"
        problems.append(Problem(variable(lacking), "", wrong, "Set both, or neither."))
    if settings.smtp_password is not None:
        problems += _protection_problems("smtp", settings.smtp_security, remedy)
    return problems


def _protection_problems(server: str, security: str, remedy: str) -> list[Problem]:
    if security != "plain":
        return []
    wrong = "would send the password unprotected"
    return [Problem(variable(f"{server}_security"), "plain", wrong, remedy)]


def _token_problems(server: str, username: str | None, password: object | None) -> list[Problem]:
    """A token is given for a mailbox, which the name says; a password beside it would be left unused."""
    problems = []
    if not username:
        wrong = f"is missing; ORCHESTRATOR_{server.upper()}_AUTH=xoauth2 needs the address of the mailbox"
        problems.append(
            Problem(variable(f"{server}_username"), "", wrong, "Set it, such as meetings@example.org.")
        )
    if password is not None:
        wrong = f"is not used with ORCHESTRATOR_{server.upper()}_AUTH=xoauth2"
        problems.append(Problem(variable(f"{server}_password"), "", wrong, "Take it out."))
    return problems


def _language_problems(settings: Settings) -> list[Problem]:
    try:
        codes_of(settings.unreviewed_languages)
    except InvalidInput as error:
        return [replace(item, field=variable(item.field)) for item in error.problems]
    return []


def _lease_problems(settings: Settings) -> list[Problem]:
    # A message takes up to nine answers of the relay, a meeting up to three of Graph, opening the mailbox
    # up to five; claims are renewed when a third of them has passed, so the other two thirds must do.
    least = 1.5 * max(9 * settings.smtp_timeout, 3 * settings.graph_timeout, 5 * settings.imap_timeout)
    if settings.lease_seconds >= least:
        return []
    return [
        Problem(
            variable("lease_seconds"),
            str(settings.lease_seconds),
            "is so short that a claim could run out while a server is only slow",
            f"Set at least {least:g}, or shorten the timeouts of SMTP, Graph and IMAP.",
        )
    ]


def _authority_problems(ca_file: Path | None) -> list[Problem]:
    """A file that cannot be used would only show when the first server is reached."""
    if ca_file is None:
        return []
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # Includes a file that holds no certificate.
        return [
            Problem(
                variable("ca_file"),
                str(ca_file),
                f"cannot be used ({error.strerror or 'it holds no certificate'})",
                "Name a file with certificates in PEM form that the service's user may read.",
            )
        ]
    return []

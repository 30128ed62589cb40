"""Holds settings against strangers: secrets that can be guessed or read, addresses open to anybody."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from config.settings import Settings, secrets_folder
from orchestrator.errors import Problem

_LEAST_LENGTH = 32
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)
_MAKE_ONE = "Make one with: openssl rand -hex 32"
_SECRETS_OF_OURS = ("api_token", "link_key")


def exposure_problems(settings: Settings) -> Iterator[Problem]:
    """Yield what would let strangers in; production is held to more than the sandbox."""
    yield from _public_address_problems(settings)
    yield from _host_problems(settings.allowed_hosts)
    yield from _proxy_problems(settings.trusted_proxies)
    if settings.sandbox:
        yield from _listening_problems(settings.host)
        return
    yield from _weak_secrets(settings)
    yield from _readable_secrets(secrets_folder())


def _problem(field: str, value: str, wrong: str, remedy: str) -> Problem:
    return Problem(f"ORCHESTRATOR_{field.upper()}", value, wrong, remedy)


# Secrets


def _weak_secrets(settings: Settings) -> Iterator[Problem]:
    for name in _SECRETS_OF_OURS:
        given = getattr(settings, name)
        wrong = _weakness(given.get_secret_value()) if given else None
        if wrong:
            yield _problem(name, "", wrong, f"{_MAKE_ONE}.")


def _weakness(secret: str) -> str | None:
    """Return why a secret can be guessed or not be used; ``None`` for a good one."""
    if len(secret.strip()) < _LEAST_LENGTH:
        return f"is shorter than {_LEAST_LENGTH} characters, so it could be guessed"
    if not (secret.isascii() and secret.isprintable()):
        return "holds a line break, or a letter that no header carries"
    return None


def _readable_secrets(folder: Path) -> Iterator[Problem]:
    """Yield the files of secrets that others on this machine can read or replace."""
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        name = file.name.lower().removeprefix("orchestrator_")
        if name == file.name.lower() or not _is_secret(name) or not file.is_file():
            continue
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            wrong = f"stands in {file}, which others than its owner may read or write (mode {mode:04o})"
            remedy = f"chmod 400 {file}, and let it belong to the user that the service runs as."
            yield _problem(name, "", wrong, remedy)


def _is_secret(name: str) -> bool:
    field = Settings.model_fields.get(name)
    return field is not None and SecretStr in getattr(field.annotation, "__args__", (field.annotation,))


# Addresses


def _public_address_problems(settings: Settings) -> Iterator[Problem]:
    given = settings.public_url
    if given is None:
        return
    try:
        parts = urlsplit(given)
        host, bare = parts.hostname, not (parts.username or parts.password or parts.query or parts.fragment)
        whole = bool(host) and bare and parts.path in ("", "/") and (parts.port or 1) > 0
    except ValueError:
        host, whole, parts = None, False, urlsplit("")
    name = host or ""
    if not whole or not (_HOST_NAME.fullmatch(name) or _is_address(name)) or "*" in name:
        wrong = "is not the address of a site"
        yield _problem(
            "public_url", "", wrong, "Write scheme and host, such as https://meetings.example.org."
        )
    elif not settings.sandbox and parts.scheme != "https":
        wrong = "is not HTTPS, so links, sessions and the token would be open on the way"
        yield _problem("public_url", given, wrong, "Put a reverse proxy with TLS before the service.")
    elif parts.scheme not in ("http", "https"):
        yield _problem("public_url", given, "is neither http nor https", "Write https://.")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _host_problems(allowed: str) -> Iterator[Problem]:
    for item in filter(None, map(str.strip, allowed.split(","))):
        bare = item.removeprefix("[").removesuffix("]")
        if item == "*" or re.fullmatch(r"\*\.?[^.]*\.?", item):
            wrong = "stands for every host, so any page elsewhere could be pointed at this service"
            yield _problem("allowed_hosts", item, wrong, "Name the hosts, or a domain such as *.example.org.")
        elif not (_HOST_NAME.fullmatch(item) or _is_address(bare)):
            remedy = "Write names without scheme, port or path, separated by commas."
            yield _problem("allowed_hosts", item, "is not the name of a host", remedy)


def _proxy_problems(trusted: str) -> Iterator[Problem]:
    for item in filter(None, map(str.strip, trusted.split(","))):
        try:
            everybody = ip_network(item, strict=False).prefixlen == 0
        except ValueError:
            wrong = "is no address or network"
            yield _problem("trusted_proxies", item, wrong, "Write such as 127.0.0.1 or 172.16.0.0/12.")
            continue
        if everybody:
            wrong = "trusts everybody, who could then say that they come from anywhere"
            yield _problem("trusted_proxies", item, wrong, "Name the proxies alone.")


def _listening_problems(host: str) -> Iterator[Problem]:
    bare = host.strip().removeprefix("[").removesuffix("]")
    loopback = ip_address(bare).is_loopback if _is_address(bare) else bare.lower() == "localhost"
    if not loopback:
        wrong = "is open to other machines, and the sandbox asks nobody to sign in"
        yield _problem("host", host, wrong, "Use 127.0.0.1 or ::1, or set ORCHESTRATOR_PROFILE=production.")

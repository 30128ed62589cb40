"""Where the servers of this installation are: read from URLs and host settings, and checked at the start.

What is wrong with a URL is told without the URL: it may hold a password, of which even a part of a wrongly
written one must not come out in an error or a log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from config.settings import Settings
from orchestrator.errors import ConfigurationError, Problem

_BROKER = "ORCHESTRATOR_BROKER_URL"
_DATABASE = "ORCHESTRATOR_DATABASE_URL"
_BROKER_FORM = "Write it like redis://:password@host:6379/0, rediss://… with TLS, or unix:///run/redis.sock."
_DATABASE_FORM = "Write it like postgresql://user:password@host:5432/database?sslmode=verify-full."
_ENCODE = (
    "In user name and password write @ as %40, : as %3A, / as %2F, # as %23, ? as %3F, [ as %5B, ] as %5D "
    "and % as %25."
)
_NAME = re.compile(r"[\w](?:[\w.-]{0,251}[\w.])?")
_SQLITE = frozenset({"sqlite", "sqlite+pysqlite"})
_POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_OWN_CERTIFICATE = frozenset({"ssl_certfile", "ssl_keyfile"})
_VERIFIED = frozenset({"required", "cert_required"})


class _UnfitError(ValueError):
    """What is wrong with an address, and the remedy, neither of which holds any of it."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.problem = (wrong, remedy)


def in_url(host: str) -> str:
    """Return a host as URLs have it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def own_address(settings: Settings) -> str:
    """Return the address at which people reach the service, as far as the settings know it."""
    return settings.public_url or f"http://{in_url(settings.host)}:{settings.port}"


@dataclass(frozen=True, slots=True)
class Broker:
    """A Redis server, read from the one URL that all its clients are made from."""

    scheme: str
    place: str
    database: int
    username: str = ""
    password: str = field(default="", repr=False)
    certificate: tuple[tuple[str, str], ...] = ()

    def url(self, ca_file: Path | None) -> str:
        """Return the URL for clients of Redis.

        With TLS it says what to verify, because without that some clients would verify nothing.
        """
        if self.scheme == "unix":
            return f"unix://{self._login}{quote(self.place)}?db={self.database}"
        asked = urlencode(self._tls(ca_file))
        return f"{self.scheme}://{self._login}{self.place}/{self.database}{'?' if asked else ''}{asked}"

    def celery_url(self, ca_file: Path | None) -> str:
        """Return the URL for Celery, whose name for a socket in the file system is another."""
        if self.scheme == "unix":
            return f"redis+socket://{self._login}{quote(self.place)}?virtual_host={self.database}"
        return self.url(ca_file)

    @property
    def _login(self) -> str:
        if not (self.username or self.password):
            return ""
        return f"{quote(self.username, safe='')}:{quote(self.password, safe='')}@"

    def _tls(self, ca_file: Path | None) -> dict[str, str]:
        if self.scheme != "rediss":
            return {}
        trusted = {"ssl_ca_certs": str(ca_file)} if ca_file else {}
        return {"ssl_cert_reqs": "required", **trusted, **dict(self.certificate)}


@lru_cache(maxsize=8)
def broker_of(url: str) -> Broker:
    """Read the broker's URL; raises ``ConfigurationError`` that holds nothing of it."""
    try:
        return _broker(_split(url, _BROKER_FORM))
    except _UnfitError as error:
        # The cause is cut off: what it says of the address may be a part of the password.
        raise ConfigurationError([Problem(_BROKER, "", *error.problem)]) from None


def _broker(parts: SplitResult) -> Broker:
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "unix":
        number = query.pop("db", "0")
        _require_known(query, frozenset())
        if not parts.path.startswith("/") or parts.hostname:
            raise _UnfitError("names no socket in the file system", _BROKER_FORM)
        return Broker("unix", unquote(parts.path), _database_number(number), username, password)
    if parts.scheme not in ("redis", "rediss"):
        raise _UnfitError("is no address of a Redis server", _BROKER_FORM)
    _require_verifying(query)
    _require_known(query, _OWN_CERTIFICATE if parts.scheme == "rediss" else frozenset())
    place = f"{in_url(_required_host(parts, _BROKER_FORM))}:{parts.port or 6379}"
    number = unquote(parts.path).strip("/") or "0"
    certificate = tuple(sorted(query.items()))
    return Broker(parts.scheme, place, _database_number(number), username, password, certificate)


def _require_verifying(query: dict[str, str]) -> None:
    """Take out what asks for no more than is done anyway, and refuse what would verify less."""
    remedy = (
        "Leave it out: certificates are verified, against ORCHESTRATOR_CA_FILE too. Use rediss:// for TLS."
    )
    if query.pop("ssl_cert_reqs", "required").lower() not in _VERIFIED:
        raise _UnfitError("must not switch the verifying of certificates off", remedy)
    if query.pop("ssl_check_hostname", "true").lower() not in ("true", "yes", "1"):
        raise _UnfitError("must not switch the verifying of host names off", remedy)
    if query.keys() & {"ssl_ca_certs", "ssl_ca_path", "ssl_ca_data"}:
        raise _UnfitError(
            "names certificate authorities of its own", "Name them in ORCHESTRATOR_CA_FILE instead."
        )


def _require_known(query: dict[str, str], known: frozenset[str]) -> None:
    if query.keys() - known:
        raise _UnfitError("has a parameter after '?' that is not known here", f"{_BROKER_FORM} {_ENCODE}")


def _database_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise _UnfitError("does not end in the number of a database, such as /0", f"{_BROKER_FORM} {_ENCODE}")
    return int(text)


def _split(url: str, form: str) -> SplitResult:
    """Take a URL apart; what urllib says of a wrong one may be a part of the password."""
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        raise _UnfitError("holds a space or a character that cannot be printed", _ENCODE)
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        raise _UnfitError("cannot be read as a URL", f"{form} {_ENCODE}") from None
    if not parts.scheme or "://" not in url:
        raise _UnfitError("is no URL", form)
    if parts.fragment or url.endswith("#"):
        raise _UnfitError("holds a '#'", _ENCODE)
    return parts


def _required_host(parts: SplitResult, form: str) -> str:
    host = parts.hostname or ""
    if not _is_host(host):
        raise _UnfitError("names no host that can be read", f"{form} {_ENCODE}")
    return host


def _is_host(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return _NAME.fullmatch(host) is not None


def address_problems(settings: Settings) -> list[Problem]:
    """Return what is wrong with where broker, database, mail servers and the web process are."""
    return [*_broker_problems(settings), *_database_problems(settings), *_host_problems(settings)]


def _broker_problems(settings: Settings) -> list[Problem]:
    if settings.broker_url is None:
        return []
    try:
        broker_of(settings.broker_url.get_secret_value())
    except ConfigurationError as error:
        return list(error.problems)
    return []


def _database_problems(settings: Settings) -> list[Problem]:
    if settings.database_url is None:
        return []
    try:
        _check_database(settings.database_url.get_secret_value())
    except _UnfitError as error:
        return [Problem(_DATABASE, "", *error.problem)]
    return []


def _check_database(url: str) -> None:
    scheme = url.partition(":")[0]
    if scheme in _SQLITE:
        if not url.startswith(f"{scheme}:///") or any(not sign.isprintable() for sign in url):
            raise _UnfitError(
                "names no file", "Write it like sqlite:////var/lib/orchestrator/orchestrator.db."
            )
        return
    parts = _split(url, _DATABASE_FORM)
    if scheme not in _POSTGRESQL:
        raise _UnfitError("is neither PostgreSQL nor SQLite", _DATABASE_FORM)
    if parts.hostname is not None:
        _required_host(parts, _DATABASE_FORM)
    if not parts.path.strip("/") or "/" in parts.path[1:]:
        raise _UnfitError("does not end in the name of one database", f"{_DATABASE_FORM} {_ENCODE}")
    _check_libpq(dict(parse_qsl(parts.query, keep_blank_values=True)))


def _check_libpq(query: dict[str, str]) -> None:
    # It takes long to import, and only this needs it; what it knows is what the installed library takes.
    from psycopg import pq

    known = {item.keyword.decode() for item in pq.Conninfo.get_defaults()}
    if query.keys() - known:
        raise _UnfitError(
            "has a parameter after '?' that PostgreSQL does not know",
            "TLS is asked for with ?sslmode=verify-full. " + _ENCODE,
        )
    modes = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
    if query.get("sslmode", "prefer") not in modes:
        raise _UnfitError("has an unknown sslmode", f"Use one of {', '.join(modes)}.")


def _host_problems(settings: Settings) -> list[Problem]:
    given = {
        "ORCHESTRATOR_HOST": settings.host,
        "ORCHESTRATOR_SMTP_HOST": settings.smtp_host,
        "ORCHESTRATOR_IMAP_HOST": settings.imap_host,
    }
    return [
        Problem(
            name,
            host if "@" not in host else "",
            "is not the name or address of a host",
            "Write the name or address alone, such as mail.example.org, 192.0.2.7 or 2001:db8::7; the port "
            "has a setting of its own.",
        )
        for name, host in given.items()
        if host is not None and not _is_host(host)
    ]


def needs_ipv6(host: str) -> bool:
    """Whether what listens on ``host`` needs a socket of IPv6."""
    try:
        return isinstance(ip_address(host), IPv6Address)
    except ValueError:
        return False

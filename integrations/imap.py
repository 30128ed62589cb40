"""A mailbox over IMAP (RFC 3501) with IMAPClient.

A mail is known by UIDVALIDITY and UID, which a server never gives to another mail of the same folder
(RFC 3501 §2.3.1.1). What this module does not trust is said where it matters: sizes that servers only
estimate, announcements that hide in a buffer, and a mail that the server itself cannot read.
"""

from __future__ import annotations

import imaplib
import logging
import re
import selectors
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from imapclient import SEEN, IMAPClient
from imapclient.exceptions import CapabilityError, LoginError

from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure
from orchestrator.ports import IncomingMail, Tray

logger = logging.getLogger(__name__)

Security = Literal["tls", "starttls", "plain"]

_TROUBLE = (imaplib.IMAP4.error, OSError, ValueError, LookupError, TypeError, AttributeError)
"""What the client raises: its own errors, those of the network, and whatever a broken answer leads to."""
_LOST = (imaplib.IMAP4.abort, OSError)
"""Those after which the connection is of no more use."""

_LATER = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"})
"""Response codes (RFC 5530) of a refusal that passes by itself."""
_NEVER = frozenset({"NOPERM", "NONEXISTENT", "CANNOT"})
"""Response codes of a refusal that lasts until a person changes something."""
_LONGEST_ANSWER = 500

_WINDOW = 10_000
"""Mails searched at a time: the client gives up on an answer of more than a million bytes."""
_LISTED = 500
"""UIDs in one command, which keeps it well below the 8000 bytes that servers accept (RFC 2683 §3.2.1.5)."""
_TOGETHER = 50
"""Mails fetched in one round trip."""
_BYTES_TOGETHER = 8 * 1024 * 1024
"""Bytes fetched in one round trip, unless one mail alone has more: all of them are in memory at once."""
_RECONNECTS = 20
"""How often a session connects again; finding one mail among five hundred takes ten."""

_FIRST_IDLE_SECONDS = 1.0
_LONGEST_IDLE_SECONDS = 25 * 60.0
"""Servers end a connection that idles for 30 minutes (RFC 2177)."""
_POLL_SECONDS = 10.0
"""How often a server without IDLE is asked."""
_PAUSE_SECONDS = 5.0
"""How long to wait after trouble before connecting again."""
_NOTICE_SECONDS = 0.25
"""How long ``close`` may go unnoticed."""


class ImapMailbox:
    """``ports.Mailbox`` over one folder of one account.

    ``security`` is ``tls`` (TLS from the first byte), ``starttls`` (required: never falls back to plain
    text) or ``plain``. ``timeout`` is in seconds and holds for each step. ``ca_file`` replaces the
    system's certificate authorities. ``processed`` and ``quarantine`` are made when they are missing;
    ``folder`` is not, because a mistyped one would stay empty for ever. A ``/`` in a name stands for
    the server's own delimiter.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: Security,
        username: str,
        password: str,
        folder: str = "INBOX",
        processed: str = "Processed",
        quarantine: str = "Quarantine",
        timeout: float = 20.0,
        ca_file: Path | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._timeout = timeout
        self._ca_file = ca_file
        self.folder = folder
        self.trays = {Tray.PROCESSED: processed, Tray.QUARANTINE: quarantine}
        self._watch = _Watch(self)
        self._paths: dict[str, str] = {}
        self._found: set[str] = set()

    @property
    def name(self) -> str:
        """What the mailbox is called in records."""
        return f"imap:{self._username}@{self._host}/{self.folder}"

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self._host}:{self._port}"

    @contextmanager
    def session(self) -> Iterator[ImapSession]:
        """Connect, log in and open the folder; say goodbye at the end."""
        session = ImapSession(self, self.connect())
        try:
            session.open()
            yield session
        finally:
            session.close()

    def wait(self, seconds: float) -> bool:
        """Sleep until mail may have arrived since the last call; the first call counts all as new.

        It keeps a connection of its own from call to call; ``close`` ends it.
        """
        return self._watch.wait(seconds)

    def close(self) -> None:
        """End the call of ``wait`` that runs, or else make the next one end at once; hang up.

        May be called from any thread and from a signal handler. A ``wait`` that is just connecting
        ends when that has ended, after ``timeout`` at the latest.
        """
        self._watch.close()

    def check(self) -> str:
        """Connect, log in and find the folders; return what was found."""
        protection = "without encryption" if self._security == "plain" else "over TLS"
        with self.session() as session:
            count = session.count
            idle, move = (_yes(session.can(capability)) for capability in ("IDLE", "MOVE"))
        mails = f"{count} {'mail' if count == 1 else 'mails'}"
        return f"{self.place} {protection}, {self.folder} holds {mails}, IDLE {idle}, MOVE {move}."

    def connect(self) -> Any:
        """Return a protected and logged-in client. Raises ``TransientFailure`` or ``PermanentFailure``."""
        client = self._open()
        try:
            if self._security == "starttls":
                self._start_tls(client)
            self._log_in(client)
        except BaseException:
            _hang_up(client)
            raise
        return client

    def path(self, client: Any, name: str) -> str:
        """Return a folder's name as this server writes it: its prefix (RFC 2342) and its delimiter."""
        if name.upper() == "INBOX":
            return "INBOX"
        if name not in self._paths:
            delimiter, own, foreign = _namespaces(client)
            path = name.replace("/", delimiter)
            placed = any(path.upper().startswith(prefix.upper()) for prefix in (own, *foreign))
            self._paths[name] = path if placed else own + path
        return self._paths[name]

    def ensure(self, client: Any, path: str) -> None:
        """Make a folder exist, once for as long as this object lives. Raises ``DeliveryError``."""
        if path in self._found:
            return
        try:
            if not _exists(client, path):
                _make(client, path)
        except _LOST:
            raise
        except imaplib.IMAP4.error as error:
            raise self._unmade(path, error) from error
        self._found.add(path)

    def forget(self, path: str) -> None:
        """Look for a folder again the next time it is needed."""
        self._found.discard(path)

    def failure(self, error: BaseException) -> DeliveryError:
        """Return what to tell the caller about an error of the client."""
        if isinstance(error, DeliveryError):
            return error
        reason = self._words(error)
        if isinstance(error, imaplib.IMAP4.readonly):
            return self.closed_folder("it may only be read")
        if isinstance(error, _LOST):
            return self._unavailable(reason)
        if isinstance(error, imaplib.IMAP4.error):
            if _code(reason) == "OVERQUOTA":
                return self._full(reason)
            if _code(reason) in _NEVER:
                return self.closed_folder(reason)
            return TransientFailure(f"The mailbox server {self.place} refused: {reason}", answer=reason)
        return TransientFailure(
            f"The mailbox server {self.place} gave an answer that cannot be understood "
            f"({type(error).__name__}).",
            code="imap-answer",
        )

    def _open(self) -> Any:
        context = self._context() if self._security == "tls" else None
        try:
            client = IMAPClient(
                self._host,
                self._port,
                ssl=context is not None,
                ssl_context=context,
                timeout=self._timeout,
            )
        except ssl.SSLError as error:
            raise self._unprotected(error) from error
        except _TROUBLE as error:
            # Includes a server that greets with BYE because it is busy.
            raise self._unavailable(self._words(error)) from error
        client.normalise_times = False  # Times keep their offset instead of taking that of this machine.
        return client

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._ca_file)
        except OSError as error:  # Includes a file that holds no certificate.
            raise PermanentFailure(
                f"The certificate authorities in {self._ca_file} cannot be read: {_reason(error)}. "
                "Correct the file.",
                code="imap-tls",
            ) from error

    def _start_tls(self, client: Any) -> None:
        context = self._context()
        try:
            client.starttls(context)
        except CapabilityError:
            raise self._unprotected("the server does not offer STARTTLS") from None
        except ssl.SSLError as error:
            raise self._unprotected(error) from error
        except _LOST as error:
            raise self._unavailable(self._words(error)) from error
        except _TROUBLE as error:
            # A server that takes us for logged in already, or says no: nothing may be sent to it.
            raise self._unprotected(self._words(error)) from error

    def _log_in(self, client: Any) -> None:
        # Causes are cut off (``from None``): some carry the password, such as one that is not ASCII.
        try:
            if client.has_capability("AUTH=PLAIN"):
                client.plain_login(self._username, self._password)
            elif client.has_capability("LOGINDISABLED"):
                raise self._password_unwanted()
            else:
                client.login(_astring(self._username), self._password)
        except LoginError as error:
            raise self._login_failure(error) from None
        except UnicodeError:
            raise self._login_refused("it does not take a name or password beyond ASCII") from None
        except _TROUBLE as error:
            raise self._unavailable(self._words(error)) from None

    def _password_unwanted(self) -> DeliveryError:
        if self._security == "plain":
            return self._unprotected("the server takes no password without encryption")
        return self._login_refused("the server takes no passwords at all")

    def _login_failure(self, error: LoginError) -> DeliveryError:
        # The client makes one error of everything; what it was made from says whether it was a no.
        reason = self._words(error)
        if isinstance(error.__context__, _LOST) or _code(reason) in _LATER:
            return self._unavailable(reason)
        return self._login_refused(reason)

    def _words(self, error: BaseException) -> str:
        """Return an error as one line that is safe to print and store."""
        reason = _reason(error)
        if self._password:
            # Some servers repeat the command that they did not understand.
            reason = reason.replace(self._password, "***")
        return _one_line(reason)

    def _unavailable(self, reason: str) -> TransientFailure:
        return TransientFailure(f"The mailbox server {self.place} is not available: {reason}", answer=reason)

    def _unprotected(self, cause: ssl.SSLError | str) -> DeliveryError:
        reason = cause if isinstance(cause, str) else self._words(cause)
        if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
            return self._unavailable(reason)
        return PermanentFailure(
            f"The connection to the mailbox server {self.place} cannot be protected: {reason}. Answers wait "
            "until its certificate, or ORCHESTRATOR_IMAP_SECURITY and ORCHESTRATOR_IMAP_PORT, are right.",
            code="imap-tls",
            answer=reason,
        )

    def _login_refused(self, reason: str) -> PermanentFailure:
        return PermanentFailure(
            f"The mailbox server {self.place} refused the login: {reason}. Answers wait until "
            "ORCHESTRATOR_IMAP_USERNAME and ORCHESTRATOR_IMAP_PASSWORD are right.",
            code="imap-login",
            answer=reason,
        )

    def closed_folder(self, reason: str) -> PermanentFailure:
        """Return what to tell when the folder cannot be opened or changed."""
        return PermanentFailure(
            f"The mailbox server {self.place} does not let the folder {self.folder} be worked on: {reason}. "
            f"Correct ORCHESTRATOR_IMAP_FOLDER, or let {self._username} read and change it.",
            code="imap-folder",
            answer=reason,
        )

    def _full(self, reason: str) -> PermanentFailure:
        return PermanentFailure(
            f"The mailbox of {self._username} at {self.place} is full: {reason}. Make room in it.",
            code="imap-full",
            answer=reason,
        )

    def _unmade(self, path: str, error: imaplib.IMAP4.error) -> DeliveryError:
        reason = self._words(error)
        if _code(reason) in _LATER:
            return self._unavailable(reason)
        return PermanentFailure(
            f"The mailbox server {self.place} does not let the folder {path} be made: {reason}. Make it by "
            f"hand, or let {self._username} make folders, or correct ORCHESTRATOR_IMAP_PROCESSED and "
            "ORCHESTRATOR_IMAP_QUARANTINE.",
            code="imap-folder",
            answer=reason,
        )


class ImapSession:
    """``ports.MailboxSession`` over one connection."""

    def __init__(self, mailbox: ImapMailbox, client: Any) -> None:
        self._mailbox = mailbox
        self._client = client
        self._path = ""
        self._validity = 0
        self._trays: dict[Tray, str] = {}
        self._lost = False
        self._reconnects = _RECONNECTS
        self.count = 0
        """How many mails the folder held when it was last looked at."""

    def open(self) -> None:
        """Open the folder and find the trays."""
        with self._asking():
            self._select()
            for tray, name in self._mailbox.trays.items():
                self._trays[tray] = self._mailbox.path(self._client, name)
                if self._trays[tray] == self._path:
                    # Mail put away would come round again for ever.
                    raise self._mailbox.closed_folder(f"mail that is {tray} would stay in it")
                self._mailbox.ensure(self._client, self._trays[tray])

    def close(self) -> None:
        """Say goodbye, unless nobody is listening any more, and hang up. Never raises."""
        if not self._lost:
            with suppress(*_TROUBLE):
                self._client.logout()
        _hang_up(self._client)

    def can(self, capability: str) -> bool:
        """Say whether the server knows an extension."""
        with self._asking():
            return bool(self._client.has_capability(capability))

    def waiting(self, limit: int) -> list[str]:
        """Return the keys of the oldest mails that nobody has marked as deleted.

        Numbers within the folder, unlike UIDs, have no gaps, so a window of them bounds the answer.
        """
        found: list[int] = []
        with self._asking():
            self._select()
            for first in range(1, self.count + 1, _WINDOW):
                last = min(first + _WINDOW - 1, self.count)
                found += sorted(self._client.search([f"{first}:{last}", "UNDELETED"]))
                if len(found) >= limit:
                    break
        return [self._key(uid) for uid in found[:limit]]

    def read(self, keys: Sequence[str], largest: int) -> Iterator[IncomingMail]:
        """Read mails without marking them, each at most its first ``largest`` bytes.

        A mail that the server has but cannot hand out comes last, without content, so that it can be
        put aside and blocks no other. When the server hands out none at all, that is its own trouble.
        """
        unreadable: list[IncomingMail] = []
        handed_out = False
        for uids in _chunks(self._uids(keys), _LISTED):
            facts = self._fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
            for group in _groups(facts, largest):
                for mail in self._mails(group, facts, largest):
                    if mail.content or not mail.size:
                        handed_out = True
                        yield mail
                    else:
                        unreadable.append(mail)
        if unreadable and not handed_out:
            raise TransientFailure(
                f"The mailbox server {self._mailbox.place} hands out none of the {len(unreadable)} mails "
                f"asked for. Look at its log, or at {self._mailbox.folder} with a mail program.",
                code="imap-unreadable",
            )
        yield from unreadable

    def put_away(self, keys: Sequence[str], tray: Tray) -> None:
        """Mark mails as seen and move them to a tray."""
        for uids in _chunks(self._uids(keys), _LISTED):
            with self._asking():
                self._client.add_flags(uids, [SEEN], silent=True)
                self._move(uids, self._trays[tray])

    def _move(self, uids: list[int], path: str) -> None:
        try:
            self._move_to(uids, path)
        except imaplib.IMAP4.error as error:
            if "[TRYCREATE]" not in str(error).upper():
                raise
            # Somebody removed the tray meanwhile.
            self._mailbox.forget(path)
            self._mailbox.ensure(self._client, path)
            self._move_to(uids, path)

    def _move_to(self, uids: list[int], path: str) -> None:
        """Move with MOVE (RFC 6851), or copy and remove. A mail copied twice is known by its content."""
        if self._client.has_capability("MOVE"):
            self._client.move(uids, path)
            return
        self._client.copy(uids, path)
        self._client.delete_messages(uids, silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
        else:
            # This removes what others have marked as deleted too; such servers know no other way.
            self._client.expunge()

    def _select(self) -> None:
        self._path = self._mailbox.path(self._client, self._mailbox.folder)
        try:
            found = self._client.select_folder(self._path)
        except _LOST:
            raise
        except imaplib.IMAP4.error as error:
            failure = self._mailbox.failure(error)
            if _code(failure.answer) in _LATER:
                raise failure from error
            raise self._mailbox.closed_folder(failure.answer) from error
        self._validity, self.count = int(found[b"UIDVALIDITY"]), int(found[b"EXISTS"])

    def _key(self, uid: int) -> str:
        return f"{self._validity}:{uid}"

    def _uids(self, keys: Sequence[str]) -> list[int]:
        """Return the UIDs of keys; those of another UIDVALIDITY name mails that are gone."""
        parts = (key.partition(":") for key in dict.fromkeys(keys))
        return [int(uid) for validity, _, uid in parts if validity == str(self._validity) and uid.isdecimal()]

    def _mails(
        self, uids: list[int], facts: dict[int, dict[bytes, Any]], largest: int
    ) -> Iterator[IncomingMail]:
        # One byte more than wanted shows whether there is more. The size that the server names cannot,
        # for some, such as Exchange, only estimate it.
        bodies = self._fetch(uids, [f"BODY.PEEK[]<0.{largest + 1}>"])
        for uid, body in bodies.items():
            if body and not _names_content(body):
                continue  # Only flags that changed, of a mail that has gone or has another number.
            content = _content(body)
            yield IncomingMail(
                key=self._key(uid),
                received_at=_instant(facts[uid].get(b"INTERNALDATE")),
                size=_true_size(content, _size(facts[uid]), largest),
                content=(content or b"")[:largest],
            )

    def _fetch(self, uids: list[int], items: list[str]) -> dict[int, dict[bytes, Any]]:
        """Fetch items of mails; those gone are left out, those the server refuses have no items.

        One mail that is refused, or comes in a form that cannot be read, spoils the answer for all, so
        it is looked for by halves. Over a mail that it cannot read, Dovecot even hangs up.
        """
        with self._asking():
            try:
                found: dict[int, dict[bytes, Any]] = self._client.fetch(uids, items)
            except OSError:
                raise
            except imaplib.IMAP4.abort as error:
                self._connect_again(error)
            except _TROUBLE as error:
                if _code(str(error)) in _LATER - {"SERVERBUG"}:
                    raise
            else:
                return found
        logger.debug("The mailbox server did not hand out %d mails.", len(uids))
        if len(uids) == 1:
            return {uids[0]: {}}
        middle = len(uids) // 2
        return self._fetch(uids[:middle], items) | self._fetch(uids[middle:], items)

    def _connect_again(self, error: imaplib.IMAP4.abort) -> None:
        """Connect after the server hung up; raise ``error`` when it does so again and again."""
        if not self._reconnects:
            raise error
        self._reconnects -= 1
        _hang_up(self._client)
        self._client = self._mailbox.connect()
        validity = self._validity
        self._select()
        if self._validity != validity:
            raise error

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Report the client's errors as ours."""
        try:
            yield
        except _TROUBLE as error:
            self._lost = isinstance(error, _LOST)
            raise self._mailbox.failure(error) from error


class _Watch:
    """Notices mail over a connection of its own.

    A folder's UIDNEXT rises whenever mail arrives (RFC 3501 §2.3.1.1). So whatever IDLE tells is only a
    reason to look at it, and what arrived while nobody was connected shows as well.
    """

    def __init__(self, mailbox: ImapMailbox) -> None:
        self._mailbox = mailbox
        self._client: Any = None
        self._known: tuple[int, int] | None = None
        self._stop = threading.Event()
        self._busy = threading.Lock()

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        with self._busy:
            arrived = self._until(deadline)
            if self._stop.is_set() and not arrived:
                self._drop()
                self._stop.clear()
        if self._stop.is_set():
            # ``close`` came while the lock was held, so it could not hang up itself.
            self.close()
        return arrived

    def close(self) -> None:
        # Waiting for the lock here would block a signal handler for ever.
        self._stop.set()
        if self._busy.acquire(blocking=False):
            try:
                self._drop()
            finally:
                self._busy.release()

    def _until(self, deadline: float) -> bool:
        period = _FIRST_IDLE_SECONDS
        while not self._stop.is_set():
            try:
                if self._mail_arrived():
                    return True
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._rest(min(left, period))
            except (DeliveryError, *_TROUBLE) as error:
                self._sit_out(error, deadline)
                if time.monotonic() >= deadline:
                    return False
            # An announcement may lie in a buffer, unseen, when it came in one piece with the answer to
            # IDLE. Leaving IDLE brings it to light, so the first stays are short.
            period = min(2 * period, _LONGEST_IDLE_SECONDS)
        return False

    def _mail_arrived(self) -> bool:
        state, count = self._look()
        arrived = state != self._known if self._known else count > 0
        self._known = state
        return arrived

    def _look(self) -> tuple[tuple[int, int], int]:
        """Return UIDVALIDITY and UIDNEXT, and the number of mails; connect where that is needed."""
        if self._client is not None:
            try:
                return self._state(self._client)
            except _TROUBLE:
                # Kept from an earlier call and closed since, as a server may do with an idle connection.
                self._drop()
        self._client = self._mailbox.connect()
        return self._state(self._client)

    def _state(self, client: Any) -> tuple[tuple[int, int], int]:
        found = client.select_folder(self._mailbox.path(client, self._mailbox.folder), readonly=True)
        count = int(found[b"EXISTS"])
        return (int(found[b"UIDVALIDITY"]), int(found.get(b"UIDNEXT", count))), count

    def _rest(self, seconds: float) -> None:
        """Return once the server says something, ``seconds`` are over, or ``close`` was called."""
        if not self._client.has_capability("IDLE"):
            self._stop.wait(min(seconds, _POLL_SECONDS))
            return
        self._client.idle()
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._client.socket(), selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0 and not self._stop.is_set():
                if selector.select(min(left, _NOTICE_SECONDS)):
                    break
        if not self._stop.is_set():
            # This reads all that was said, and raises when the connection has ended.
            self._client.idle_done()

    def _sit_out(self, error: BaseException, deadline: float) -> None:
        """Hang up and sleep: until the end when only a person can help, else for a little while."""
        self._drop()
        failure = self._mailbox.failure(error)
        logger.debug("Not watching the mailbox for now: %s", failure.code)
        left = max(0.0, deadline - time.monotonic())
        self._stop.wait(min(left, _PAUSE_SECONDS) if failure.retryable else left)

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            _hang_up(client)


def _hang_up(client: Any) -> None:
    """Close a connection, whatever state it is in."""
    with suppress(*_TROUBLE):
        client.shutdown()


def _namespaces(client: Any) -> tuple[str, str, list[str]]:
    """Return the delimiter, the prefix of one's own folders, and those of others' folders (RFC 2342)."""
    if client.has_capability("NAMESPACE"):
        spaces = client.namespace()
        foreign = [prefix for prefix, _ in (*(spaces.other or ()), *(spaces.shared or ())) if prefix]
        for prefix, delimiter in spaces.personal or ():
            return delimiter or "/", prefix, foreign
    for _, delimiter, _ in client.list_folders("", ""):
        return delimiter.decode("ascii") if delimiter else "/", "", []
    return "/", "", []


def _exists(client: Any, path: str) -> bool:
    try:
        client.folder_status(path, ["UIDVALIDITY"])
    except _LOST:
        raise
    except imaplib.IMAP4.error:
        return False
    return True


def _make(client: Any, path: str) -> None:
    try:
        client.create_folder(path)
    except imaplib.IMAP4.error as error:
        if "[ALREADYEXISTS]" not in str(error).upper():
            raise
    # Mail programs show only what is subscribed to; a server without subscriptions loses nothing.
    with suppress(imaplib.IMAP4.error):
        client.subscribe_folder(path)


def _groups(facts: dict[int, dict[bytes, Any]], largest: int) -> Iterator[list[int]]:
    """Split mails into groups that are small enough to be in memory together."""
    group: list[int] = []
    total = 0
    for uid, fact in facts.items():
        size = min(_size(fact), largest)
        if group and (len(group) == _TOGETHER or total + size > _BYTES_TOGETHER):
            yield group
            group, total = [], 0
        group.append(uid)
        total += size
    if group:
        yield group


def _chunks(items: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _size(fact: dict[bytes, Any]) -> int:
    size = fact.get(b"RFC822.SIZE")
    return size if isinstance(size, int) else 0


def _names_content(fact: dict[bytes, Any]) -> bool:
    return any(name.startswith(b"BODY[]") for name in fact)


def _content(fact: dict[bytes, Any]) -> bytes | None:
    """Return the content, which some servers name without the part that was asked for, or None."""
    for name, value in fact.items():
        if name.startswith(b"BODY[]") and isinstance(value, bytes):
            return value
    return None


def _true_size(content: bytes | None, named: int, largest: int) -> int:
    """Return the size of a mail of which one byte more than ``largest`` was asked for."""
    if content is None:
        return max(named, 1)
    return max(named, len(content)) if len(content) > largest else len(content)


def _instant(received: datetime | None) -> datetime:
    """Return when a mail came, in UTC; a server that does not know must have got it by now."""
    if received is None or received.tzinfo is None:
        return datetime.now(UTC)
    return received.astimezone(UTC)


def _astring(name: str) -> str:
    """Return a name as LOGIN takes it; the client quotes the password only."""
    if re.fullmatch(r"[A-Za-z0-9@._+=-]+", name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reason(error: BaseException) -> str:
    """Return what an error says, without the client's wrapping around it."""
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if "EOF" in text or "unterminated line" in text:
        return "the server closed the connection"
    text = re.sub(r"^command: \S+ => |^\w+ failed: ", "", text)
    return re.sub(r"\bb(['\"])(.*)\1", r"\2", text) or type(error).__name__


def _one_line(words: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:_LONGEST_ANSWER]


def _code(answer: str) -> str:
    """Return the response code of an answer (RFC 3501 §7.1), or nothing."""
    found = re.search(r"\[([A-Z-]+)[\] ]", answer.upper())
    return found[1] if found else ""


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"

"""A mailbox over IMAP (RFC 3501) with IMAPClient.

What this package does not trust is said where it matters: sizes that servers only estimate,
announcements that hide in a buffer, and a mail that the server itself cannot read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.imap.account import ImapAccount, Security
from integrations.imap.session import ImapSession
from integrations.imap.watch import Watch
from orchestrator.facts import Fact
from orchestrator.ports import AccessTokens, Tray


class ImapMailbox:
    """``ports.Mailbox`` over one folder of one account.

    ``security`` is ``tls`` (TLS from the first byte), ``starttls`` (required: never falls back to plain
    text) or ``plain``. ``timeout`` is in seconds and holds for each step. ``ca_file`` holds authorities
    to trust beside the system's. With ``tokens`` one of them is given in place of ``password``.
    ``processed`` and ``quarantine`` are made when they are missing; ``folder`` is not, because a mistyped
    one would stay empty for ever. A ``/`` in a name stands for the server's own delimiter.
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
        tokens: AccessTokens | None = None,
    ) -> None:
        self._host = host
        self._username = username
        self.folder = folder
        self.ca_file = ca_file
        self.tokens = tokens
        self._account = ImapAccount(
            host,
            port,
            security,
            username,
            password,
            folder=folder,
            trays={Tray.PROCESSED: processed, Tray.QUARANTINE: quarantine},
            timeout=timeout,
            ca_file=ca_file,
            tokens=tokens,
        )
        self._watch = Watch(self._account)

    @property
    def name(self) -> str:
        """What the mailbox is called in records."""
        return f"imap:{self._username}@{self._host}/{self.folder}"

    @contextmanager
    def session(self) -> Iterator[ImapSession]:
        """Connect, log in and open the folder; say goodbye at the end. Raises ``DeliveryError``."""
        session = ImapSession(self._account)
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

    def trouble(self) -> Fact | None:
        """Return why ``wait`` cannot watch at present; ``None`` while it can."""
        return self._watch.trouble

    def check(self) -> str:
        """Connect, log in and find the folders; return what was found. Raises ``DeliveryError``."""
        protection = "without encryption" if self._account.security == "plain" else "over TLS"
        with self.session() as session:
            count = session.count
            idle, move = (_yes(session.can(capability)) for capability in ("IDLE", "MOVE"))
        mails = f"{count} {'mail' if count == 1 else 'mails'}"
        place = self._account.failures.place
        return f"{place} {protection}, {self.folder} holds {mails}, IDLE {idle}, MOVE {move}."


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"

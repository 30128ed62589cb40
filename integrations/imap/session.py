"""One connection to a mailbox: listing, reading and putting away mails.

A mail is known by UIDVALIDITY and UID, which a server never gives to another mail of the same folder
(RFC 3501 §2.3.1.1).
"""

from __future__ import annotations

import imaplib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from imapclient import SEEN

from integrations.imap.account import ImapAccount
from integrations.imap.answers import LATER, LOST, TROUBLE, code_of, hang_up
from integrations.imap.fetched import (
    chunks,
    content_of,
    groups,
    instant_of,
    names_content,
    size_of,
    true_size,
)
from orchestrator.errors import TransientFailure
from orchestrator.facts import Fact
from orchestrator.ports import IncomingMail, Tray

logger = logging.getLogger(__name__)
_WINDOW = 10_000
"""Mails searched at a time: the client gives up on an answer of more than a million bytes."""
_LISTED = 500
"""UIDs in one command, which keeps it well below the 8000 bytes that servers accept (RFC 2683 §3.2.1.5)."""
_RECONNECTS = 20
"""How often a session connects again; finding one mail among five hundred takes ten."""


class ImapSession:
    """``ports.MailboxSession`` over one connection."""

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        self._client = account.connect()
        self._path = ""
        self._validity = 0
        self._trays: dict[Tray, str] = {}
        self._lost = False
        self._reconnects = _RECONNECTS
        self.count = 0
        """How many mails the folder held when it was last looked at."""

    def open(self) -> None:
        """Open the folder and find the trays; raises ``DeliveryError``."""
        with self._asking():
            self._select()
            for tray, name in self._account.trays.items():
                self._trays[tray] = self._account.path(self._client, name)
                if self._trays[tray] == self._path:
                    # Mail put away would come round again for ever.
                    raise self._account.failures.closed_folder(f"mail that is {tray} would stay in it")
                self._account.ensure(self._client, self._trays[tray])

    def close(self) -> None:
        """Say goodbye, unless the connection is lost, and hang up. Never raises."""
        if not self._lost:
            with suppress(*TROUBLE):
                self._client.logout()
        hang_up(self._client)

    def can(self, capability: str) -> bool:
        """Say whether the server knows an extension."""
        with self._asking():
            return bool(self._client.has_capability(capability))

    def waiting(self, limit: int) -> list[str]:
        """Return the keys of the oldest mails that are not marked as deleted.

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
        put aside and blocks no other. When the server hands out none at all, that is its own
        trouble: raises ``TransientFailure``.
        """
        unreadable: list[IncomingMail] = []
        handed_out = False
        for uids in chunks(self._uids(keys), _LISTED):
            facts = self._fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
            for group in groups(facts, largest):
                for mail in self._mails(group, facts, largest):
                    if mail.content or not mail.size:
                        handed_out = True
                        yield mail
                    else:
                        unreadable.append(mail)
        if unreadable and not handed_out:
            place = self._account.failures.place
            raise TransientFailure(
                Fact.of(
                    "outside.imap.none-handed-out",
                    place=place,
                    count=len(unreadable),
                    folder=self._account.folder,
                ),
                code="imap-unreadable",
            )
        yield from unreadable

    def put_away(self, keys: Sequence[str], tray: Tray) -> None:
        """Mark mails as seen and move them to a tray."""
        for uids in chunks(self._uids(keys), _LISTED):
            with self._asking():
                self._client.add_flags(uids, [SEEN], silent=True)
                self._move(uids, self._trays[tray])

    def _move(self, uids: list[int], path: str) -> None:
        try:
            self._move_to(uids, path)
        except imaplib.IMAP4.error as error:
            if "[TRYCREATE]" not in str(error).upper():
                raise
            # The tray was removed meanwhile.
            self._account.forget(path)
            self._account.ensure(self._client, path)
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
        self._path = self._account.path(self._client, self._account.folder)
        try:
            found = self._client.select_folder(self._path)
        except LOST:
            raise
        except imaplib.IMAP4.error as error:
            failure = self._account.failures.failure(error)
            if code_of(failure.answer) in LATER:
                raise failure from error
            raise self._account.failures.closed_folder(failure.answer) from error
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
            if body and not names_content(body):
                continue  # Only flags that changed, of a mail that has gone or has another number.
            content = content_of(body)
            yield IncomingMail(
                key=self._key(uid),
                received_at=instant_of(facts[uid].get(b"INTERNALDATE")),
                size=true_size(content, size_of(facts[uid]), largest),
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
            except TROUBLE as error:
                if code_of(str(error)) in LATER - {"SERVERBUG"}:
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
        hang_up(self._client)
        self._client = self._account.connect()
        validity = self._validity
        self._select()
        if self._validity != validity:
            raise error

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Report the client's errors as ours."""
        try:
            yield
        except TROUBLE as error:
            self._lost = isinstance(error, LOST)
            raise self._account.failures.failure(error) from error

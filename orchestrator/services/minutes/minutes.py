"""Attaching minutes to a concluded meeting; distributing them follows by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.lifecycle import require_status
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.minutes.minutes import (
    fits_a_mail,
    media_type_of,
    require_day_of_adoption,
    safe_filename,
)
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.time.zones import local_date, zone
from orchestrator.errors import Conflict
from orchestrator.facts import Fact
from orchestrator.ports import DocumentStore
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.services.timelines.views import Effect
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.minutes import minutes as minutes_store
from orchestrator.store.rows.minutes import DocumentRow, MinutesRow

_SMALL = 256 * 1024
"""Every mail server takes a mail with so small a file, so none is asked."""


class Minutes:
    """The use cases around the minutes of a meeting."""

    def __init__(
        self,
        database: Database,
        changing: Changing,
        documents: DocumentStore,
        *,
        largest: int,
        mail_limit: Callable[[], int | None] = lambda: None,
    ) -> None:
        """``largest`` is the greatest size of a file, in bytes.

        ``mail_limit`` returns that of a mail, or ``None`` when nobody knows it; it asks the mail server.
        """
        self._database = database
        self._changing = changing
        self._documents = documents
        self._largest = largest
        self._mail_limit = mail_limit

    def attach(
        self, name: str, filename: str, content: bytes, *, caller: Caller, dry_run: bool = False
    ) -> Effect:
        """Attach the next version of the minutes and plan its distribution to all who were invited.

        A dry run keeps nothing. Raises ``InvalidInput`` for a file that minutes cannot be, ``Conflict``
        before the meeting is concluded, and ``NotFound`` for a meeting that does not exist.
        """
        filename = safe_filename(filename)
        media_type = media_type_of(filename, content, self._largest)
        # Before it is kept: a mail that is too large would fail for each recipient, when nobody looks.
        if len(content) > _SMALL:
            fits_a_mail(filename, len(content), self._mail_limit())
        # The document goes first: kept without a record it harms nobody, a record without it would.
        digest = "" if dry_run else self._documents.put(content)

        def command(_: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            require_status(meeting, Fact.of("minutes.doing.given-minutes"), MeetingStatus.CONCLUDED)
            document = DocumentRow(digest=digest, filename=filename, media_type=media_type, size=len(content))
            version = meeting.minutes_version + 1

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                minutes_store.add(session, stored.id, document, now)

            return MeetingChange(
                replace(meeting, minutes_version=version, minutes_at=now),
                Fact.of("minutes.history.attached"),
                Fact.of("minutes.version-of-file", version=version, file=filename),
                write,
            )

        return self._changing.change(name, command, caller=caller, dry_run=dry_run)

    def adopt(self, name: str, version: int, on: date | None, *, caller: Caller) -> None:
        """Mark a version as adopted on a day, or without a day as a draft after all; nobody is told by this.

        Raises ``InvalidInput`` for a day before the meeting or to come, ``Conflict`` where a later version is
        adopted already, and ``NotFound`` for a meeting or a version that does not exist.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            stands = minutes_store.version_of(session, meeting.id, version).adopted_on
            if stands == on:
                return None
            if on is not None:
                require_day_of_adoption(on, meeting.wall_start.date(), local_date(now, zone(meeting.zone)))
                _require_newest(version, minutes_store.of_meeting(session, meeting.id))

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                minutes_store.adopt(session, stored.id, version, on, caller.actor.name, now)

            key = "minutes.history.adopted" if on else "minutes.history.draft-again"
            detail = (
                Fact.of("minutes.version-adopted", version=version, on=on)
                if on
                else Fact.of("minutes.version", version=version)
            )
            return MeetingChange(meeting, Fact.of(key), detail, write, saves=False)

        self._changing.change(name, command, caller=caller)

    def content(self, name: str, version: int) -> tuple[str, str, bytes]:
        """Return file name, media type and content of one version.

        Raises ``NotFound`` for a meeting or a version that does not exist.
        """
        with self._database.reading() as session:
            document = minutes_store.document_of(session, store.find_id(session, name), version)
        return document.filename, document.media_type, self._documents.get(document.digest)


def _require_newest(version: int, all_versions: Sequence[MinutesRow]) -> None:
    """Raise ``Conflict`` where a later version is adopted: it took the place of the ones before it."""
    later = next((row.version for row in all_versions if row.version > version and row.adopted_on), None)
    if later is not None:
        raise Conflict(Fact.of("minutes.later-adopted", version=version, later=later), code="later-adopted")

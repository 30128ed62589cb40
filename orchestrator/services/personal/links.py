"""Personal links in the hands of a coordinator: handing one over, closing one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact
from orchestrator.services.people.links import Links
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.personal import feeds
from orchestrator.store.personal import links as link_store


class PersonalLinks:
    """The use cases of a coordinator around personal links."""

    def __init__(self, database: Database, changing: Changing, links: Links) -> None:
        self._database = database
        self._changing = changing
        self._links = links

    def link_of(self, name: str, email: str) -> str:
        """Return the address of an attendee's page, to hand over.

        Raises ``NotFound`` for an address that was never invited, and ``Conflict`` before there is a page:
        the meeting is neither published nor has it an open date poll.
        """
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
        return self._links.page(_rows_of(meeting, email)[-1])

    def revoke(self, name: str, email: str, *, caller: Caller) -> str:
        """Close an attendee's page under its present address and return the new one; later mails carry it.

        The person's calendar feed closes with it, because the page shows its address. Raises as ``link_of``
        does.
        """
        renewed: list[Attendee] = []

        def command(_: Session, meeting: Meeting, now: datetime) -> MeetingChange:
            rows = _rows_of(meeting, email)
            # Links of an earlier time in the meeting lead to the same page, so they close with it.
            version, ids = max(item.link_version for item in rows) + 1, {item.id for item in rows}
            renewed.append(replace(rows[-1], link_version=version))

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                link_store.set_version(session, ids, version)
                feeds.close(session, rows[-1].address)

            revoked = Fact.of("personal.history.link-revoked")
            return MeetingChange(meeting, revoked, rows[-1].name, write=write, saves=False)

        self._changing.change(name, command, caller=caller)
        return self._links.page(renewed[-1])


def _rows_of(meeting: Meeting, email: str) -> tuple[Attendee, ...]:
    """Return the rows of one person, oldest first; raises as ``PersonalLinks.link_of`` does."""
    if meeting.uid is None and meeting.date_poll is None:
        raise Conflict(Fact.of("personal.no-links-yet", reference=meeting.reference))
    rows = meeting.called(email)
    if not rows:
        raise NotFound(Fact.of("personal.not-an-attendee", email=email, reference=meeting.reference))
    return rows

"""Noting which delegations were in a meeting, once it has begun."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.lifecycle import require_status
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.readiness.attendance import Attendance, Presence, complete
from orchestrator.errors import Conflict
from orchestrator.facts import Fact, listed
from orchestrator.services.answers.recording import cut
from orchestrator.services.readiness.contributions import invited
from orchestrator.services.readiness.views import at_host
from orchestrator.services.timelines.changing import Changing, MeetingChange
from orchestrator.store.engine import Database
from orchestrator.store.meetings import meetings as store
from orchestrator.store.readiness import attendance as attendance_store


class AttendanceBook:
    """Who was there, by delegation. Nobody is told by noting it."""

    def __init__(self, database: Database, directory: Directory, changing: Changing) -> None:
        self._database = database
        self._directory = directory
        self._changing = changing

    def of(self, name: str) -> tuple[Attendance, ...]:
        """Return how it stands for each delegation, in protocol order; raises ``NotFound``."""
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
            noted = attendance_store.of_meeting(session, meeting.id)
        return complete(sorted(meeting.delegations, key=self._directory.rank), noted)

    def note(
        self, name: str, presences: Mapping[str, Presence], *, caller: Caller, note: str | None = None
    ) -> tuple[Attendance, ...]:
        """Note whether delegations were there, and return how it stands now for all.

        Noting what stands changes nothing, so that who noted it first stays. Raises ``Conflict`` before the
        start and for a meeting that was not published, ``NotFound`` for a delegation that is not invited.
        """

        def command(session: Session, meeting: Meeting, now: datetime) -> MeetingChange | None:
            self._require_begun(meeting, now)
            stands = attendance_store.of_meeting(session, meeting.id)
            new = tuple(
                Attendance(code, presence, cut(note))
                for code, presence in self._codes(meeting, presences).items()
                if _differs(stands.get(code), presence, cut(note))
            )
            if not new:
                return None

            def write(session: Session, kept: Meeting, now: datetime) -> None:
                attendance_store.write(session, kept.id, new, caller, now)

            detail = listed([_said(item) for item in new])
            if note:
                detail = Fact.of("readiness.noted", who=detail, note=note)
            what = Fact.of("readiness.history.attendance-noted")
            return MeetingChange(meeting, what, detail, write=write, saves=False)

        self._changing.change(name, command, caller=caller)
        return self.of(name)

    def _codes(self, meeting: Meeting, presences: Mapping[str, Presence]) -> dict[str, Presence]:
        return {invited(meeting, code): presence for code, presence in presences.items()}

    def _require_begun(self, meeting: Meeting, now: datetime) -> None:
        doing = Fact.of("readiness.doing.given-attendance")
        require_status(meeting, doing, MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED)
        if meeting.tentative or now < meeting.starts_at:
            starts = at_host(meeting, meeting.starts_at, self._directory)
            raise Conflict(
                Fact.of("readiness.not-begun", reference=meeting.reference, starts=starts), code="not-begun"
            )


def _differs(stands: Attendance | None, presence: Presence, note: str | None) -> bool:
    if stands is None:
        return presence is not Presence.NOT_KNOWN
    return stands.presence is not presence or (note is not None and stands.note != note)


def _said(item: Attendance) -> Fact:
    return Fact.of(_SAID[item.presence], delegation=item.delegation)


_SAID = {
    Presence.PRESENT: "readiness.present",
    Presence.ABSENT: "readiness.absent",
    Presence.NOT_KNOWN: "readiness.not-known",
}

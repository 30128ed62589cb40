"""Keeps a meeting's actions in step with its plan, inside the caller's transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.public_holidays import holidays_version
from orchestrator.domain.delegations.working_calendar import Calendars, Override
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.time.zones import tzdata_version
from orchestrator.domain.timelines.actions import StoredAction
from orchestrator.domain.timelines.alerting import days_off
from orchestrator.domain.timelines.audience import admitted
from orchestrator.domain.timelines.kinds import STEP_RULES, ActionKind
from orchestrator.domain.timelines.planning import plan, why_dropped
from orchestrator.domain.timelines.reconciling import Reconciliation, reconcile
from orchestrator.domain.timelines.timeline import Timeline, Timelines
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact
from orchestrator.services.timelines import connection_tests
from orchestrator.store.delegations import overrides as calendar_store
from orchestrator.store.meetings import alerts, bases
from orchestrator.store.meetings import meetings as store
from orchestrator.store.timelines import actions


class Planner:
    """Plans meetings with the timelines, delegations and calendars in force."""

    def __init__(
        self, directory: Directory, timelines: Timelines, joining: Collection[str] = frozenset()
    ) -> None:
        """``joining`` are the keys of the notices that say how to join over the internet."""
        self.directory = directory
        self.timelines = timelines
        self._joining = joining
        self._delegations = _digest(directory.model_dump_json())
        self._calendars: tuple[tuple[int, int] | None, Calendars] = (None, Calendars(directory))
        self._foreseen: Calendars | None = None

    def foreseeing(self, overrides: Iterable[Override]) -> Planner:
        """Return a planner that only looks: what would follow with these overrides in force."""
        other = Planner(self.directory, self.timelines, self._joining)
        other._foreseen = Calendars(self.directory, overrides)
        return other

    def timeline(self, meeting: Meeting) -> Timeline:
        """Return what is done for a meeting by its timeline; in person nothing that is about joining.

        Raises as ``written_timeline`` does.
        """
        return self.as_applied(self.written_timeline(meeting), meeting)

    def as_applied(self, timeline: Timeline, meeting: Meeting) -> Timeline:
        """Return what of a timeline is done for a meeting that takes place as ``meeting`` does."""
        return timeline if meeting.mode.has_link else timeline.in_person(self._joining)

    def written_timeline(self, meeting: Meeting) -> Timeline:
        """Return the timeline of a meeting as it is written: its own copy, or the one it names.

        Raises ``InvalidInput`` when the file of that has gone since it was chosen.
        """
        found = self.known_timeline(meeting.timeline, meeting.own_timeline)
        if found is None:
            known = Fact.of("timelines.known", known=sorted(self.timelines))
            raise InvalidInput.of("timeline", meeting.timeline, Fact.of("timelines.no-timeline"), known)
        return found

    def known_timeline(self, name: str | None, own: str | None) -> Timeline | None:
        """Return a meeting's own timeline as stored, else the one called ``name`` if it is there."""
        return own_timeline(own) if own is not None else self.timelines.get(name or "")

    def calendars(self, session: Session) -> Calendars:
        """Return the working calendars with all overrides in force."""
        if self._foreseen is not None:
            return self._foreseen
        mark = calendar_store.mark(session)
        if calendar_store.changed_by(session):
            # What is not committed may never be, and its number may then be another's.
            own = session.info.setdefault("calendars", {})
            if mark not in own:
                own[mark] = Calendars(self.directory, calendar_store.overrides(session))
            found: Calendars = own[mark]
            return found
        if self._calendars[0] != mark:
            self._calendars = (mark, Calendars(self.directory, calendar_store.overrides(session)))
        return self._calendars[1]

    def basis(self, meeting: Meeting) -> str:
        """Return, as JSON, what a plan of ``meeting`` rests on beside the meeting itself."""
        return self.basis_with(self.written_timeline(meeting))

    def basis_with(self, timeline: Timeline) -> str:
        """Return the basis of every meeting with that timeline."""
        return json.dumps(self.versions() | {"timeline": digest_of(timeline)})

    def versions(self) -> dict[str, str]:
        """Return the versions that every plan rests on, whatever its timeline."""
        return {
            "tzdata": tzdata_version(),
            "holidays": holidays_version(),
            "delegations": self._delegations,
        }

    def announces_first(self, session: Session, meeting: Meeting, now: datetime) -> bool:
        """Whether publishing ``meeting`` now announces its date only, and invites later by itself."""
        confirms_at = self.confirms_at(session, meeting)
        return confirms_at is not None and confirms_at > now

    def confirms_at(self, session: Session, meeting: Meeting) -> datetime | None:
        """When the timeline confirms an announced date by itself; ``None`` where it never does."""
        confirm = self.timeline(meeting).step(ActionKind.CONFIRM)
        if confirm is None or confirm.first is None:
            return None
        return confirm.first.due(meeting.starts_at, self.calendars(session).of(meeting.host)).instant

    def replan(
        self, session: Session, meeting: Meeting, now: datetime, *, before: Meeting | None = None
    ) -> Reconciliation:
        """Plan ``meeting`` (as stored) and bring its actions in step; doing so twice changes nothing.

        With ``before``, the meeting as it was, the result names of what is passed over only what is newly so.
        """
        timeline, calendars = self.timeline(meeting), self.calendars(session)
        meeting = connection_tests.allot(session, meeting, timeline, calendars, now)
        meeting = _with_alerts(session, meeting)
        rows = actions.stored(session, meeting.id)
        result = self._reconciled(meeting, timeline, calendars, rows, now)
        actions.apply(session, meeting.id, result, now)
        if meeting.status is not MeetingStatus.DRAFT:
            bases.note_basis(session, meeting.id, self.basis(meeting))
        return self._newly(result, before, calendars, rows, now)

    def look(
        self, session: Session, meeting: Meeting, now: datetime, *, before: Meeting | None = None
    ) -> Planned:
        """Return what ``replan`` would do with a meeting as it would be; nothing is written or locked."""
        timeline, calendars = self.timeline(meeting), self.calendars(session)
        rows = actions.stored(session, meeting.id, lock=False) if meeting.id else []
        tests, _ = connection_tests.allotted(session, meeting, timeline, calendars, rows, now)
        meeting = replace(meeting, connection_tests=tests)
        result = self._reconciled(meeting, timeline, calendars, rows, now)
        return Planned(meeting, self._newly(result, before, calendars, rows, now), tuple(rows))

    def look_beyond(
        self, session: Session, meeting: Meeting, planned: Planned, now: datetime
    ) -> Reconciliation:
        """Return what planning ``meeting`` at ``now`` adds to what ``planned`` leaves, and passes over."""
        timeline, calendars = self.timeline(meeting), self.calendars(session)
        tests, _ = connection_tests.allotted(session, meeting, timeline, calendars, planned.rows, now)
        meeting = replace(meeting, connection_tests=tests)
        added = {item.obligation.key for item in planned.result.inserts}
        wanted = [item for item in plan(meeting, timeline, calendars) if item.key not in added]
        result = reconcile(meeting, wanted, planned.rows, now)
        return replace(result, moves=(), cancels=())

    def _reconciled(
        self,
        meeting: Meeting,
        timeline: Timeline,
        calendars: Calendars,
        rows: Sequence[StoredAction],
        now: datetime,
    ) -> Reconciliation:
        """Return how the stored actions ``rows`` must change; planning itself writes nothing."""
        wanted = plan(meeting, timeline, calendars)
        return reconcile(meeting, wanted, rows, now, partial(self.why_dropped, meeting))

    def _newly(
        self,
        result: Reconciliation,
        before: Meeting | None,
        calendars: Calendars,
        rows: Sequence[StoredAction],
        now: datetime,
    ) -> Reconciliation:
        """Leave out what planning the meeting as it was ``before`` would have passed over as well."""
        if before is None or not result.skips:
            return result
        timeline = self.known_timeline(before.timeline, before.own_timeline)
        if timeline is None:
            return result
        wanted = plan(before, self.as_applied(timeline, before), calendars)
        return result.since(reconcile(before, wanted, rows, now))

    def replan_stored(
        self, session: Session, before: Meeting, now: datetime
    ) -> tuple[Meeting, Reconciliation]:
        """Replan a meeting after what belongs to it was written beside it; return it as it is stored now.

        ``before`` is the meeting as it was, as for ``replan``. Workers that remember it look at it again.
        """
        store.touch(session, before.id)
        meeting = store.load(session, before.id)
        return meeting, self.replan(session, meeting, now, before=before)

    def replan_for(
        self, session: Session, meeting: Meeting, attendee_ids: Collection[int], now: datetime
    ) -> Reconciliation:
        """Replan only what some attendees' answers can change, and what belongs to nobody.

        The result is that of ``replan``: an answer concerns the people of its delegation and those to whom
        its silence is reported; in a large meeting it costs a fraction.
        """
        timeline = self.timeline(meeting)
        ids = self._concerned(meeting, timeline, attendee_ids)
        wanted = plan(meeting, timeline, self.calendars(session), ids)
        rows = actions.stored(session, meeting.id, sorted(ids))
        result = reconcile(meeting, wanted, rows, now, partial(self.why_dropped, meeting))
        actions.apply(session, meeting.id, result, now)
        return result

    def calls_for(self, meeting: Meeting, action: StoredAction) -> bool:
        """Whether the plan of ``meeting`` as it is now still holds what ``action`` is to do.

        Only whether, not when: the calendars may be older than the newest override.
        """
        ids = () if action.attendee_id is None else (action.attendee_id,)
        wanted = plan(meeting, self.timeline(meeting), self._calendars[1], ids)
        return any(item.key == action.obligation for item in wanted)

    def why_dropped(self, meeting: Meeting, action: StoredAction) -> Fact | None:
        """Return why the plan does not hold ``action`` any more, as far as the timeline tells."""
        if action.kind not in STEP_RULES:
            return None
        timeline = self.timeline(meeting)
        return why_dropped(meeting, timeline, self.directory, action.obligation, action.attendee_id)

    def _concerned(self, meeting: Meeting, timeline: Timeline, attendee_ids: Collection[int]) -> set[int]:
        speaking = [item for item in meeting.attendees if item.id in attendee_ids]
        delegations = {item.delegation for item in speaking}
        # Where nothing is asked of delegations, an answer can end only that another person is nudged for it.
        asks = any(step.need is not None for step in timeline.steps)
        together = [
            item for item in meeting.invited if item.delegation in delegations and (asks or item.nudges)
        ]
        circles = [item for step in timeline.steps for item in step.escalated(len(step.at)) if item.oversees]
        overseeing = admitted(dict.fromkeys(circles), meeting, self.directory)
        addresses = {item.address for item in (*speaking, *together, *overseeing)}
        return {item.id for item in meeting.attendees if item.address in addresses}


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning a meeting would do: the meeting as planned, what changes, and the actions before that."""

    meeting: Meeting
    result: Reconciliation
    rows: tuple[StoredAction, ...]


def _with_alerts(session: Session, meeting: Meeting) -> Meeting:
    """Return a meeting with the warnings of late days off among what its coordinator is told at once."""
    found = list(days_off(meeting))
    if not found:
        return meeting
    alerts.note(session, found)
    return replace(meeting, alerts=alerts.untold(session, [meeting.id]).get(meeting.id, ()))


@lru_cache(maxsize=256)
def own_timeline(text: str) -> Timeline:
    """Read a meeting's own copy of a timeline, as stored; raises ``ConfigurationError``."""
    return Timeline.of(json.loads(text))


def digest_of(timeline: Timeline) -> str:
    """Return what tells one state of a timeline from another."""
    return _digest(timeline.model_dump_json())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]

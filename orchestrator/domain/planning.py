"""Planning: what must happen for a meeting, and how that differs from what is planned already.

``plan`` turns meeting + timeline into obligations. ``reconcile`` compares them with the stored
actions and says what to add, move, cancel or bring back: what is done stays, what is pending moves,
what no longer applies is cancelled with its reason. Both are pure; doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from orchestrator.domain.actions import ActionKind, ActionState, CancelCode
from orchestrator.domain.meeting import Attendee, Meeting, MeetingStatus
from orchestrator.domain.revision import cancel_to, to_cancel
from orchestrator.domain.timeline import Offset, Step, Timeline

ZoneOf = Callable[[str], str]
"""From a delegation's code to its IANA zone."""

_AFTERWARDS = timedelta(days=7)
_DIGEST_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing that must happen once for a revision.

    ``key`` is built from stable ids only. ``due`` is the planned instant (UTC), or ``None`` for as
    soon as possible. After ``expires`` it must not be done any more. An action done for an older
    ``revision`` does not fulfil it. ``waits_for`` is the key of an obligation that comes first.
    ``late`` marks what may be planned although its time has passed, and is then due at once.
    """

    key: str
    kind: ActionKind
    step: str
    attendee_id: int | None
    revision: int
    due: datetime | None
    expires: datetime
    waits_for: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class StoredAction:
    """An action as the store has it, as far as planning needs it.

    ``key`` is unique in the meeting: that of its obligation, with ``#2`` and so on when the same
    obligation had to be fulfilled again. ``planned_at`` is the planned instant or ``None``.
    """

    id: int
    key: str
    obligation: str
    kind: ActionKind
    attendee_id: int | None
    revision: int
    state: ActionState
    planned_at: datetime | None
    expires: datetime
    blocked_by: int | None = None
    cancel_code: CancelCode | None = None


@dataclass(frozen=True, slots=True)
class Insert:
    """Add an action under ``key``; blocked while ``blocked_by`` (an obligation's key) is undone."""

    key: str
    obligation: Obligation
    blocked_by: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """Give a pending or cancelled action the obligation's present values and state."""

    action_id: int
    obligation: Obligation
    blocked_by: str | None
    at_once: bool


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a pending action, with its reason for programs and for people."""

    action_id: int
    code: CancelCode
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """An obligation that is not planned because its time has passed."""

    obligation: Obligation
    reason: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What has to change in the stored actions so that they match the plan."""

    inserts: tuple[Insert, ...] = ()
    moves: tuple[Move, ...] = ()
    cancels: tuple[Cancel, ...] = ()
    skips: tuple[Skip, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether the stored actions match the plan already."""
        return not (self.inserts or self.moves or self.cancels)


def plan(meeting: Meeting, timeline: Timeline, zone_of: ZoneOf) -> list[Obligation]:
    """Return everything the meeting calls for in its present state, past or future.

    ``zone_of`` gives the zone of a delegation, for steps at a recipient's local time.
    """
    match meeting.status:
        case MeetingStatus.DRAFT:
            return []
        case MeetingStatus.PUBLISHED:
            wanted = _published(meeting, timeline, zone_of)
        case MeetingStatus.CANCELLED:
            wanted = _called_off(meeting)
        case MeetingStatus.CONCLUDED:
            wanted = _minutes(meeting, timeline)
    return [*wanted, *_cancellations(meeting), *_news(meeting)]


def _published(meeting: Meeting, timeline: Timeline, zone_of: ZoneOf) -> list[Obligation]:
    wanted: list[Obligation] = []
    waits_for: str | None = None
    # A save-the-date announces a date: there is nothing to join yet, and nothing to remind of.
    steps = [step for step in timeline.steps if step.do is ActionKind.INVITE or not meeting.tentative]
    for step in steps:
        match step.do:
            case ActionKind.CONFERENCE if not meeting.conference.by_hand:
                wanted += _conference(meeting, step)
                waits_for = None if meeting.conference.join_url else step.name
            case ActionKind.INVITE:
                wanted += [_invitation(meeting, step, item, waits_for) for item in _to_invite(meeting)]
            case ActionKind.REMIND:
                wanted += [_reminder(meeting, step, item, zone_of) for item in _to_remind(meeting)]
            case ActionKind.CONCLUDE:
                wanted.append(_conclusion(meeting, step, zone_of))
    return [*wanted, *_asked_for(meeting, waits_for)]


def _asked_for(meeting: Meeting, waits_for: str | None) -> list[Obligation]:
    """The invitation once more, for whoever asked for it (RFC 5546 section 3.2.6) or proposed a time."""
    again = [
        Obligation(
            f"resend:attendee-{item.id}", ActionKind.RESEND, "resend", item.id, item.resends, None,
            meeting.ends_at, waits_for,
        )
        for item in meeting.invited
        if item.resends
    ]  # fmt: skip
    invited = {item.id for item in meeting.invited}
    refused = [
        Obligation(
            f"refusal:response-{item.response_id}", ActionKind.REFUSAL, "refusal", item.attendee_id,
            item.response_id, None, meeting.ends_at, waits_for,
        )
        for item in meeting.refusals
        if item.attendee_id in invited
    ]  # fmt: skip
    return [*again, *refused]


def _news(meeting: Meeting) -> list[Obligation]:
    """What the coordinator is told of answers: at most hourly, a late decline of a head at once."""
    news, expires = meeting.news, meeting.ends_at + _AFTERWARDS
    wanted = []
    if news.first_at is not None:
        wanted.append(
            Obligation(
                "digest", ActionKind.DIGEST, "digest", None, news.latest, news.first_at + _DIGEST_EVERY,
                expires, late=True,
            )
        )  # fmt: skip
    if news.urgent and meeting.status is MeetingStatus.PUBLISHED:
        wanted.append(
            Obligation(
                "decline-alert", ActionKind.DECLINE_ALERT, "decline-alert", None, news.urgent, None,
                meeting.starts_at,
            )
        )  # fmt: skip
    return wanted


def _conference(meeting: Meeting, step: Step) -> list[Obligation]:
    """The link, made or kept up to date; and the alert while there is none."""
    wanted = [
        Obligation(step.name, ActionKind.CONFERENCE, step.name, None, meeting.revision, None, meeting.ends_at)
    ]
    if step.alert_after is not None and meeting.published_at and not meeting.conference.join_url:
        due = meeting.published_at + step.alert_after
        wanted.append(
            Obligation(
                "link-alert", ActionKind.LINK_ALERT, "link-alert", None, 1, due, meeting.ends_at
            )
        )  # fmt: skip
    return wanted


def _to_invite(meeting: Meeting) -> Iterable[Attendee]:
    return (item for item in meeting.invited if not item.declined)


_to_remind = _to_invite


def _invitation(meeting: Meeting, step: Step, attendee: Attendee, waits_for: str | None) -> Obligation:
    return Obligation(
        key=f"{step.name}:attendee-{attendee.id}",
        kind=ActionKind.INVITE,
        step=step.name,
        attendee_id=attendee.id,
        revision=meeting.revision,
        due=None,
        # Somebody added, or a link replaced, while the meeting goes on is told; after it nobody is.
        expires=meeting.ends_at,
        waits_for=waits_for,
    )


def _reminder(meeting: Meeting, step: Step, attendee: Attendee, zone_of: ZoneOf) -> Obligation:
    due = _instant(meeting, step, zone_of(attendee.delegation))
    expires = min(due + step.grace, meeting.starts_at) if step.grace else meeting.starts_at
    return Obligation(
        key=f"{step.name}:attendee-{attendee.id}",
        kind=ActionKind.REMIND,
        step=step.name,
        attendee_id=attendee.id,
        revision=meeting.time_revision,
        due=due,
        expires=expires,
    )


def _conclusion(meeting: Meeting, step: Step, zone_of: ZoneOf) -> Obligation:
    due = _instant(meeting, step, zone_of(meeting.host))
    return Obligation(
        step.name, ActionKind.CONCLUDE, step.name, None, meeting.time_revision, due, due + timedelta(days=365)
    )  # fmt: skip


def _instant(meeting: Meeting, step: Step, recipient_zone: str) -> datetime:
    if step.at is None:
        raise ValueError(f"step {step.name} has no offset")
    return _moment(step.at, meeting.starts_at, meeting.ends_at, recipient_zone)


@lru_cache(maxsize=1024)
def _moment(at: Offset, starts_at: datetime, ends_at: datetime, recipient_zone: str) -> datetime:
    """The same for everybody in a zone, so worked out once."""
    return at.instant(starts_at, ends_at, recipient_zone)


def _called_off(meeting: Meeting) -> list[Obligation]:
    conference = meeting.conference
    # An attempt without an answer may have made something; with a link by hand nobody was waiting for it.
    if not conference.provider_id and (conference.by_hand or not conference.attempted):
        return []
    return [
        Obligation(
            "conference-delete", ActionKind.CONFERENCE_DELETE, "conference-delete", None,
            meeting.revision, None, meeting.ends_at + _AFTERWARDS,
        )
    ]  # fmt: skip


def _cancellations(meeting: Meeting) -> list[Obligation]:
    """A CANCEL for whoever has the meeting in the calendar and is not in it any more."""
    expires = meeting.ends_at + timedelta(days=1)
    return [
        Obligation(
            f"cancel:attendee-{item.id}", ActionKind.CANCEL, "cancel", item.id,
            cancel_to(meeting, item).sequence, None, expires,
        )
        for item in to_cancel(meeting)
    ]  # fmt: skip


def _minutes(meeting: Meeting, timeline: Timeline) -> list[Obligation]:
    step = timeline.step(ActionKind.MINUTES)
    if step is None or not meeting.minutes_version or meeting.minutes_at is None:
        return []
    expires = meeting.minutes_at + (step.grace or _AFTERWARDS)
    return [
        Obligation(
            f"{step.name}:attendee-{item.id}", ActionKind.MINUTES, step.name, item.id,
            meeting.minutes_version, None, expires,
        )
        for item in meeting.invited
    ]  # fmt: skip


def reconcile(
    meeting: Meeting, wanted: Sequence[Obligation], stored: Iterable[StoredAction], now: datetime
) -> Reconciliation:
    """Say how the stored actions of ``meeting`` must change so that they match ``wanted``.

    Nothing is ever planned into the past: an obligation whose time is over is skipped with its
    reason. An overdue action that is already planned stays, for its grace decides about it.
    """
    rows = list(stored)
    latest = _latest(rows)
    planned_keys = {item.key for item in wanted}
    decision = _Decision(meeting, latest, rows, now)
    for obligation in wanted:
        decision.take(obligation)
    decision.cancels += [
        Cancel(row.id, *_why_not(meeting, row))
        for row in rows
        if _is_open(row, meeting) and row.obligation not in planned_keys
    ]
    decision.cancels += [
        Cancel(row.id, CancelCode.SUPERSEDED, "the meeting was changed in the meantime")
        for row in rows
        if _is_open(row, meeting) and row.obligation in planned_keys and row is not latest[row.obligation]
    ]
    return Reconciliation(
        tuple(decision.inserts), tuple(decision.moves), tuple(decision.cancels), tuple(decision.skips)
    )


def _is_open(row: StoredAction, meeting: Meeting) -> bool:
    """Whether an action still asks for something: it waits, or it failed while its meeting goes on.

    A failure that no longer matters, because the link was entered by hand or the person was removed,
    must not go on asking for attention.
    """
    running = meeting.status is MeetingStatus.PUBLISHED
    return row.state.is_pending or (row.state is ActionState.FAILED and running)


def _latest(rows: Iterable[StoredAction]) -> dict[str, StoredAction]:
    """The newest action of each obligation; ids rise."""
    latest: dict[str, StoredAction] = {}
    for row in sorted(rows, key=lambda item: item.id):
        latest[row.obligation] = row
    return latest


def _calendar_mail_in_flight(meeting: Meeting, rows: Iterable[StoredAction]) -> dict[str, str]:
    """Per address the key of the calendar message that somebody has in hand.

    Those that follow queue behind it, one after the other, so that a CANCEL never overtakes its REQUEST,
    nor a REQUEST the CANCEL of an earlier time in the meeting: the address counts, for somebody invited
    again is another attendee.
    """
    return {
        meeting.attendee(row.attendee_id).address: row.key
        for row in rows
        if row.attendee_id is not None and row.kind.carries_calendar and row.state.is_in_flight
    }


_CONFERENCE_KINDS = (ActionKind.CONFERENCE, ActionKind.CONFERENCE_DELETE)


class _Decision:
    """Collects what to do about one obligation after another."""

    def __init__(
        self,
        meeting: Meeting,
        latest: Mapping[str, StoredAction],
        rows: Sequence[StoredAction],
        now: datetime,
    ) -> None:
        self._address = {item.id: item.address for item in meeting.attendees}
        self._latest = latest
        self._ids: dict[str | None, int] = {row.key: row.id for row in rows}
        self._last_mail = _calendar_mail_in_flight(meeting, rows)
        self._conference_in_flight = next(
            (row.key for row in rows if row.kind in _CONFERENCE_KINDS and row.state.is_in_flight), None
        )
        self._added: dict[str, str] = {}
        self._now = now
        self.inserts: list[Insert] = []
        self.moves: list[Move] = []
        self.cancels: list[Cancel] = []
        self.skips: list[Skip] = []

    def take(self, wanted: Obligation) -> None:
        row = self._latest.get(wanted.key)
        if row is None:
            self._insert(wanted, wanted.key)
        elif row.state.is_pending:
            self._adjust(wanted, row)
        elif row.state is ActionState.CANCELLED:
            self._revive(wanted, row)
        elif row.revision < wanted.revision:
            self._insert(wanted, _next_key(row))

    def _insert(self, wanted: Obligation, key: str) -> None:
        if self._passed(wanted):
            self.skips.append(Skip(wanted, "its time had already passed"))
        else:
            self.inserts.append(Insert(key, wanted, self._blocker(wanted, key)))
            self._added[wanted.key] = key

    def _adjust(self, wanted: Obligation, row: StoredAction) -> None:
        blocked_by = self._blocker(wanted, row.key)
        same_state = (row.state is ActionState.BLOCKED) == (blocked_by is not None)
        same_time = wanted.due is None or wanted.due == row.planned_at
        # Waiting for the wrong action would be waiting for ever.
        same_wait = same_state and row.blocked_by == self._ids.get(blocked_by)
        if same_time and same_wait and (row.revision, row.expires) == (wanted.revision, wanted.expires):
            return
        if not same_time and self._passed(wanted):
            reason = "the meeting moved, and the time for this had already passed"
            self.cancels.append(Cancel(row.id, CancelCode.TIME_PASSED, reason))
        else:
            self.moves.append(Move(row.id, wanted, blocked_by, at_once=not same_state))

    def _revive(self, wanted: Obligation, row: StoredAction) -> None:
        if row.cancel_code is CancelCode.DISCARDED and row.revision >= wanted.revision:
            return
        if self._passed(wanted):
            self.skips.append(Skip(wanted, "its time had already passed"))
        else:
            self.moves.append(Move(row.id, wanted, self._blocker(wanted, row.key), at_once=True))

    def _passed(self, wanted: Obligation) -> bool:
        """Whether it is too late, or would be: a reminder at 09:00 may fall after an early start."""
        if wanted.due is None or wanted.late:
            return wanted.expires <= self._now
        return wanted.due < self._now or wanted.due >= wanted.expires

    def _blocker(self, wanted: Obligation, key: str) -> str | None:
        """The key of the action that has to end before the one under ``key`` may start."""
        before = self._mail_before(wanted, key)
        if wanted.waits_for is not None:
            first = self._latest.get(wanted.waits_for)
            return self._added.get(wanted.waits_for) or (first.key if first else wanted.waits_for)
        return self._conference_in_flight if wanted.kind in _CONFERENCE_KINDS else before

    def _mail_before(self, wanted: Obligation, key: str) -> str | None:
        """The calendar message to the same person that goes before this one, which is then the last."""
        if wanted.attendee_id is None or not wanted.kind.carries_calendar:
            return None
        address = self._address[wanted.attendee_id]
        before = self._last_mail.get(address)
        self._last_mail[address] = key
        return before


def _next_key(row: StoredAction) -> str:
    _, _, number = row.key.partition("#")
    return f"{row.obligation}#{int(number or 1) + 1}"


def _why_not(meeting: Meeting, row: StoredAction) -> tuple[CancelCode, str]:
    """Why a pending action is no longer wanted."""
    if meeting.status is MeetingStatus.CANCELLED:
        return CancelCode.MEETING_CANCELLED, "the meeting was cancelled"
    if row.kind is ActionKind.CANCEL:
        return CancelCode.SUPERSEDED, "whoever it was meant for is in the meeting again, or was told already"
    if row.attendee_id is not None:
        attendee = meeting.attendee(row.attendee_id)
        if not attendee.invited:
            return CancelCode.REMOVED, f"{attendee.name} was removed from the meeting"
        if attendee.declined:
            return CancelCode.DECLINED, f"{attendee.name} has declined"
    if meeting.status is MeetingStatus.CONCLUDED:
        return CancelCode.MEETING_OVER, "the meeting is over"
    if row.kind in (ActionKind.CONFERENCE, ActionKind.LINK_ALERT) and meeting.conference.join_url:
        return CancelCode.NOT_NEEDED, "the link is there"
    return CancelCode.NOT_NEEDED, "the plan no longer calls for it"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an action must not be done any more, and the state it therefore ends in."""

    state: ActionState
    reason: str
    code: CancelCode | None = None


def objection(
    action: StoredAction, meeting: Meeting, attendee: Attendee | None, now: datetime
) -> Objection | None:
    """Look again just before doing ``action``; ``None`` means go ahead."""
    if now >= action.expires:
        late = "it could not be done in time, and doing it late would mislead"
        return Objection(ActionState.MISSED, late)
    return (
        _status_objection(action.kind, meeting)
        or _superseded(action, meeting)
        or _attendee_objection(action.kind, attendee)
        or (_cancel_objection(action, meeting, attendee) if attendee is not None else None)
    )


def _status_objection(kind: ActionKind, meeting: Meeting) -> Objection | None:
    allowed = {
        ActionKind.CANCEL: tuple(MeetingStatus),
        ActionKind.CONFERENCE_DELETE: (MeetingStatus.CANCELLED,),
        ActionKind.MINUTES: (MeetingStatus.CONCLUDED,),
        ActionKind.DIGEST: tuple(MeetingStatus),
    }.get(kind, (MeetingStatus.PUBLISHED,))
    if meeting.status is MeetingStatus.CANCELLED and meeting.status not in allowed:
        return Objection(ActionState.CANCELLED, "the meeting was cancelled", CancelCode.MEETING_CANCELLED)
    if meeting.status not in allowed:
        return Objection(ActionState.CANCELLED, f"the meeting is {meeting.status}", CancelCode.MEETING_OVER)
    if kind is ActionKind.LINK_ALERT and meeting.conference.join_url:
        return Objection(ActionState.CANCELLED, "the link is there", CancelCode.NOT_NEEDED)
    return None


def _superseded(action: StoredAction, meeting: Meeting) -> Objection | None:
    """An action that was in hand while the meeting changed belongs to the older revision."""
    current = {
        ActionKind.INVITE: meeting.revision,
        ActionKind.REMIND: meeting.time_revision,
        ActionKind.CONCLUDE: meeting.time_revision,
        ActionKind.MINUTES: meeting.minutes_version,
    }.get(action.kind, action.revision)
    if action.revision >= current:
        return None
    return Objection(ActionState.CANCELLED, "the meeting was changed in the meantime", CancelCode.SUPERSEDED)


def _attendee_objection(kind: ActionKind, attendee: Attendee | None) -> Objection | None:
    if attendee is None or kind in (ActionKind.CANCEL, ActionKind.MINUTES):
        return None
    if not attendee.invited:
        gone = f"{attendee.name} was removed from the meeting"
        return Objection(ActionState.CANCELLED, gone, CancelCode.REMOVED)
    if attendee.declined and kind in (ActionKind.INVITE, ActionKind.REMIND):
        return Objection(ActionState.CANCELLED, f"{attendee.name} has declined", CancelCode.DECLINED)
    return None


def _cancel_objection(action: StoredAction, meeting: Meeting, attendee: Attendee) -> Objection | None:
    """A CANCEL takes back what is in a calendar, once, and from nobody who is in the meeting again."""
    if action.kind is not ActionKind.CANCEL:
        return None
    due = next((item for item in to_cancel(meeting) if item.address == attendee.address), None)
    if due is not None and due.id == attendee.id and cancel_to(meeting, due).sequence == action.revision:
        return None
    if due is not None:
        newer = "a newer cancellation takes its place"
        return Objection(ActionState.CANCELLED, newer, CancelCode.SUPERSEDED)
    over = meeting.status is MeetingStatus.CANCELLED
    if not over and any(item.address == attendee.address for item in meeting.invited):
        again = f"{attendee.name} is in the meeting again"
        return Objection(ActionState.CANCELLED, again, CancelCode.SUPERSEDED)
    nothing = f"{attendee.name} has no invitation that could be taken back"
    return Objection(ActionState.CANCELLED, nothing, CancelCode.NOT_NEEDED)

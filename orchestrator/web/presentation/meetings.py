"""How meetings stand: what needs the coordinator, what goes out next, one word for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.domain.time.zones import LocalTime
from orchestrator.errors import NotFound
from orchestrator.facts import Fact
from orchestrator.services.meetings.views import (
    AttendeeView,
    MeetingSummary,
    MeetingView,
)
from orchestrator.services.timelines.views import ActionView
from orchestrator.web.presentation.timelines import ActionGroup


@dataclass(frozen=True, slots=True)
class NextThing:
    """What goes out next, over all meetings."""

    meeting: MeetingSummary
    kind: str
    recipients: int
    when: LocalTime


def next_thing(meetings: Iterable[MeetingSummary], scheduled: Iterable[ActionView]) -> NextThing | None:
    """Return what goes out next, in the recipients' time where they share it, else in the host's."""
    first: MeetingSummary | None = None
    for item in meetings:
        if item.next_due_at and (
            first is None or first.next_due_at is None or item.next_due_at < first.next_due_at
        ):
            first = item
    if first is None or first.next_due is None or first.next_action is None:
        return None
    wave = [
        item
        for item in scheduled
        if (item.meeting, item.kind, item.due_at) == (first.reference, first.next_action, first.next_due_at)
    ]
    times = {item.due for item in wave}
    when = times.pop() if len(times) == 1 else first.next_due
    return NextThing(first, first.next_action, sum(item.recipient_email is not None for item in wave), when)


@dataclass(frozen=True, slots=True)
class Needs:
    """What needs the coordinator: meetings, mails to decide about, a mailbox that cannot be read."""

    attention: tuple[MeetingSummary, ...]
    drafts: tuple[MeetingSummary, ...]
    minutes: tuple[MeetingSummary, ...]
    mails: int
    trouble: Fact | None

    @property
    def count(self) -> int:
        """How many meetings need the coordinator."""
        return len({item.id for item in (*self.attention, *self.drafts, *self.minutes)})

    @property
    def any(self) -> bool:
        """Whether anything needs the coordinator."""
        return bool(self.count or self.mails or self.trouble)

    @property
    def headline(self) -> str:
        """What needs the coordinator, in one sentence."""
        parts = [
            *_counted(self.count, "meeting"),
            *_counted(self.mails, "mail"),
            *(["the mailbox"] if self.trouble else []),
        ]
        if not parts:
            return "Nothing needs you."
        single = self.count + self.mails + bool(self.trouble) == 1
        joined = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
        return f"{joined[0].upper()}{joined[1:]} {'needs' if single else 'need'} you."


def _counted(count: int, what: str) -> list[str]:
    if not count:
        return []
    return [f"one {what}" if count == 1 else f"{count} {what}s"]


def needs_of(
    meetings: Sequence[MeetingSummary], without_minutes: frozenset[str], mails: int, trouble: Fact | None
) -> Needs:
    """Sort out what needs the coordinator: trouble, drafts to publish, minutes to attach, mails."""
    return Needs(
        attention=tuple(item for item in meetings if item.attention),
        drafts=tuple(item for item in meetings if item.status == "draft"),
        minutes=tuple(item for item in meetings if item.reference in without_minutes),
        mails=mails,
        trouble=trouble,
    )


def standing(meeting: MeetingView, following: ActionGroup | None, *, ready: bool) -> str:
    """Return in one word how a meeting stands; the page says it in a sentence.

    ``ready`` is what the readiness board says of it.
    """
    if meeting.attention:
        return "needs"
    if meeting.status == "published" and meeting.tentative:
        return "announced"
    if meeting.status == "published" and meeting.mode.has_link and not meeting.join_url:
        return "waits"
    if meeting.status == "published" and ready:
        return "ready"
    if meeting.status == "concluded" and not meeting.minutes:
        return "minutes"
    if meeting.status == "concluded" and following is not None:
        return "distributing"
    return meeting.status


def attendee_of(meeting: MeetingView, attendee_id: int) -> AttendeeView:
    """Return an attendee by id; raises ``NotFound`` for one who is not invited."""
    for item in meeting.attendees:
        if item.id == attendee_id:
            return item
    raise NotFound(f"Nobody of that number is invited to {meeting.reference}.")

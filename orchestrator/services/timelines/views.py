"""What actions look like, and what a use case makes happen, to the command line, the API and the console."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.time.zones import LocalTime
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact, Said


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action as people read it.

    ``due`` and ``planned`` are local times of the recipient (the host's for what nobody
    receives); ``due_at`` is the same instant as UTC; ``why`` is the step of the timeline.
    ``note`` says why it is not due when the timeline wants it, where it is not. ``meeting`` is empty for
    what belongs to no meeting, such as reading the mailbox.
    """

    id: int
    key: str
    meeting: str
    kind: str
    what: Fact
    why: Fact
    state: str
    recipient_name: str | None
    recipient_email: str | None
    delegation: str | None
    due_at: datetime
    due: LocalTime
    planned: LocalTime | None
    expires_at: datetime
    revision: int
    attempt: int
    reason: Fact | None
    note: Fact | None


@dataclass(frozen=True, slots=True)
class Consequence:
    """One thing that a use case makes happen, change or not happen.

    ``effect`` is ``new``, ``moved``, ``cancelled`` or ``skipped``; ``when`` is ``None`` for at once.
    ``reason`` says why it is cancelled or skipped, or why it is not due when the timeline wants it.
    ``meeting`` is the reference of a linked meeting, where it is not the one that was changed.
    ``why`` is the step of the timeline.
    """

    effect: str
    kind: str
    what: Fact
    recipient_name: str | None
    recipient_email: str | None
    delegation: str | None
    when: LocalTime | None
    reason: Fact | None
    meeting: str | None = None
    why: Fact = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class NoteShown:
    """A note of the coordinator on a message of which mails follow: the message, and the English text."""

    message: str
    text: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a use case did, or would do when only previewed.

    ``warnings`` say what a coordinator should know about it, such as a meeting that stays where it is.
    ``tentative`` says that the meeting is then a save-the-date. ``later`` is what a look at a save-the-date
    shows beside: what follows when its timeline confirms it, if nothing changes until then. ``notes`` are
    those of the coordinator on messages that follow.
    """

    reference: str
    version: int
    previewed: bool
    consequences: tuple[Consequence, ...]
    warnings: tuple[Said, ...] = field(default=(), kw_only=True)
    tentative: bool = field(default=False, kw_only=True)
    later: tuple[Consequence, ...] = field(default=(), kw_only=True)
    notes: tuple[NoteShown, ...] = field(default=(), kw_only=True)

    def count(self, kind: str, *effects: str) -> int:
        """Return how many consequences are of that kind, with one of those effects."""
        wanted = effects or ("new", "moved")
        return sum(item.kind == kind and item.effect in wanted for item in self.consequences)

    @property
    def waits(self) -> bool:
        """Whether no invitation goes out at once, because each has a day of its own."""
        invitations = [
            item for item in self.consequences if item.kind == ActionKind.INVITE and item.effect == "new"
        ]
        return bool(invitations) and all(item.when is not None for item in invitations)

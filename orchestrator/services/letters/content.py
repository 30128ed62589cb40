"""What one letter tells its recipient beside the meeting."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.letters.message import Attachment
from orchestrator.domain.letters.notices import NoticeText
from orchestrator.domain.meetings.by_hand import Note
from orchestrator.domain.meetings.changes import Difference, Snapshot
from orchestrator.domain.meetings.meeting import ConnectionTest, MeetingStatus, Need, Participation
from orchestrator.domain.meetings.reasons import Why
from orchestrator.domain.own_words import OwnWords
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Said
from orchestrator.services.letters.status import StatusReport


@dataclass(frozen=True, slots=True)
class WrittenWords:
    """A coordinator's own letter: its subject and its text."""

    subject: OwnWords
    text: OwnWords


@dataclass(frozen=True, slots=True)
class LetterContent:
    """What a letter tells: the action behind it, what is new, and what the recipient was told before.

    ``number`` makes the Message-ID of repeated letters differ: the revision for an invitation, the
    SEQUENCE for a cancellation, the version for minutes, the newest response for a digest. ``sequence``
    is the SEQUENCE of the calendar object, ``subject`` is one written for this letter, and
    ``before`` what the recipient was told before. ``sessions`` are the others of the event to which the
    recipient is invited, ``invitation_by`` is when the invitation to what is only announced goes out.
    ``asked_at`` is when the recipient asked for the invitation again; ``status`` is what a coordinator is
    told, ``proposed`` the time that cannot be had. ``given`` is the answer that ``given_by`` gave for the
    recipient. ``reasons`` are why the meeting was moved, cancelled or reinstated, or the recipient
    removed, oldest first. ``note`` is what the coordinator wants to stand first, ``letter``
    what the coordinator wrote where the mail is a letter of theirs.

    ``missing`` is what is still wanted of the recipient's delegation or, for an answer, of the recipient;
    ``silent`` tells the coordinator and the Secretariat which delegations, by name and in protocol order,
    still owe what. ``deadline`` is until when that is wanted, or until when a date poll is open, and
    ``overdue`` says that it has passed; ``slot`` is the delegation's time to test its connection,
    ``options`` are the starts to choose from.
    Instants are aware UTC.
    """

    kind: ActionKind
    step: str
    number: int
    sequence: int
    first_message_id: str | None = field(default=None, compare=False)
    differences: tuple[Difference, ...] = ()
    subject: str = ""
    before: Snapshot | None = None
    sessions: tuple[OtherSession, ...] = ()
    invitation_by: datetime | None = None
    attachment: Attachment | None = None
    tentative: bool = False
    status: StatusReport | None = None
    proposed: datetime | None = None
    comment: str | None = None
    reasons: tuple[Why, ...] = ()
    note: Note | None = None
    letter: WrittenWords | None = None
    given_by: Said = ""
    given: Participation | None = None
    asked_at: datetime | None = None
    missing: tuple[Need, ...] = ()
    silent: tuple[tuple[str, tuple[Need, ...]], ...] = ()
    deadline: datetime | None = None
    overdue: bool = False
    notice: NoticeText | None = None
    slot: ConnectionTest | None = None
    options: tuple[datetime, ...] = ()

    @property
    def purpose(self) -> str:
        """What the mail is, in delivery records and template names."""
        if self.kind is not ActionKind.INVITE:
            return self.kind.rules.purposes[0]
        if self.first_message_id:
            return "update"
        return "save-the-date" if self.tentative else "invitation"


@dataclass(frozen=True, slots=True)
class OtherSession:
    """Another session of the event, to which the recipient is invited too. Instants are aware UTC."""

    title_en: str
    title_vi: str | None
    starts_at: datetime
    ends_at: datetime
    status: MeetingStatus

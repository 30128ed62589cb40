"""What a rendered mail depends on: the meeting, its reader as one of many, and what the letter tells."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.letters.message import NamedAddress
from orchestrator.domain.letters.wording import ENGLISH, Wording
from orchestrator.domain.meetings.meeting import Meeting, Participation
from orchestrator.services.letters.content import LetterContent


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """A meeting without what differs from recipient to recipient; compared by identity, for speed."""

    meeting: Meeting
    sender: NamedAddress
    reply_to: NamedAddress


@dataclass(frozen=True, slots=True)
class Reader:
    """What a mail's words depend on beside the meeting: whose clock and language, and what was answered.

    ``head_silent`` says that the reader may answer for a delegation whose head, another person, has not.
    ``has_page`` says that there is a personal page, which coordinators have not. ``language`` is theirs also
    where no mail is written in it, for coordinators may write in it. ``speaks`` says that the
    reader may answer for the delegation, ``in_place_of`` whom they have been named instead of.
    """

    delegation: str
    wording: Wording = ENGLISH
    language: str = ENGLISH.code
    answered: bool = False
    removed: bool = False
    head_silent: bool = False
    has_page: bool = True
    participation: Participation = Participation.NEEDS_ACTION
    speaks: bool = False
    in_place_of: str | None = None


@dataclass(frozen=True, slots=True)
class PageKey:
    """What the mails to the people of one delegation have in common."""

    edition: Edition
    reader: Reader
    content: LetterContent
    purpose: str

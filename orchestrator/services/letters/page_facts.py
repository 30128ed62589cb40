"""What the letters about a meeting say in running text: whom it is from and to, when, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.wording import ENGLISH, Wording, marked
from orchestrator.domain.meetings.changes import Snapshot, What
from orchestrator.domain.meetings.clocks import host_place, place_for
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus, Need, Participation
from orchestrator.domain.meetings.titles import short_title
from orchestrator.domain.time.zones import LocalTime, Place, local_time
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.letters import phrases, subjects
from orchestrator.services.letters.content import OtherSession
from orchestrator.services.letters.page_key import PageKey
from orchestrator.services.letters.subjects import Occasion, occasion_of

WANTED_OF_OTHERS = {
    Need.ANSWER: marked("reply"),
    Need.LIST: marked("list"),
    Need.PAPER: marked("paper"),
    Need.TEST: marked("test"),
}
_ANSWERS = {
    Participation.ACCEPTED: marked("● will take part"),
    Participation.TENTATIVE: marked("◐ not certain yet"),
    Participation.DECLINED: marked("⊘ will not take part"),
}

GIVEN = {
    Participation.ACCEPTED: marked("will take part"),
    Participation.TENTATIVE: marked("not certain yet"),
    Participation.DECLINED: marked("will not take part"),
    Participation.DELEGATED: marked("is represented by another person"),
    Participation.NEEDS_ACTION: marked("no reply"),
}


@dataclass(frozen=True, slots=True)
class SessionLine:
    """Another session of the event as the recipient reads it: title, date, time, and how it stands."""

    title: str
    date: str
    span: str
    status: MeetingStatus


def translated(en: str, vi: str | None, wording: Wording) -> tuple[str, str]:
    """Return a text of the coordinator's as it is read in a language, and the language that it is in."""
    return (vi, "vi") if vi and wording.code == "vi" else (en, ENGLISH.code)


def title_of(meeting: Meeting, wording: Wording) -> tuple[str, str]:
    """Return the title of a meeting as it is read in a language, and the language that it is in."""
    return translated(meeting.title_en, meeting.title_vi, wording)


def subject_of(directory: Directory, key: PageKey, wording: Wording) -> str:
    """Return the subject; Vietnamese readers know a meeting by its Vietnamese title."""
    meeting, content = key.edition.meeting, key.content
    title = short_title(meeting, wording.code)
    if content.letter is not None:
        return f"{content.letter.subject.read_in(key.reader.language)} – {title}"
    if content.kind is ActionKind.CHASE:
        needs = content.missing or tuple(dict.fromkeys(need for _, owed in content.silent for need in owed))
        items = ", ".join(wording.say(WANTED_OF_OTHERS[need]) for need in needs)
        deadline = local(directory, key, content.deadline) if content.deadline else None
        return subjects.asking(wording, title, items, deadline, overdue=content.overdue)
    at = local(directory, key, content.slot.starts_at) if content.slot else start_of(directory, key)
    more = {"notice": wording.say(content.notice.subject)} if content.notice else {}
    if content.before is not None:
        old = content.before.read_at(content.before.starts_at, place_of(directory, key, meeting.starts_at))
        more["was"] = subjects.was(wording, old, at)
    return subjects.written(_pattern(key), wording, title, at, **more)


def _pattern(key: PageKey) -> str:
    """Return the subject with its places; a mail must not be called what it is not for its reader."""
    if key.reader.removed and key.content.kind is ActionKind.CANCEL:
        return subjects.REMOVAL
    if key.content.tentative and key.purpose == "again":
        return subjects.SUBJECTS["save-the-date"]
    if key.purpose == "update":
        return subjects.UPDATES[occasion_of(key.content, key.edition.meeting.mode)]
    return subjects.SUBJECTS[key.purpose]


def place_of(directory: Directory, key: PageKey, instant: datetime) -> Place:
    """Return whose clock a meeting is told by: the venue's, where everybody goes to; else one's own."""
    return place_for(key.edition.meeting, directory, key.reader.delegation, instant)


def beside(directory: Directory, key: PageKey) -> Place | None:
    """Return whose clock is told beside: the host's, or in person one's own; ``None`` if the same."""
    meeting, at = key.edition.meeting, key.edition.meeting.starts_at
    own = directory.place_of(key.reader.delegation, at)
    there = host_place(meeting, directory, at)
    if meeting.where.clock is None:
        return None if own == there else there
    return None if local_time(at, own).offset == local_time(at, there).offset else own


def start_of(directory: Directory, key: PageKey) -> LocalTime:
    """Return the start of the meeting as its reader is told it."""
    instant = key.edition.meeting.starts_at
    return local_time(instant, place_of(directory, key, instant))


def local(directory: Directory, key: PageKey, instant: datetime) -> LocalTime:
    """Return an instant as it reads where the recipient is; the words are English."""
    return local_time(instant, directory.place_of(key.reader.delegation, instant))


def deadline_words(
    directory: Directory, key: PageKey, wording: Wording, deadline: datetime | None
) -> str | None:
    """Return until when something is asked, in running text: the reader's clock, the host's beside it."""
    if deadline is None:
        return None
    meeting = key.edition.meeting
    host = host_place(meeting, directory, deadline)
    elsewhere = host != directory.place_of(key.reader.delegation, deadline)
    return wording.clock(local(directory, key, deadline), local_time(deadline, host) if elsewhere else None)


def called(directory: Directory, key: PageKey, wording: Wording, title: str) -> dict[str, Any]:
    """Return what the letter calls who writes, whom it is to, and what it is about."""
    meeting, reader = key.edition.meeting, key.reader
    host = directory.get(meeting.host)
    chair, office = phrases.chair(meeting.programme, wording), phrases.office(host, wording)
    return {
        "chair": chair,
        "Chair": phrases.capital(chair),
        "office": office,
        "signature": phrases.signature(host, meeting.programme, wording),
        "of_delegation": phrases.delegation_of(directory.get(reader.delegation), wording),
        "meeting": phrases.meeting_called(title, wording),
        "Meeting": phrases.capital(phrases.meeting_called(title, wording)),
        "speaks": reader.speaks,
        "in_place_of": reader.in_place_of,
        "sessions": [_session(directory, key, item, wording) for item in key.content.sessions],
    }


def _session(directory: Directory, key: PageKey, item: OtherSession, wording: Wording) -> SessionLine:
    """Return another session of the same event as the reader knows it."""
    place = place_of(directory, key, item.starts_at)
    start, end = local_time(item.starts_at, place), local_time(item.ends_at, place)
    title, _ = translated(item.title_en, item.title_vi, wording)
    called = phrases.meeting_called(title, wording)
    return SessionLine(
        phrases.capital(called), wording.date(start.day), wording.moment(start, end), item.status
    )


def changes(directory: Directory, key: PageKey, wording: Wording) -> dict[str, Any]:
    """Return what changed, and what the letter is therefore."""
    content, meeting = key.content, key.edition.meeting
    occasion = occasion_of(content, meeting.mode)
    found = frozenset(item.what for item in content.differences)
    old, new = content.before, Snapshot.of(meeting)
    place = place_of(directory, key, meeting.starts_at)
    moved = old is not None and What.TIME in found
    return {
        "occasion": occasion.value,
        "was": phrases.span(old, place, wording) if old is not None and moved else None,
        "changed": phrases.changed_lines(old, new, found, wording) if old else [],
        "asked_again": occasion in (Occasion.TIME, Occasion.HELD),
        "link_stays": old is not None and What.LINK not in found and bool(old.join_url),
        "own_answer": wording.say(_ANSWERS[key.reader.participation])
        if key.reader.participation in _ANSWERS
        else None,
    }

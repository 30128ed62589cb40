"""Renders what the mails to the people of one delegation have in common, in their language and in English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from textwrap import wrap
from typing import Any

from jinja2 import Environment, Template
from markupsafe import Markup, escape

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.invitation import lead_words
from orchestrator.domain.letters.message import TEXT_WIDTH, Encoded, Form, NamedAddress
from orchestrator.domain.letters.wording import ENGLISH, Wording, marked
from orchestrator.domain.meetings.changes import REINSTATED, What
from orchestrator.domain.meetings.clocks import host_place, place_for
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus, Need
from orchestrator.domain.own_words import OwnWords
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.kinds import IN_OWN_LANGUAGE, ActionKind
from orchestrator.facts import Fact, Said
from orchestrator.services.letters.content import LetterContent
from orchestrator.services.letters.look import script
from orchestrator.services.letters.own_words import Passage, passages, with_first
from orchestrator.services.letters.reasons import reason_line
from orchestrator.words import say

# Stand for what differs from reader to reader in a rendered page: private use, so no text of anybody's
# holds them. In plain text the name is the whole line of the greeting, because that is wrapped; the one in
# the reader's own language has a mark of its own. So it is with the line that says whom the links are for.
_NAME = "\ue000reader\ue000"
_OWN_GREETING = "\ue000greeting\ue000"
_PRIVATE = "\ue000private\ue000"
_OWN_PRIVATE = "\ue000own private\ue000"
_PAGE = "\ue000page\ue000"
_DISPLAY_NAME = "\ue000display name\ue000"
SUBJECTS = {
    "invitation": "Invitation: {title}",
    "save-the-date": "Save the date: {title}",
    "update": "Updated: {title}",
    "again": "Invitation: {title}",
    "refusal": "Time unchanged: {title}",
    "answered-for": "Answered for you: {title}",
    "reminder": marked("Reminder: {title}"),
    "notice": marked("{notice}: {title}"),
    "chaser": marked("Still missing for: {title}"),
    "connection-test": marked("Connectivity test: {title}"),
    "date-poll": marked("Choice of a date: {title}"),
    "cancellation": "Cancelled: {title}",
    "letter": "{title}",
    "minutes": "Minutes: {title}",
    "alert": "No join link yet: {title}",
    "digest": "Answers: {title}",
    "decline-alert": "Head of delegation declined: {title}",
    "day-off-alert": "Now on a day off: {title}",
}
_REMOVAL = "Change of participants: {title}"
_NOT_UP_TO_DATE = "Video meeting not brought up to date: {title}"
_COMMAND = re.compile(r"[A-Z][a-z]+-[A-Z]\w+ -")
_DATED = ("reminder", "save-the-date")
# By whether the meeting's own clock is told first.
_BESIDE = (marked("Host time"), marked("Your time"))
_DEAR = marked("Dear {name},")
_FOR_ONLY = marked("The personal links in this mail are for {name} only.")
_OWN_ANSWER = marked("your own answer: whether you will take part")
_WANTED = {
    Need.ANSWER: marked("the answer of your head of delegation"),
    Need.LIST: marked("the list of who comes for your delegation"),
    Need.PAPER: marked("the paper of your delegation"),
    Need.TEST: marked("the connectivity test of your delegation"),
}
_WANTED_OF_OTHERS = {
    Need.ANSWER: marked("answer"),
    Need.LIST: marked("delegation list"),
    Need.PAPER: marked("paper"),
    Need.TEST: marked("connectivity test"),
}


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One item of the agenda as the recipient reads it; ``points`` are decisions of another meeting."""

    number: int
    text: str
    lang: str
    lead: str | None
    points: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalSpan:
    """A stretch of time as the recipient reads it; ``clocks`` is ``14:00–17:00``, ``words`` all of it."""

    starts: LocalTime
    clocks: str
    words: str


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
    where no mail is written in it, for coordinators may write in it.
    """

    delegation: str
    wording: Wording = ENGLISH
    language: str = ENGLISH.code
    answered: bool = False
    removed: bool = False
    head_silent: bool = False
    has_page: bool = True


@dataclass(frozen=True, slots=True)
class PageKey:
    """What the mails to the people of one delegation have in common."""

    edition: Edition
    reader: Reader
    content: LetterContent
    purpose: str


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered mail that lacks only its reader's name and page, and the name to show in the meeting."""

    subject: str
    text: Form
    html: Form

    def filled(self, name: str, wording: Wording, page_url: str, shown: str) -> tuple[Encoded, Encoded]:
        """Return text and HTML for the reader called ``name``, whose page is at ``page_url``.

        ``shown`` is the name to show in the meeting.
        """
        marks = ((_PAGE, page_url), (_DISPLAY_NAME, shown))
        lines = (
            (_NAME, _line(ENGLISH, _DEAR, name)),
            (_OWN_GREETING, _line(wording, _DEAR, name)),
            (_PRIVATE, _line(ENGLISH, _FOR_ONLY, name)),
            (_OWN_PRIVATE, _line(wording, _FOR_ONLY, name)),
        )
        in_html = ((_NAME, escape(name)), (_PAGE, page_url), (_DISPLAY_NAME, escape(shown)))
        return self.text.filled(*lines, *marks), self.html.filled(*in_html)


def _subject_of(key: PageKey) -> str:
    """Return the subject with its places; a mail must not be called what it is not for its reader."""
    if key.reader.removed and key.content.kind is ActionKind.CANCEL:
        return _REMOVAL
    if key.content.tentative and key.purpose == "again":
        return SUBJECTS["save-the-date"]
    if key.content.kind is ActionKind.LINK_ALERT and key.edition.meeting.join_url:
        return _NOT_UP_TO_DATE
    return SUBJECTS[key.purpose]


def _line(wording: Wording, text: str, name: str) -> str:
    """Return a line of plain text that names the reader."""
    line = wording.say(text, name=name)
    # Most names fit, and wrapping costs as much as encoding the mail.
    return line if len(line) <= TEXT_WIDTH else "\n".join(wrap(line, TEXT_WIDTH))


def _lines(fact: Fact) -> list[tuple[str, bool]]:
    """Return a fact line by line, and which of them are commands of PowerShell, to be copied as they are."""
    return [(line, _COMMAND.match(line) is not None) for line in say(fact).splitlines()]


def _say_in_html(wording: Wording, text: str, **values: object) -> Markup:
    """Return a text in a language for HTML, its values escaped."""
    return escape(wording.translate(text)).format(**values)


def _translated(en: str, vi: str | None, wording: Wording) -> tuple[str, str]:
    """Return a text of the coordinator's as it is read in a language, and the language that it is in."""
    return (vi, "vi") if vi and wording.code == "vi" else (en, ENGLISH.code)


def _wordings(key: PageKey) -> tuple[Wording, ...]:
    """Return the languages that a mail is written in, in their order."""
    own = key.reader.wording
    in_own = key.purpose in IN_OWN_LANGUAGE
    letter = key.content.letter
    if letter is not None and not letter.text.has(own.code):
        # A frame in the reader's language around a text in another would promise what does not come.
        return (ENGLISH,)
    return (own, ENGLISH) if in_own and not own.is_english else (ENGLISH,)


def _title(meeting: Meeting, wording: Wording) -> tuple[str, str]:
    return _translated(meeting.title_en, meeting.title_vi, wording)


class PageWriter:
    """Renders pages; what the mails to one delegation have in common is rendered once."""

    def __init__(self, templates: Environment, directory: Directory) -> None:
        """Take the Jinja environment with ``<purpose>.txt.j2`` and ``.html.j2``."""
        self._templates = templates
        self._directory = directory
        self.page = lru_cache(maxsize=128)(self._render)

    def _render(self, key: PageKey) -> Page:
        """Render what all recipients of one delegation have in common; a name is put in afterwards.

        Who reads another language gets it first and the English text, which counts, below it.
        """
        wordings = _wordings(key)
        parts = [
            self._facts(key, wording) | {"first": wording is wordings[0], "last": wording is wordings[-1]}
            for wording in wordings
        ]
        text, html = self._template(key, "txt"), self._template(key, "html")
        texts = [
            with_first(
                text.render(
                    part,
                    _=wording.say,
                    greeting=_NAME if part["last"] else _OWN_GREETING,
                    private=_PRIVATE if part["last"] else _OWN_PRIVATE,
                ),
                _NAME if part["last"] else _OWN_GREETING,
                part["note"],
            )
            for part, wording in zip(parts, wordings, strict=True)
        ]
        htmls = [
            html.render(part, _=partial(_say_in_html, wording), name=_NAME)
            for part, wording in zip(parts, wordings, strict=True)
        ]
        return Page(
            subject=key.content.subject or self._subject(key, wordings[0]),
            text=Form.of(
                "\n".join(texts), _NAME, _OWN_GREETING, _PRIVATE, _OWN_PRIVATE, _PAGE, _DISPLAY_NAME
            ),
            html=Form.of("".join(htmls), _NAME, _PAGE, _DISPLAY_NAME),
        )

    def _template(self, key: PageKey, kind: str) -> Template:
        return self._templates.get_template(f"{key.purpose}.{kind}.j2")

    def _subject(self, key: PageKey, wording: Wording) -> str:
        """Return the subject; Vietnamese readers know a meeting by its Vietnamese title."""
        meeting, content = key.edition.meeting, key.content
        title, _ = _title(meeting, wording)
        starts_at = content.slot.starts_at if content.slot else meeting.starts_at
        if key.purpose in _DATED or content.slot:
            local = self._local(key, starts_at) if content.slot else self._at_meeting(key, starts_at)
            title = f"{title} – {wording.moment(local)}"
        if content.letter is not None:
            return f"{content.letter.subject.read_in(key.reader.language)} – {title}"
        notice = wording.say(content.notice.subject) if content.notice else ""
        return wording.say(_subject_of(key), title=title, notice=notice)

    def _local(self, key: PageKey, instant: datetime) -> LocalTime:
        """Return an instant as it reads where the recipient is; the words are English."""
        return local_time(instant, self._directory.place_of(key.reader.delegation, instant))

    def _at_meeting(self, key: PageKey, instant: datetime) -> LocalTime:
        """Return a time of the meeting as it reads where the recipient is then: in person, at the venue."""
        meeting = key.edition.meeting
        return local_time(instant, place_for(meeting, self._directory, key.reader.delegation, instant))

    def _beside(self, key: PageKey) -> LocalTime | None:
        """Return the start by the clock that is told beside: the host's, or in person the recipient's own."""
        meeting, own = key.edition.meeting, self._local(key, key.edition.meeting.starts_at)
        there = local_time(meeting.starts_at, host_place(meeting, self._directory, meeting.starts_at))
        if meeting.where.clock is None:
            return None if own == there else there
        return None if own.offset == there.offset else own

    def _stretch(self, key: PageKey, wording: Wording, starts_at: datetime, ends_at: datetime) -> LocalSpan:
        starts, ends = self._local(key, starts_at), self._local(key, ends_at)
        mark = wording.day_mark(ends.days_after(starts))
        return LocalSpan(
            wording.local(starts), f"{starts.clock}–{ends.clock}{mark}", wording.moment(starts, ends)
        )

    def _own(self, key: PageKey, wording: Wording, words: OwnWords | None) -> tuple[Passage, ...]:
        return passages(words, wording.code, key.reader.language, _wordings(key)[0].code)

    def _facts(self, key: PageKey, wording: Wording) -> dict[str, Any]:
        """Return what the templates are rendered with, in one language."""
        meeting, content = key.edition.meeting, key.content
        delegation = self._directory.get(key.reader.delegation)
        title, title_lang = _title(meeting, wording)
        # What is in English alone has the Vietnamese title beside the English one.
        beside = key.reader.wording.code == "vi" and key.purpose not in IN_OWN_LANGUAGE
        return {
            **self._times(key, wording),
            **self._wanted(key, wording),
            **script(wording),
            "delegation": wording.name(delegation.name),
            "answered": key.reader.answered,
            "removed": key.reader.removed,
            "has_page": key.reader.has_page,
            "title": title,
            "title_lang": title_lang,
            "heading_height": "1.8" if wording.language.tall and title_lang == wording.code else "1.35",
            "title_vi": meeting.title_vi if beside else None,
            "join_url": meeting.join_url,
            "online": meeting.mode.has_link,
            "where": meeting.where,
            "trouble": _lines(trouble.reason) if (trouble := meeting.conference.trouble) else [],
            "agenda": self._agenda(meeting, wording),
            "coordinator": meeting.coordinator_name,
            "coordinator_email": meeting.coordinator_email,
            "host_name": wording.name(self._directory.get(meeting.host).name),
            "differences": content.differences,
            "asked_again": any(item.what is What.TIME or item == REINSTATED for item in content.differences),
            "page": _PAGE,
            "display_name": _DISPLAY_NAME,
            "notice": content.notice,
            "report": content.report,
            "proposed": content.proposed,
            "comment": content.comment,
            "days_off": content.days_off,
            "given_by": content.given_by,
            "given": content.given,
            "note": self._own(key, wording, key.content.note.texts if key.content.note else None),
            "letter": self._own(key, wording, key.content.letter.text if key.content.letter else None),
            "reason": reason_line(content.reasons, wording.code, key.reader.language, _wordings(key)[0].code),
            "tentative": content.tentative,
            "takes_place": meeting.status is MeetingStatus.PUBLISHED,
            "attachment": content.attachment.filename if content.attachment else None,
            "version": content.number,
            "reference": meeting.reference,
        }

    def _times(self, key: PageKey, wording: Wording) -> dict[str, Any]:
        """Return when things are, on the recipient's own clock."""
        meeting, content = key.edition.meeting, key.content
        when, end = self._at_meeting(key, meeting.starts_at), self._at_meeting(key, meeting.ends_at)
        beside = self._beside(key)
        slot, deadline = content.slot, content.deadline
        return {
            "when": wording.local(when),
            "end": wording.local(end),
            "end_days": end.days_after(when),
            "host_when": wording.local(beside) if beside else None,
            "host_days": beside.days_after(when) if beside else 0,
            "host_label": _BESIDE[meeting.where.clock is not None],
            "day_mark": wording.day_mark,
            "duration": wording.duration(meeting.duration),
            "meeting_span": wording.moment(when, end),
            "slot": self._stretch(key, wording, slot.starts_at, slot.ends_at) if slot else None,
            "options": [
                self._stretch(key, wording, option, option + meeting.duration) for option in content.options
            ],
            "deadline": wording.moment(self._local(key, deadline)) if deadline else None,
            "overdue": content.overdue,
        }

    def _wanted(self, key: PageKey, wording: Wording) -> dict[str, Any]:
        """Return what is still missing: of the recipient's delegation, and of all the others."""
        content, reader = key.content, key.reader
        # Who has not answered is asked for that in every reminder, whatever else is missing.
        asked = content.kind is ActionKind.REMIND or Need.ANSWER in content.missing
        asks_answer = asked and reader.has_page and not reader.answered
        # A delegation has answered when its head has, so that its focal point's own answer is not enough.
        of_head = reader.answered or reader.head_silent
        others = [need for need in content.missing if of_head or need is not Need.ANSWER]
        return {
            "asks_answer": asks_answer,
            "missing": [*([_OWN_ANSWER] if asks_answer else []), *(_WANTED[need] for need in others)],
            "silent": [
                (wording.name(name), [wording.say(_WANTED_OF_OTHERS[need]) for need in needs])
                for name, needs in content.silent
            ],
        }

    def _agenda(self, meeting: Meeting, wording: Wording) -> tuple[AgendaLine, ...]:
        return tuple(
            AgendaLine(
                item.number,
                *_translated(item.en, item.vi, wording),
                wording.name(lead_words(item.lead, self._directory)) if item.lead else None,
                tuple(point.said for point in item.points),
            )
            for item in meeting.agenda
        )

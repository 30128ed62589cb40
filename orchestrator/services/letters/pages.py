"""Renders what the mails to the people of one delegation have in common, in their language and in English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from textwrap import wrap
from typing import Any

from jinja2 import Environment, Template
from markupsafe import Markup, escape

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.addressing import Addressee, greeting
from orchestrator.domain.letters.invitation import lead_words
from orchestrator.domain.letters.message import TEXT_WIDTH, Encoded, Form
from orchestrator.domain.letters.wording import ENGLISH, Wording, marked
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus, Need
from orchestrator.domain.own_words import OwnWords
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.kinds import IN_OWN_LANGUAGE, ActionKind
from orchestrator.facts import Fact, Said
from orchestrator.services.letters.look import script
from orchestrator.services.letters.own_words import Passage, passages, with_first
from orchestrator.services.letters.page_facts import (
    GIVEN,
    WANTED_OF_OTHERS,
    beside,
    called,
    changes,
    deadline_words,
    local,
    place_of,
    subject_of,
    title_of,
    translated,
)
from orchestrator.services.letters.page_key import PageKey
from orchestrator.services.letters.reasons import reason_line
from orchestrator.services.letters.status_page import status_page_of, status_subject
from orchestrator.services.letters.subjects import Occasion, occasion_of

# Stand for what differs from reader to reader in a rendered page: private use, so no text of anybody's
# holds them. The greeting is a whole line, because that is wrapped in plain text; the one in the reader's own
# language has a mark of its own. So it is with the line that says whom the links are for.
_NAME = "\ue000reader\ue000"
_GREETING = "\ue000english greeting\ue000"
_OWN_GREETING = "\ue000greeting\ue000"
_PRIVATE = "\ue000private\ue000"
_OWN_PRIVATE = "\ue000own private\ue000"
_PAGE = "\ue000page\ue000"
_DISPLAY_NAME = "\ue000display name\ue000"
_EVERYTHING = Fact.of("letters.digest.everything")
# By whether the meeting's own clock is told first.
_BESIDE = (marked("Host time"), marked("Your time"))
_FOR_ONLY = marked("The personal links in this mail are for {name} only.")
_OWN_ANSWER = marked("your own reply: whether you will take part")
_WANTED = {
    Need.ANSWER: marked("the reply of your head of delegation"),
    Need.LIST: marked("the list of who comes for your delegation"),
    Need.PAPER: marked("the paper of your delegation"),
    Need.TEST: marked("the connectivity test of your delegation"),
}
_SEATED_BEFORE = timedelta(minutes=15)


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


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered mail that lacks only its reader's name and page, and the name to show in the meeting."""

    subject: str
    text: Form
    html: Form

    def filled(
        self, reader: Addressee, wording: Wording, page_url: str, shown: str
    ) -> tuple[Encoded, Encoded]:
        """Return text and HTML for the reader, whose page is at ``page_url``.

        ``shown`` is the name to show in the meeting.
        """
        marks = ((_PAGE, page_url), (_DISPLAY_NAME, shown))
        english, own = greeting(reader, ENGLISH), greeting(reader, wording)
        lines = (
            (_GREETING, _wrapped(english)),
            (_OWN_GREETING, _wrapped(own)),
            (_PRIVATE, _wrapped(ENGLISH.say(_FOR_ONLY, name=reader.name))),
            (_OWN_PRIVATE, _wrapped(wording.say(_FOR_ONLY, name=reader.name))),
        )
        in_html = (
            (_NAME, escape(reader.name)),
            (_GREETING, escape(english)),
            (_OWN_GREETING, escape(own)),
            (_PAGE, page_url),
            (_DISPLAY_NAME, escape(shown)),
        )
        return self.text.filled(*lines, *marks), self.html.filled(*in_html)


def _wrapped(line: str) -> str:
    """Return a line of plain text that names the reader."""
    # Most names fit, and wrapping costs as much as encoding the mail.
    return line if len(line) <= TEXT_WIDTH else "\n".join(wrap(line, TEXT_WIDTH))


def _clocks(starts: LocalTime, ends: LocalTime, wording: Wording) -> str:
    """Return ``14:00–17:00``, or with a mark where it ends on another date."""
    return f"{starts.clock}–{ends.clock}{wording.day_mark(ends.days_after(starts))}"


def _say_in_html(wording: Wording, text: str, **values: object) -> Markup:
    """Return a text in a language for HTML, its values escaped."""
    return escape(wording.translate(text)).format(**values)


def _own(key: PageKey, wording: Wording, begins: Wording, words: OwnWords | None) -> tuple[Passage, ...]:
    """Return what a coordinator wrote as it stands in the part of a mail that is in a language."""
    return passages(words, wording.code, key.reader.language, begins.code)


class PageWriter:
    """Renders pages; what the mails to one delegation have in common is rendered once."""

    def __init__(self, templates: Environment, directory: Directory, url_of: Callable[[str], str]) -> None:
        """Take the Jinja environment with ``<purpose>.txt.j2`` and ``.html.j2``.

        ``url_of`` makes absolute addresses of paths of the console.
        """
        self._url_of = url_of
        self._templates = templates
        self._directory = directory
        self.page = lru_cache(maxsize=128)(self._render)

    def _render(self, key: PageKey) -> Page:
        """Render what all recipients of one delegation have in common; a name is put in afterwards.

        Who reads another language gets it first and the English text, which counts, below it; and English
        alone where not every text has been translated, for nobody reads two languages mixed.
        """
        own, missed, letter = key.reader.wording, set[str](), key.content.letter
        # A frame in the reader's language around a text in another would promise what does not come.
        framed = letter is not None and not letter.text.has(own.code)
        if own.is_english or framed or key.purpose not in IN_OWN_LANGUAGE:
            return self._part(key, ENGLISH, begins=ENGLISH, last=True)
        first = self._part(key, own.noting(missed), begins=own, last=False)
        if missed:
            return self._part(key, ENGLISH, begins=ENGLISH, last=True)
        second = self._part(key, ENGLISH, begins=own, last=True)
        return Page(first.subject, first.text + second.text, first.html + second.html)

    def _part(self, key: PageKey, wording: Wording, *, begins: Wording, last: bool) -> Page:
        """Render the part of a mail in one language; ``begins`` is the one that the mail begins in."""
        own_note = key.content.note.texts if key.content.note else None
        facts = self._facts(key, wording) | {
            "first": wording.code == begins.code,
            "last": last,
            "reason": reason_line(key.content.reasons, wording.code, key.reader.language, begins.code),
            "note": (note := _own(key, wording, begins, own_note)),
            "letter": _own(key, wording, begins, key.content.letter.text if key.content.letter else None),
        }
        line, private = (_GREETING, _PRIVATE) if last else (_OWN_GREETING, _OWN_PRIVATE)
        text = self._template(key, "txt").render(facts, _=wording.say, greeting=line, private=private)
        text = with_first(text, line, note)
        html = self._template(key, "html").render(
            facts, _=partial(_say_in_html, wording), greeting=line, name=_NAME
        )
        marks = (_GREETING, _OWN_GREETING, _PRIVATE, _OWN_PRIVATE, _PAGE, _DISPLAY_NAME)
        return Page(
            self._subject(key, wording),
            Form.of(text, *marks),
            Form.of(html, _NAME, *marks),
        )

    def _subject(self, key: PageKey, wording: Wording) -> str:
        if key.content.status is not None:
            return status_subject(key.content.status, wording)
        return key.content.subject or subject_of(self._directory, key, wording)

    def _template(self, key: PageKey, kind: str) -> Template:
        invites = (
            key.purpose == "update"
            and occasion_of(key.content, key.edition.meeting.mode) is Occasion.INVITATION
        )
        return self._templates.get_template(f"{'invitation' if invites else key.purpose}.{kind}.j2")

    def _stretch(self, key: PageKey, wording: Wording, starts_at: datetime, ends_at: datetime) -> LocalSpan:
        starts, ends = local(self._directory, key, starts_at), local(self._directory, key, ends_at)
        mark = wording.day_mark(ends.days_after(starts))
        return LocalSpan(
            wording.local(starts), f"{starts.clock}–{ends.clock}{mark}", wording.moment(starts, ends)
        )

    def _facts(self, key: PageKey, wording: Wording) -> dict[str, Any]:
        """Return what the templates are rendered with, in one language."""
        meeting, content = key.edition.meeting, key.content
        delegation = self._directory.get(key.reader.delegation)
        title, title_lang = title_of(meeting, wording)
        # What is in English alone has the Vietnamese title beside the English one.
        in_both = key.reader.wording.code == "vi" and key.purpose not in IN_OWN_LANGUAGE
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
            "title_vi": meeting.title_vi if in_both else None,
            **called(self._directory, key, wording, title),
            **changes(self._directory, key, wording),
            "where": meeting.where,
            "online": meeting.mode.has_link,
            "join_url": meeting.join_url,
            "agenda": self._agenda(meeting, wording),
            "coordinator": meeting.coordinator_name,
            "coordinator_email": meeting.coordinator_email,
            "host_name": wording.name(self._directory.get(meeting.host).name),
            "page": _PAGE,
            "display_name": _DISPLAY_NAME,
            "notice": content.notice,
            "status": status_page_of(content.status, wording, self._url_of, _EVERYTHING)
            if content.status
            else None,
            "proposed": wording.moment(
                local_time(content.proposed, place_of(self._directory, key, content.proposed))
            )
            if content.proposed
            else None,
            "comment": content.comment,
            "given_by": content.given_by,
            "given": wording.say(GIVEN[content.given]) if content.given else None,
            "tentative": content.tentative,
            "takes_place": meeting.status is MeetingStatus.PUBLISHED,
            "attachment": content.attachment.filename if content.attachment else None,
            "version": content.number,
            "reference": meeting.reference,
        }

    def _times(self, key: PageKey, wording: Wording) -> dict[str, Any]:
        """Return when things are, on the recipient's own clock."""
        meeting, content = key.edition.meeting, key.content
        place = place_of(self._directory, key, meeting.starts_at)
        when, end = local_time(meeting.starts_at, place), local_time(meeting.ends_at, place)
        other = beside(self._directory, key)
        host_when = local_time(meeting.starts_at, other or place)
        host_end = local_time(meeting.ends_at, other or place)
        slot, deadline = content.slot, content.deadline
        return {
            "when": wording.local(when),
            "end": wording.local(end),
            "end_days": end.days_after(when),
            "host_when": wording.local(host_when) if other else None,
            "host_days": host_when.days_after(when),
            "host_clocks": _clocks(host_when, host_end, wording),
            "seated": self._clock_of(key, meeting.starts_at - _SEATED_BEFORE),
            "by": deadline_words(self._directory, key, wording, deadline),
            "meeting_clock": wording.clock(when, host_when if other else None),
            "invitation_by": wording.date(local(self._directory, key, content.invitation_by).day)
            if content.invitation_by
            else None,
            "host_label": _BESIDE[meeting.where.clock is not None],
            "day_mark": wording.day_mark,
            "duration": wording.duration(meeting.duration),
            "meeting_span": wording.moment(when, end),
            "slot": self._stretch(key, wording, slot.starts_at, slot.ends_at) if slot else None,
            "options": [
                self._stretch(key, wording, option, option + meeting.duration) for option in content.options
            ],
            "deadline": wording.moment(local(self._directory, key, deadline)) if deadline else None,
            "overdue": content.overdue,
        }

    def _clock_of(self, key: PageKey, instant: datetime) -> str:
        return local_time(instant, place_of(self._directory, key, instant)).clock

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
                (wording.name(name), [wording.say(WANTED_OF_OTHERS[need]) for need in needs])
                for name, needs in content.silent
            ],
        }

    def _agenda(self, meeting: Meeting, wording: Wording) -> tuple[AgendaLine, ...]:
        return tuple(
            AgendaLine(
                item.number,
                *translated(item.en, item.vi, wording),
                wording.name(lead_words(item.lead, self._directory)) if item.lead else None,
                tuple(point.said for point in item.points),
            )
            for item in meeting.agenda
        )

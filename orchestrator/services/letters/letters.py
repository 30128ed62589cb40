"""Writes the mails: what one recipient is told about one meeting, as text, HTML and calendar."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from textwrap import wrap
from typing import Any

from jinja2 import Environment, Template
from markupsafe import Markup, escape

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.display_name import display_name
from orchestrator.domain.letters.invitation import CalendarFacts, CalendarTemplate, description, lead_words
from orchestrator.domain.letters.message import (
    TEXT_WIDTH,
    Attachment,
    CalendarCopy,
    Form,
    Letter,
    NamedAddress,
    message_id,
)
from orchestrator.domain.letters.notices import NoticeText
from orchestrator.domain.letters.wording import ENGLISH, Wording, marked
from orchestrator.domain.meetings.changes import REINSTATED, Difference, What
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import Attendee, ConnectionTest, Meeting, Need, News
from orchestrator.domain.meetings.revision import Notice, cancel_to, request_to
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.domain.timelines.kinds import IN_OWN_LANGUAGE, ActionKind
from orchestrator.domain.timelines.needs import may_speak
from orchestrator.services.letters.languages import Languages
from orchestrator.services.people.links import Links


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a mail is written: the action behind it and what the recipient was told before.

    ``number`` makes the Message-ID of repeated occasions differ: the revision for an invitation, the
    SEQUENCE for a cancellation, the version for minutes, the newest response for a digest. ``sequence``
    is the SEQUENCE of the calendar object, ``subject`` an update's subject, which leads with what changed.
    ``asked_at`` is when the recipient asked for the invitation again; ``report`` is what a coordinator is
    told, ``proposed`` the time that cannot be had.

    ``missing`` is what is still wanted of the recipient's delegation or, for an answer, of the recipient;
    ``silent`` tells the coordinator and the Secretariat which delegations, by name and in protocol order,
    still owe what. ``deadline`` is until when that is wanted, or until when a date poll is open, and
    ``overdue`` says that it has passed; ``slot`` is the delegation's time to test its connection,
    ``options`` are the starts to choose from. Instants are aware UTC.
    """

    kind: ActionKind
    step: str
    number: int
    sequence: int
    first_message_id: str | None = field(default=None, compare=False)
    differences: tuple[Difference, ...] = ()
    subject: str = ""
    attachment: Attachment | None = None
    tentative: bool = False
    report: Report | None = None
    proposed: str | None = None
    comment: str | None = None
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
class ReportLine:
    """One thing that came back, as the coordinator reads it."""

    delegation: str
    who: str
    what: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What came back since the last report, and how the meeting stands now."""

    lines: tuple[ReportLine, ...]
    tally: tuple[tuple[str, int], ...]
    silent: tuple[str, ...]


# Stand for what differs from reader to reader in a rendered page: private use, so no text of anybody's
# holds them. In plain text the name is the whole line of the greeting, because that is wrapped; the one in
# the reader's own language has a mark of its own.
_NAME = "\ue000reader\ue000"
_OWN_GREETING = "\ue000greeting\ue000"
_PAGE = "\ue000page\ue000"
_DISPLAY_NAME = "\ue000display name\ue000"
_SUBJECTS = {
    "invitation": "Invitation: {title}",
    "save-the-date": "Save the date: {title}",
    "update": "Updated: {title}",
    "again": "Invitation: {title}",
    "refusal": "Time unchanged: {title}",
    "reminder": marked("Reminder: {title}"),
    "notice": marked("{notice}: {title}"),
    "chaser": marked("Still missing for: {title}"),
    "connection-test": marked("Connectivity test: {title}"),
    "date-poll": marked("Choice of a date: {title}"),
    "cancellation": "Cancelled: {title}",
    "minutes": "Minutes: {title}",
    "alert": "No join link yet: {title}",
    "digest": "Answers: {title}",
    "decline-alert": "Head of delegation declined: {title}",
}
_DATED = ("reminder", "save-the-date")
_DEAR = marked("Dear {name},")
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
# Mail programs know no web fonts; these are what Windows and Linux have for the scripts of the region.
_FONTS = Markup(
    "'Leelawadee UI','Myanmar Text','Noto Sans Thai','Noto Sans Khmer','Noto Sans Lao','Noto Sans Myanmar',"
)


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One item of the agenda as the recipient reads it; ``points`` are outcomes of another meeting."""

    number: int
    text: str
    lang: str
    lead: str | None
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time as the recipient reads it; ``clocks`` is ``14:00–17:00``, ``words`` all of it."""

    starts: LocalTime
    clocks: str
    words: str


@dataclass(frozen=True, slots=True)
class CalendarKey:
    """What the calendar copies of one revision have in common."""

    method: Method
    status: EventStatus
    sequence: int
    stamp: datetime
    edition: Edition

    @classmethod
    def of(cls, notice: Notice, edition: Edition, asked_at: datetime | None) -> CalendarKey:
        """Return the key of a notice. What was asked for again is newer than what was there."""
        stamp = notice.stamp if asked_at is None else max(notice.stamp, asked_at)
        return cls(notice.method, notice.status, notice.sequence, stamp, edition)


@dataclass(frozen=True, slots=True)
class Reader:
    """What a mail's words depend on beside the meeting: whose clock and language, and what was answered.

    ``head_silent`` says that the reader may answer for a delegation whose head, somebody else, has not.
    ``has_page`` says that there is a personal page, which coordinators have not.
    """

    delegation: str
    wording: Wording = ENGLISH
    answered: bool = False
    removed: bool = False
    head_silent: bool = False
    has_page: bool = True


@dataclass(frozen=True, slots=True)
class PageKey:
    """What the mails to the people of one delegation have in common."""

    edition: Edition
    reader: Reader
    occasion: Occasion
    purpose: str


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered mail that lacks only its reader's name and page, and the name to show in the meeting."""

    subject: str
    text: Form
    html: Form


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """A meeting without what differs from recipient to recipient; compared by identity, for speed."""

    meeting: Meeting
    sender: NamedAddress
    reply_to: NamedAddress


def _greeting(wording: Wording, name: str) -> str:
    line = wording.say(_DEAR, name=name)
    # Most names fit, and wrapping costs as much as encoding the mail.
    return line if len(line) <= TEXT_WIDTH else "\n".join(wrap(line, TEXT_WIDTH))


def _say_in_html(wording: Wording, text: str, **values: object) -> Markup:
    """Return a text in a language for HTML, its values escaped."""
    return escape(wording.translate(text)).format(**values)


def _script(wording: Wording) -> dict[str, Any]:
    """Return how the letters of a language are set."""
    language = wording.language
    return {
        "lang": language.code,
        "english": wording.is_english,
        "line_height": "1.8" if language.tall else "1.5",
        "fonts": "" if wording.is_english else _FONTS,
    }


def _waits_for_head(meeting: Meeting, attendee: Attendee) -> bool:
    """Whether somebody speaks for a delegation whose head, who is somebody else, has not answered."""
    head = meeting.head_of(attendee.delegation)
    if head is None or head.address == attendee.address or head.answered:
        return False
    return may_speak(meeting, attendee)


def _translated(en: str, vi: str | None, wording: Wording) -> tuple[str, str]:
    """Return a text of the coordinator's as it is read in a language, and the language that it is in."""
    return (vi, "vi") if vi and wording.code == "vi" else (en, ENGLISH.code)


def _title(meeting: Meeting, wording: Wording) -> tuple[str, str]:
    return _translated(meeting.title_en, meeting.title_vi, wording)


class Letters:
    """Composes letters; what the recipients of a revision have in common is made once."""

    def __init__(
        self,
        templates: Environment,
        directory: Directory,
        organizer: NamedAddress,
        links: Links,
        *,
        counter: bool = True,
        languages: Languages | None = None,
    ) -> None:
        """Take the Jinja environment with ``<purpose>.txt.j2`` and ``.html.j2`` and the service's mailbox.

        ``counter`` says whether calendars may offer to propose another time. Without ``languages``
        everything is in English.
        """
        self._templates = templates
        self._directory = directory
        self._organizer = organizer
        self._links = links
        self._counter = counter
        self._languages = languages or Languages()
        self._domain = organizer.address.rpartition("@")[2]
        self._calendar = lru_cache(maxsize=16)(self._build_calendar)
        self._page = lru_cache(maxsize=128)(self._render)
        self._seen: tuple[Meeting | None, Edition | None] = (None, None)

    def to_attendee(self, meeting: Meeting, attendee: Attendee, occasion: Occasion, now: datetime) -> Letter:
        """Write the mail of ``occasion`` to ``attendee``, dated ``now`` (aware UTC)."""
        edition = self._edition(meeting)
        recipient = NamedAddress(attendee.name, attendee.email)
        reader = Reader(
            attendee.delegation,
            self._wording(attendee.delegation, attendee.language),
            answered=attendee.answered,
            removed=not attendee.invited,
            head_silent=occasion.purpose in IN_OWN_LANGUAGE and _waits_for_head(meeting, attendee),
        )
        address = self._links.reply_address(meeting, attendee)
        calendar = None
        if occasion.kind.carries_calendar:
            cancels = occasion.kind.rules.calendar is Method.CANCEL
            notice = cancel_to(meeting, attendee) if cancels else request_to(meeting, attendee)
            template = self._calendar(CalendarKey.of(notice, edition, occasion.asked_at))
            calendar = CalendarCopy(notice.method, template.copy_for(attendee, address))
        page = self._links.page(attendee)
        shown = ""
        if occasion.purpose in IN_OWN_LANGUAGE:
            shown = display_name(attendee, meeting, self._directory)
        return self._letter(
            edition, recipient, reader, occasion, now, page, address, calendar, shown, attendee.id
        )

    def to_coordinator(self, meeting: Meeting, occasion: Occasion, now: datetime) -> Letter:
        """Write the mail of ``occasion`` to the coordinator."""
        recipient = NamedAddress(meeting.coordinator_name, meeting.coordinator_email)
        reader = Reader(meeting.host, self._wording(meeting.host), has_page=False)
        return self._letter(self._edition(meeting), recipient, reader, occasion, now)

    def _wording(self, delegation: str, language: str | None = None) -> Wording:
        return self._languages.wording(language or self._directory.get(delegation).locale)

    def _edition(self, meeting: Meeting) -> Edition:
        """Return what the mails of a meeting have in common; the same while answers and papers come in."""
        seen, edition = self._seen
        if seen is meeting and edition is not None:
            return edition
        common = replace(
            meeting,
            attendees=(),
            news=News(),
            refusals=(),
            contributions=(),
            connection_tests=(),
            date_poll=None,
        )
        if edition is None or edition.meeting != common:
            edition = Edition(
                common,
                NamedAddress(
                    f"{meeting.coordinator_name} via {self._organizer.name}", self._organizer.address
                ),
                NamedAddress(meeting.coordinator_name, meeting.coordinator_email),
            )
        self._seen = (meeting, edition)
        return edition

    def _letter(
        self,
        edition: Edition,
        recipient: NamedAddress,
        reader: Reader,
        occasion: Occasion,
        now: datetime,
        page_url: str = "",
        return_path: str | None = None,
        calendar: CalendarCopy | None = None,
        shown: str = "",
        attendee_id: int = 0,
    ) -> Letter:
        purpose, meeting = occasion.purpose, edition.meeting
        page = self._page(PageKey(edition, reader, occasion, purpose))
        name = recipient.name
        marks = ((_PAGE, page_url), (_DISPLAY_NAME, shown))
        greetings = (
            (_NAME, _greeting(ENGLISH, name)),
            (_OWN_GREETING, _greeting(reader.wording, name)),
        )
        in_html = ((_NAME, escape(name)), (_PAGE, page_url), (_DISPLAY_NAME, escape(shown)))
        return Letter(
            sender=edition.sender,
            recipient=recipient,
            reply_to=edition.reply_to,
            subject=page.subject,
            date=now,
            message_id=message_id(
                self._domain,
                meeting.uid or meeting.reference,
                *_as_numbered(purpose, occasion.step),
                occasion.sequence if occasion.kind.carries_calendar else attendee_id,
                occasion.number,
                recipient.address.casefold(),
            ),
            text=page.text.filled(*greetings, *marks),
            html=page.html.filled(*in_html),
            references=occasion.first_message_id,
            calendar=calendar,
            attachments=(occasion.attachment,) if occasion.attachment else (),
            return_path=return_path,
        )

    def _render(self, key: PageKey) -> Page:
        """Render what all recipients of one delegation have in common; a name is put in afterwards.

        Whoever reads another language gets it first and the English text, which counts, below it.
        """
        own = key.reader.wording
        in_own = key.purpose in IN_OWN_LANGUAGE
        wordings = (own, ENGLISH) if in_own and not own.is_english else (ENGLISH,)
        parts = [
            self._facts(key, wording) | {"first": wording is wordings[0], "last": wording is wordings[-1]}
            for wording in wordings
        ]
        text, html = self._template(key, "txt"), self._template(key, "html")
        texts = [
            text.render(part, _=wording.say, greeting=_NAME if part["last"] else _OWN_GREETING)
            for part, wording in zip(parts, wordings, strict=True)
        ]
        htmls = [
            html.render(part, _=partial(_say_in_html, wording), name=_NAME)
            for part, wording in zip(parts, wordings, strict=True)
        ]
        return Page(
            subject=key.occasion.subject or self._subject(key, wordings[0]),
            text=Form.of("\n".join(texts), _NAME, _OWN_GREETING, _PAGE, _DISPLAY_NAME),
            html=Form.of("".join(htmls), _NAME, _PAGE, _DISPLAY_NAME),
        )

    def _template(self, key: PageKey, kind: str) -> Template:
        return self._templates.get_template(f"{key.purpose}.{kind}.j2")

    def _subject(self, key: PageKey, wording: Wording) -> str:
        """Return the subject; Vietnamese readers know a meeting by its Vietnamese title."""
        meeting, occasion = key.edition.meeting, key.occasion
        title, _ = _title(meeting, wording)
        starts_at = occasion.slot.starts_at if occasion.slot else meeting.starts_at
        if key.purpose in _DATED or occasion.slot:
            title = f"{title} – {wording.moment(self._local(key, starts_at))}"
        notice = wording.say(occasion.notice.subject) if occasion.notice else ""
        return wording.say(_SUBJECTS[key.purpose], title=title, notice=notice)

    def _local(self, key: PageKey, instant: datetime) -> LocalTime:
        """Return an instant as it reads where the recipient is; the words are English."""
        return local_time(instant, self._directory.place_of(key.reader.delegation, instant))

    def _stretch(self, key: PageKey, wording: Wording, starts_at: datetime, ends_at: datetime) -> Stretch:
        starts, ends = self._local(key, starts_at), self._local(key, ends_at)
        mark = wording.day_mark(ends.days_after(starts))
        return Stretch(
            wording.local(starts), f"{starts.clock}–{ends.clock}{mark}", wording.moment(starts, ends)
        )

    def _facts(self, key: PageKey, wording: Wording) -> dict[str, Any]:
        """Return what the templates are rendered with, in one language."""
        meeting, occasion = key.edition.meeting, key.occasion
        delegation = self._directory.get(key.reader.delegation)
        title, title_lang = _title(meeting, wording)
        # What is in English alone has the Vietnamese title beside the English one.
        beside = key.reader.wording.code == "vi" and key.purpose not in IN_OWN_LANGUAGE
        return {
            **self._times(key, wording),
            **self._wanted(key, wording),
            **_script(wording),
            "delegation": wording.name(delegation.name),
            "answered": key.reader.answered,
            "removed": key.reader.removed,
            "has_page": key.reader.has_page,
            "title": title,
            "title_lang": title_lang,
            "heading_height": "1.8" if wording.language.tall and title_lang == wording.code else "1.35",
            "title_vi": meeting.title_vi if beside else None,
            "join_url": meeting.conference.join_url,
            "agenda": self._agenda(meeting, wording),
            "coordinator": meeting.coordinator_name,
            "coordinator_email": meeting.coordinator_email,
            "host_name": wording.name(self._directory.get(meeting.host).name),
            "differences": occasion.differences,
            "asked_again": any(item.what is What.TIME or item == REINSTATED for item in occasion.differences),
            "page": _PAGE,
            "display_name": _DISPLAY_NAME,
            "notice": occasion.notice,
            "report": occasion.report,
            "proposed": occasion.proposed,
            "comment": occasion.comment,
            "attachment": occasion.attachment.filename if occasion.attachment else None,
            "version": occasion.number,
            "reference": meeting.reference,
        }

    def _times(self, key: PageKey, wording: Wording) -> dict[str, Any]:
        """Return when things are, on the recipient's own clock."""
        meeting, occasion = key.edition.meeting, key.occasion
        when, end = self._local(key, meeting.starts_at), self._local(key, meeting.ends_at)
        host = self._directory.host_place(meeting.host, meeting.zone, meeting.starts_at)
        host_when = local_time(meeting.starts_at, host)
        slot, deadline = occasion.slot, occasion.deadline
        elsewhere = host != self._directory.place_of(key.reader.delegation, meeting.starts_at)
        return {
            "when": wording.local(when),
            "end": wording.local(end),
            "end_days": end.days_after(when),
            "host_when": wording.local(host_when) if elsewhere else None,
            "host_days": host_when.days_after(when),
            "day_mark": wording.day_mark,
            "duration": wording.duration(meeting.duration),
            "meeting_span": wording.moment(when, end),
            "slot": self._stretch(key, wording, slot.starts_at, slot.ends_at) if slot else None,
            "options": [
                self._stretch(key, wording, option, option + meeting.duration) for option in occasion.options
            ],
            "deadline": wording.moment(self._local(key, deadline)) if deadline else None,
            "overdue": occasion.overdue,
        }

    def _wanted(self, key: PageKey, wording: Wording) -> dict[str, Any]:
        """Return what is still missing: of the recipient's delegation, and of all the others."""
        occasion, reader = key.occasion, key.reader
        # Who has not answered is asked for that in every reminder, whatever else is missing.
        asked = occasion.kind is ActionKind.REMIND or Need.ANSWER in occasion.missing
        asks_answer = asked and reader.has_page and not reader.answered
        # A delegation has answered when its head has, so that its focal point's own answer is not enough.
        of_head = reader.answered or reader.head_silent
        others = [need for need in occasion.missing if of_head or need is not Need.ANSWER]
        return {
            "asks_answer": asks_answer,
            "missing": [*([_OWN_ANSWER] if asks_answer else []), *(_WANTED[need] for need in others)],
            "silent": [
                (wording.name(name), [wording.say(_WANTED_OF_OTHERS[need]) for need in needs])
                for name, needs in occasion.silent
            ],
        }

    def _agenda(self, meeting: Meeting, wording: Wording) -> tuple[AgendaLine, ...]:
        return tuple(
            AgendaLine(
                item.number,
                *_translated(item.en, item.vi, wording),
                wording.name(lead_words(item.lead, self._directory)) if item.lead else None,
                item.points,
            )
            for item in meeting.agenda
        )

    def _build_calendar(self, key: CalendarKey) -> CalendarTemplate:
        meeting = key.edition.meeting
        if meeting.uid is None:
            raise ValueError(
                f"{meeting.reference} has no UID; only a published meeting has a calendar object"
            )
        return CalendarTemplate.of(
            CalendarFacts(
                method=key.method,
                status=key.status,
                uid=meeting.uid,
                sequence=key.sequence,
                stamp=key.stamp,
                starts_at=meeting.starts_at,
                ends_at=meeting.ends_at,
                summary=meeting.title_en,
                description=description(meeting, self._directory, meeting.conference.join_url),
                organizer_name=meeting.coordinator_name,
                organizer_address=self._organizer.address,
                join_url=meeting.conference.join_url,
                counter=self._counter,
            )
        )


def _as_numbered(purpose: str, step: str) -> tuple[str, str]:
    """Return purpose and step as Message-IDs are made from them.

    A mail that is sent again after an upgrade carries the id of the first one, so former names live on here.
    """
    if purpose == ActionKind.CONNECTION_TEST:
        return "rehearsal", step.replace(ActionKind.CONNECTION_TEST, "rehearse", 1)
    return purpose, step

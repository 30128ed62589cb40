"""Measures how fast personal invitations are built, in one process; ``make bench`` prints the ratios.

The invitations of one revision to 300 people of ten delegations, each with a calendar, text, HTML and
headers of its own, by our code and in two other ways that give the same mails:

X  each mail from nothing: templates rendered, calendar made with ``icalendar``, parts with ``email``
Y  a ready mail for each delegation, as bytes, into which the personal parts are joined by hand
Z  as Y, but given the personal link, the address to answer to and the Message-ID as well

Ours, X and Y make those three with the same functions. Y's and Z's mails are byte for byte ours. X's have
the same texts, the same calendar and the same header fields, encoded as those libraries do.

This file is longer than others, because what it compares with is built here by hand.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import base64mime, message_from_bytes, policy, quoprimime
from email.headerregistry import Address
from email.message import EmailMessage
from html import escape
from textwrap import wrap
from typing import Any, ClassVar

import yaml
from icalendar import Calendar, Event, vCalAddress, vText, vUri
from jinja2 import Environment, Template

from config import DATA
from orchestrator.bootstrap import mail_templates
from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.letters import invitation, message
from orchestrator.domain.letters.message import CalendarCopy, Letter, NamedAddress, address_header, assemble
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.lifecycle import publish
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.letters.content import LetterContent
from orchestrator.services.letters.letters import Letters
from orchestrator.services.people.links import Links

ATTENDEES = 300
ROUNDS = 9
STATES = ["BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "VN"]
NAMES = [
    "Nguyễn Văn An",
    "Sok Dara",
    "Siti Rahmawati",
    "ສົມສະໄໝ ວົງສາ",
    "Tan Hui Shan",
    "อนุชา พรหมศิริ",
    "Araújo",
]
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ORGANIZER = NamedAddress("ACCSM Meetings", "meetings@accsm.example")
LINKS = Links("a key", "https://meetings.accsm.example", ORGANIZER.address, subaddress=True)
DIRECTORY = Directory.of(yaml.safe_load((DATA / "delegations.yaml").read_text("utf-8")))
OCCASION = LetterContent(ActionKind.INVITE, "invite", 1, 0)
MEETING = publish(
    Meeting(
        id=1,
        reference="BENCH-1",
        programme=None,
        kind="som",
        title_en="Senior Officials Meeting of three hundred",
        title_vi="Hội nghị quan chức cấp cao ba trăm người",
        host="VN",
        coordinator_name="Trần Minh Khôi",
        coordinator_email="coordinator@vn.example.org",
        wall_start=datetime(2026, 12, 10, 14, 0),  # noqa: DTZ001 - a wall time.
        zone="Asia/Ho_Chi_Minh",
        duration=timedelta(hours=3),
        timeline="standard",
        conference=Conference("external", "provider", "https://teams.example/l/meetup-join/19%3abench"),
        agenda=tuple(
            AgendaEntry(f"Item {number} of the agenda, with a title of usual length", number=number)
            for number in range(1, 8)
        ),
        attendees=tuple(
            Attendee(
                f"{NAMES[index % len(NAMES)]} {index}",
                f"person{index}@bench.example.org",
                STATES[index % len(STATES)],
                "SOM",
                Role.SENIOR_OFFICIAL,
                id=1000 + index,
            )
            for index in range(ATTENDEES)
        ),
    ),
    "b7f34505-21f8-418e-a74d-4f04e364b786@accsm-meetings",
    NOW,
    organizer=ORGANIZER.address,
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who a mail is for, and what only their mail holds, not yet encoded."""

    delegation: str
    name: str
    email: str
    greeting: str
    page: str
    organizer: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Common:
    """What the mails to one delegation have in common: a letter, and what its templates are rendered with."""

    letter: Letter
    facts: dict[str, dict[str, Any]]
    description: str


def person_of(attendee: Attendee) -> Person:
    words = (str(MEETING.uid), "invitation", OCCASION.step, OCCASION.sequence, OCCASION.number)
    return Person(
        delegation=attendee.delegation,
        name=attendee.name,
        email=attendee.email,
        greeting="\n".join(wrap(f"Dear {attendee.name},", 72)),
        page=LINKS.page(attendee),
        organizer=LINKS.reply_address(MEETING, attendee),
        message_id=message.message_id("accsm.example", *words, attendee.email.casefold()),
    )


class Recording(Template):
    """A template that notes what it is rendered with."""

    seen: ClassVar[dict[str, dict[str, Any]]] = {}

    def render(self, *arguments: Any, **named: Any) -> str:
        self.seen[str(self.name)] = dict(*arguments, **named)
        return super().render(*arguments, **named)


def commons() -> dict[str, Common]:
    templates = mail_templates()
    templates.template_class = Recording
    found = {}
    for attendee in MEETING.attendees[: len(STATES)]:
        letter = ours(attendee, fresh_letters(templates))
        assert letter.calendar is not None
        (event,) = Calendar.from_ical(letter.calendar.content).events
        found[attendee.delegation] = Common(letter, dict(Recording.seen), str(event["DESCRIPTION"]))
    return found


# --- ours


def fresh_letters(templates: Environment) -> Letters:
    """Return letters that remember nothing, as when a revision goes out for the first time."""
    for module in (message, invitation):
        for item in vars(module).values():
            if hasattr(item, "cache_clear"):
                item.cache_clear()
    return Letters(templates, DIRECTORY, ORGANIZER, LINKS)


def ours(attendee: Attendee, letters: Letters) -> Letter:
    return letters.to_attendee(MEETING, attendee, OCCASION, NOW)


# --- X, from nothing


def from_nothing(templates: Environment, common: Common, person: Person) -> bytes:
    letter = common.letter
    calendar = calendar_from_nothing(person, common.description)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(letter.sender.name, addr_spec=letter.sender.address)
    mail["To"] = Address(person.name, addr_spec=person.email)
    mail["Reply-To"] = Address(letter.reply_to.name, addr_spec=letter.reply_to.address)
    mail["Subject"] = letter.subject
    mail["Date"] = NOW
    mail["Message-ID"] = person.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail.set_content(rendered(templates, common, "txt", greeting=person.greeting, page=person.page))
    html = rendered(templates, common, "html", name=person.name, page=person.page)
    mail.add_alternative(html, subtype="html")
    method = {"charset": "UTF-8", "method": "REQUEST"}
    mail.add_alternative(calendar, "text", "calendar", cte="base64", params=method)
    mail.make_mixed()
    mail.add_attachment(calendar, "application", "ics", cte="base64", filename="invite.ics")
    return mail.as_bytes()


def rendered(templates: Environment, common: Common, kind: str, **personal: str) -> str:
    name = f"invitation.{kind}.j2"
    return templates.get_template(name).render(common.facts[name] | personal)


def calendar_from_nothing(person: Person, description: str) -> bytes:
    calendar, event = Calendar(), Event()
    for name, value in (
        ("prodid", invitation.PRODID),
        ("version", "2.0"),
        ("calscale", "GREGORIAN"),
        ("method", "REQUEST"),
    ):
        calendar.add(name, value)
    for name, value in (
        ("uid", MEETING.uid),
        ("dtstamp", NOW),
        ("dtstart", MEETING.starts_at),
        ("dtend", MEETING.ends_at),
        ("sequence", 0),
        ("status", "CONFIRMED"),
        ("summary", MEETING.title_en),
        ("description", description),
        ("class", "PUBLIC"),
        ("transp", "OPAQUE"),
        ("location", MEETING.conference.join_url),
        ("contact", f"{MEETING.coordinator_name}, {MEETING.coordinator_email}"),
        ("x-microsoft-cdo-busystatus", vText("BUSY")),
        ("x-microsoft-cdo-intendedstatus", vText("BUSY")),
        ("x-microsoft-disallow-counter", vText("FALSE")),
    ):
        event.add(name, value)
    event.add("conference", link_from_nothing(str(MEETING.conference.join_url)), encode=False)
    host = {"CN": ORGANIZER.name}
    chair = host | {"CUTYPE": "INDIVIDUAL", "ROLE": "CHAIR", "PARTSTAT": "ACCEPTED"}
    asked = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}
    for name, address, params in (
        ("organizer", person.organizer, host),
        ("attendee", person.organizer, chair),
        ("attendee", person.email, {"CN": person.name} | asked),
    ):
        user = vCalAddress(f"mailto:{address}")
        user.params.update(params)
        event.add(name, user, encode=False)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def link_from_nothing(url: str) -> vUri:
    link = vUri(url)
    link.params.update({"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"], "LABEL": "Join the meeting"})
    return link


# --- Y, by hand

_TOKEN = re.compile(rb"@@(\w+)@@")


@dataclass(frozen=True, slots=True)
class Ready:
    """A delegation's mail: bytes and, at every second place, the name of a personal part."""

    pieces: list[bytes]
    lines: dict[bytes, str]
    marks: tuple[str, str, str]
    calendar: tuple[bytes, bytes]


def ready(templates: Environment, common: Common, sample: bytes) -> Ready:
    """Make a delegation's mail with tokens where something personal stands."""
    facts = common.facts
    marks = tuple(facts[f"invitation.{kind}.j2"][name] for kind, name in _MARKS)
    lines: dict[bytes, str] = {}
    letter = replace(
        common.letter,
        recipient=NamedAddress("", "@@TO@@"),
        message_id="@@ID@@",
        text=with_tokens(rendered(templates, common, "txt"), lines),
        html=with_tokens(rendered(templates, common, "html"), lines),
        calendar=CalendarCopy(invitation.Method.REQUEST, b"@@CALENDAR@@"),
    )
    raw = assemble(letter).replace(boundary("@@ID@@"), b"@@BOUNDARY@@")
    raw = raw.replace(base64_lines(b"@@CALENDAR@@"), b"@@CALENDAR@@")
    start, end = sample.index(b"ORGANIZER;"), sample.rindex(b"END:VEVENT")
    return Ready(_TOKEN.split(raw), lines, marks, (sample[:start], sample[end:]))


_MARKS = (("txt", "greeting"), ("html", "name"), ("html", "page"))


def with_tokens(page: str, lines: dict[bytes, str]) -> str:
    """Put a token for each line that holds a mark; quoted-printable is encoded line by line."""
    found = []
    for line in page.split("\n"):
        token = f"L{len(lines)}"
        found.append(f"@@{token}@@" if "\ue000" in line else line)
        if "\ue000" in line:
            lines[token.encode()] = line
    return "\n".join(found)


def by_hand(ready: Ready, person: Person) -> bytes:
    """Fill a ready mail."""
    personal = {name: by_hand_line(line, ready.marks, person) for name, line in ready.lines.items()}
    personal[b"TO"] = by_hand_mailbox(person)
    personal[b"ID"] = person.message_id.encode()
    personal[b"BOUNDARY"] = boundary(person.message_id)
    before, after = ready.calendar
    personal[b"CALENDAR"] = base64_lines(before + by_hand_people(person) + after)
    pieces = list(ready.pieces)
    pieces[1::2] = [personal[name] for name in pieces[1::2]]
    return b"".join(pieces)


def by_hand_line(line: str, marks: tuple[str, str, str], person: Person) -> bytes:
    greeting, name, page = marks
    # The reader's name has the same mark in both kinds; only in the text is it a whole line, the greeting.
    value = person.greeting if line == greeting else escape(person.name)
    text = line.replace(name, value).replace(page, person.page).replace("\n", "\r\n")
    # The encoder takes its soft line break from the first line end it meets, so there must be one.
    return binascii.b2a_qp(f"{text}\r\n".encode(), istext=True).removesuffix(b"\r\n")


def by_hand_mailbox(person: Person) -> bytes:
    """Encode a short name as one encoded word, the shorter way; what is longer is left to the library."""
    if person.name.isascii():
        return f"{person.name} <{person.email}>".encode()
    octets = person.name.encode()
    of_base64, of_quoted = base64mime.header_length(octets), quoprimime.header_length(octets)
    if min(of_base64, of_quoted) > 50:
        return address_header("To", NamedAddress(person.name, person.email)).encode()
    encode = base64mime.header_encode if of_base64 < of_quoted else quoprimime.header_encode
    return f"{encode(octets, 'utf-8')}\r\n <{person.email}>".encode()


def by_hand_people(person: Person) -> bytes:
    host, organizer = quoted_name(ORGANIZER.name), f"mailto:{person.organizer}"
    asked = "CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE"
    return b"".join(
        folded(line.encode())
        for line in (
            f"ORGANIZER;CN={host}:{organizer}",
            f"ATTENDEE;CN={host};CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=CHAIR:{organizer}",
            f"ATTENDEE;CN={quoted_name(person.name)};{asked}:mailto:{person.email}",
        )
    )


def quoted_name(name: str) -> str:
    return name if re.fullmatch(r"[\w.]+", name) else f'"{name}"'


def folded(line: bytes) -> bytes:
    """Fold where ``icalendar`` does, every 74 octets and never within a character."""
    pieces, start = [], 0
    while len(line) - start > 74:
        end = start + 74
        while line[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(line[start:end])
        start = end
    return b"\r\n ".join([*pieces, line[start:]]) + b"\r\n"


def boundary(message_id: str) -> bytes:
    return hashlib.sha256(message_id.encode()).hexdigest()[:24].encode()


def base64_lines(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


# --- the same mails


def contents(raw: bytes) -> list[tuple[str, str]]:
    """Return what a mail says, whichever way it is encoded."""
    mail = message_from_bytes(raw, policy=policy.default)
    fields = [
        (name, str(value))
        for name, value in mail.items()
        if name not in ("MIME-Version", "Content-Type", "From", "To", "Reply-To")
    ]
    addresses = [(name, str(mail[name].addresses[0].addr_spec)) for name in ("From", "To", "Reply-To")]
    leaves = [(part.get_content_type(), said(part)) for part in mail.walk() if not part.is_multipart()]
    return sorted(fields) + addresses + leaves


def said(part: EmailMessage) -> str:
    text = part.get_payload(decode=True).decode()  # type: ignore[union-attr]
    if part.get_content_type() in ("text/calendar", "application/ics"):
        return "\n".join(sorted(text.replace("\r\n ", "").split("\r\n")))
    return text.replace("\r\n", "\n").rstrip("\n")


def check(made: dict[str, list[bytes]]) -> None:
    """Refuse to compare what is not the same."""
    assert made["Y"] == made["Z"] == made["ours"]
    assert [contents(raw) for raw in made["X"]] == [contents(raw) for raw in made["ours"]]


# --- measuring


def ways() -> dict[str, Callable[[], list[bytes]]]:
    templates, common = mail_templates(), commons()
    calendar = ours(MEETING.attendees[0], fresh_letters(templates)).calendar
    assert calendar is not None
    prepared = {code: ready(templates, item, calendar.content) for code, item in common.items()}
    people = [person_of(attendee) for attendee in MEETING.attendees]

    def our_way() -> list[bytes]:
        letters = fresh_letters(templates)
        return [assemble(ours(attendee, letters)) for attendee in MEETING.attendees]

    def each(make: Callable[[Person], bytes]) -> list[bytes]:
        return [make(person_of(attendee)) for attendee in MEETING.attendees]

    return {
        "ours": our_way,
        "X": lambda: each(lambda person: from_nothing(templates, common[person.delegation], person)),
        "Y": lambda: each(lambda person: by_hand(prepared[person.delegation], person)),
        "Z": lambda: [by_hand(prepared[person.delegation], person) for person in people],
    }


def timed(way: Callable[[], list[bytes]]) -> float:
    # Processor time, which other work on the machine does not count towards.
    begun = time.process_time()
    made = way()
    return len(made) / (time.process_time() - begun)


def main() -> None:
    found = ways()
    check({name: way() for name, way in found.items()})
    rates: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(ROUNDS):
        for name, way in found.items():
            rates[name].append(timed(way))
    report(rates)


def report(rates: dict[str, list[float]]) -> None:
    each = {name: statistics.median(found) for name, found in rates.items()}
    print(f"{ATTENDEES} personal invitations built, 1 process, median of {ROUNDS} rounds")
    print(f"  ours                               {each['ours']:6.0f} mails/s")
    for name, words in _WAYS.items():
        ratio = each["ours"] / each[name]
        print(f"  {name}  {words:<31} {each[name]:6.0f} mails/s, ours = {ratio:.2f} x {name}")


_WAYS = {"X": "each from nothing", "Y": "joined by hand from ready bytes", "Z": "as Y, links and ids given"}


if __name__ == "__main__":
    main()

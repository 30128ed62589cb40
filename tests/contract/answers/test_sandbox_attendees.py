"""Simulated attendees: what each kind of software sends is read as meant, and each mail is answered once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest

from integrations.sandbox.answers_due import moves_due
from integrations.sandbox.attendees import Attendees, Reply
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.letters import Letter, Request, read_letter
from integrations.sandbox.outbox import MaildirOutbox
from integrations.sandbox.page_form import Form
from integrations.sandbox.personas import CAST, alias_of, persona_of
from integrations.sandbox.replies import Outgoing, compose
from integrations.sandbox.server import SandboxPlan, run
from integrations.sandbox.writing import Answer, Says, Software
from integrations.smtp.mailer import SmtpMailer
from orchestrator.domain.answers.incoming import CalendarMessage, Received, Sort, read
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.letters.invitation import CalendarFacts, CalendarTemplate
from orchestrator.domain.letters.message import CalendarCopy, NamedAddress, assemble
from orchestrator.domain.letters.message import Letter as OurLetter
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import Attendee
from orchestrator.errors import TransientFailure
from orchestrator.ports import CaughtMail
from tests.contract.conftest import LoopThread

NOW = datetime(2026, 11, 22, 8, 30, 15, 250_000, tzinfo=UTC)
STAMP = NOW.replace(microsecond=0)
STARTS = datetime(2026, 12, 10, 7, tzinfo=UTC)
UID = "b7f34505-21f8-418e-a74d-4f04e364b786@accsm-meetings"
ORGANIZER = "meetings+7-abcdefghijklmnop@accsm.example"
PAGE = "/a/WzEsMV0.OTWzorLDot7ParwZ-t2tnLRrQm92MZB95uc58r_2UFM"
TITLE = "Hội nghị SOM; the 21st, in short: ประชุม"
COMMENT = "Tôi sẽ đến muộn, sau 15:00; ขอโทษครับ – về sau xin báo lại bằng điện thoại cho tiện cả đôi bên."
BY_MAIL = (Software.OUTLOOK, Software.GMAIL, Software.APPLE)


def our_mail(email: str, *, sequence: int = 0, starts_at: datetime = STARTS) -> bytes:
    """Return an invitation as the service writes it."""
    name = "Lê Ngọc Diễm Quỳnh"
    attendee = Attendee(name, email, "VN", "SOM", Role.SENIOR_OFFICIAL, id=1)
    facts = CalendarFacts(
        method=Method.REQUEST,
        status=EventStatus.CONFIRMED,
        uid=UID,
        sequence=sequence,
        stamp=STAMP,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        summary=TITLE,
        description="Agenda",
        organizer_name="Trần Minh Khôi",
        organizer_address=ORGANIZER,
        join_url="https://teams.example/j",
    )
    return assemble(
        OurLetter(
            sender=NamedAddress("ACCSM Meetings", "meetings@accsm.example"),
            recipient=NamedAddress(name, email),
            reply_to=NamedAddress("Trần Minh Khôi", "coordinator@vn.example.org"),
            subject=f"Invitation: {TITLE}",
            date=STAMP,
            message_id=f"<{sequence}-{email}>",
            text=f"Please answer on your page:\nhttps://meetings.accsm.example{PAGE}\n\nAgenda\n",
            html="<p>Please answer</p>",
            calendar=CalendarCopy(Method.REQUEST, CalendarTemplate.of(facts).copy_for(attendee, ORGANIZER)),
        )
    )


def letter_to(email: str) -> Letter:
    return read_letter(CaughtMail("1", NOW, email, our_mail(email)))


def written(through: Software, answer: Answer, email: str | None = None) -> Outgoing:
    letter = letter_to(email or answer.by)
    assert letter.request is not None
    return compose(through, letter, letter.request, answer, NOW)


def understood(mail: Outgoing) -> tuple[Received, CalendarMessage]:
    received = read(mail.content)
    assert received.problem is None
    assert received.calendar is not None
    return received, received.calendar


def plain_calendar(mail: Outgoing) -> bytes:
    for part in message_from_bytes(mail.content, policy=policy.default).walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content
    raise AssertionError("no calendar")


# --- what the software sends


def test_a_letter_is_read_as_its_recipient_sees_it() -> None:
    letter = letter_to("quynh@vn.example.org")
    assert (letter.name, letter.page) == ("Lê Ngọc Diễm Quỳnh", PAGE)
    assert letter.message_id == "<0-quynh@vn.example.org>"
    assert letter.request == Request(
        "REQUEST", UID, 0, STARTS, STARTS + timedelta(hours=3), TITLE, ORGANIZER, "Trần Minh Khôi", asks=True
    )
    other = read_letter(CaughtMail("1", NOW, "dara@kh.example.org", our_mail("quynh@vn.example.org")))
    assert other.request is not None
    assert not other.request.asks, "somebody else is asked"


@pytest.mark.parametrize("through", BY_MAIL)
@pytest.mark.parametrize("says", [Says.ACCEPTED, Says.TENTATIVE, Says.DECLINED])
@pytest.mark.parametrize("comment", ["", COMMENT])
def test_an_answer_is_read_as_meant(through: Software, says: Says, comment: str) -> None:
    mail = written(through, Answer(says, "quynh@vn.example.org", comment))
    received, calendar = understood(mail)
    assert (mail.sender, mail.recipient) == ("quynh@vn.example.org", ORGANIZER)
    assert (received.sort, received.sender, received.date) == (Sort.ANSWER, mail.sender, STAMP)
    assert ORGANIZER in received.recipients
    assert says.value in received.subject.lower()
    assert (calendar.method, calendar.uid, calendar.sequence) == ("REPLY", UID, 0)
    assert (calendar.attendee, calendar.participation) == ("quynh@vn.example.org", says.value.upper())
    assert calendar.attendee_name == "Lê Ngọc Diễm Quỳnh"
    assert (calendar.stamp, calendar.starts_at) == (STAMP, STARTS)
    # A parameter's value can hold neither of these, so Gmail loses them.
    lost = str.maketrans(",;:", "   ") if through is Software.GMAIL else {}
    assert calendar.comment.strip() == comment.translate(lost)


def test_outlook_answers_without_organizer_and_without_a_thread() -> None:
    mail = written(Software.OUTLOOK, Answer(Says.ACCEPTED, "quynh@vn.example.org"))
    received, calendar = understood(mail)
    assert calendar.organizer is None
    assert received.references == ()
    assert received.subject == f"Accepted: {TITLE}"
    content = plain_calendar(mail).replace(b"\r\n ", b"")
    assert b":MAILTO:quynh@vn.example.org" in content
    assert b"COMMENT;LANGUAGE=en-US:" in content
    assert b"X-MICROSOFT-CDO-BUSYSTATUS:BUSY" in content
    assert b"TZID" not in content


def test_gmail_looks_automatic_and_calls_a_proposal_a_reply() -> None:
    mail = written(Software.GMAIL, Answer(Says.PROPOSED, "quynh@vn.example.org", "The day after, please."))
    received, calendar = understood(mail)
    assert received.automatic
    assert (calendar.method, calendar.starts_at) == ("COUNTER", STARTS + timedelta(days=1))
    assert calendar.ends_at == STARTS + timedelta(days=1, hours=3)
    message = message_from_bytes(mail.content, policy=policy.default)
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar", "application/ics"]
    (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REPLY"
    assert b"METHOD:COUNTER" in plain_calendar(mail)


def test_apple_sends_nothing_but_a_calendar_and_folds_through_characters() -> None:
    mail = written(Software.APPLE, Answer(Says.DECLINED, "quynh@vn.example.org", COMMENT))
    assert message_from_bytes(mail.content).get_content_type() == "text/calendar"
    content = plain_calendar(mail)
    assert 'CN="Lê Ngọc Diễm Quỳnh"'.encode() in content.replace(b"\r\n ", b"")
    assert any(not is_text(line) for line in content.split(b"\r\n")), "no character was cut"
    assert max(map(len, content.split(b"\r\n"))) == 70
    assert understood(mail)[1].comment == COMMENT


def is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("through", BY_MAIL)
def test_a_delegation_names_the_delegate(through: Software) -> None:
    delegate = "deputy@vn.example.org"
    answer = Answer(Says.DELEGATED, "quynh@vn.example.org", delegate=delegate)
    _, calendar = understood(written(through, answer))
    assert (calendar.participation, calendar.delegated_to) == ("DELEGATED", (delegate,))


def test_an_out_of_office_answer_holds_no_calendar() -> None:
    mail = written(Software.OUTLOOK, Answer(Says.ABSENT, "quynh@vn.example.org", "I am away."))
    received = read(mail.content)
    assert (received.sort, received.automatic, received.calendar) == (Sort.AUTOMATIC, True, None)
    assert received.references == ("<0-quynh@vn.example.org>",)
    assert received.text.strip() == "I am away."


def test_a_bounce_names_recipient_and_mail_and_brings_the_invitation_back() -> None:
    mail = written(Software.SERVER, Answer(Says.BOUNCED, "quynh@vn.example.org", "550 5.1.1 User unknown"))
    assert (mail.sender, mail.recipient) == ("", ORGANIZER)
    received = read(mail.content)
    assert (received.sort, received.calendar) == (Sort.REPORT, None)
    (report,) = received.reports
    assert (report.failed, report.recipients, report.status) == (True, ("quynh@vn.example.org",), "5.1.1")
    assert report.original_message_id == "<0-quynh@vn.example.org>"
    assert report.diagnostic == "550 5.1.1 User unknown"
    assert b"text/calendar" in mail.content
    assert b"\r\r\n" not in mail.content


def test_an_alias_answers_for_an_address_that_is_not_invited() -> None:
    alias = alias_of("quynh@vn.example.org")
    mail = written(Software.OUTLOOK, Answer(Says.ACCEPTED, alias), "quynh@vn.example.org")
    received, calendar = understood(mail)
    assert received.sender == calendar.attendee == alias == "quynh@mail.vn.example.org"


@pytest.mark.parametrize("through", [*BY_MAIL, Software.SERVER])
def test_nothing_is_left_to_chance(through: Software) -> None:
    says = Says.BOUNCED if through is Software.SERVER else Says.ACCEPTED
    answer = Answer(says, "quynh@vn.example.org", COMMENT)
    assert written(through, answer) == written(through, answer)


# --- who answers what, and when


@dataclass
class Post:
    """Letters to one address, as time goes by."""

    email: str
    letters: list[Letter] = field(default_factory=list)

    def request(self, at: datetime, sequence: int = 0, **changes: object) -> Post:
        letter = letter_to(self.email)
        assert letter.request is not None
        request = replace(letter.request, sequence=sequence, **changes)  # type: ignore[arg-type]
        return self._add(replace(letter, received_at=at, request=request))

    def reminder(self, at: datetime) -> Post:
        return self._add(replace(letter_to(self.email), received_at=at, request=None))

    def _add(self, letter: Letter) -> Post:
        name = f"<{len(self.letters)}@accsm.example>"
        return replace(self, letters=[*self.letters, replace(letter, message_id=name)])

    def due(self, now: datetime = NOW) -> list[tuple[Says, str]]:
        """What is to be said, and to which letter."""
        return [(due.move.says, due.letter.message_id) for due in moves_due(self.letters, now)]


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_new_time_is_answered_again_and_the_old_one_no_more() -> None:
    post = Post("focal.point@my.example.org").request(NOW)
    assert post.due() == [(Says.DECLINED, "<0@accsm.example>"), (Says.ACCEPTED, "<0@accsm.example>")]
    assert [due.at for due in moves_due(post.letters, NOW)] == [NOW, NOW + DAY]
    moved = post.request(NOW + HOUR, sequence=1)
    assert moved.due() == [(Says.DECLINED, "<1@accsm.example>"), (Says.ACCEPTED, "<1@accsm.example>")]


def test_the_same_revision_once_more_is_answered_by_those_who_were_asked_again() -> None:
    proposer = Post("focal.point@sg.example.org").request(NOW).request(NOW + HOUR)
    assert proposer.due() == [(Says.PROPOSED, "<0@accsm.example>"), (Says.ACCEPTED, "<1@accsm.example>")]
    other = Post("focal.point@bn.example.org").request(NOW).request(NOW + HOUR)
    assert other.due() == [(Says.ACCEPTED, "<0@accsm.example>")]


def test_nobody_answers_what_is_called_off_or_has_begun_or_asks_nothing() -> None:
    post = Post("focal.point@bn.example.org").request(NOW)
    assert post.request(NOW + HOUR, 1, method="CANCEL", asks=False).due() == []
    assert post.due(STARTS - HOUR) != []
    assert post.due(STARTS) == []
    assert Post("focal.point@bn.example.org").request(NOW, asks=False).due() == []


def test_a_late_reminder_makes_somebody_think_again() -> None:
    post = Post("senior.official@sg.example.org").request(NOW).reminder(STARTS - 7 * DAY)
    assert post.due() == [(Says.ACCEPTED, "<0@accsm.example>")]
    late = post.reminder(STARTS - DAY).reminder(STARTS - HOUR)
    assert late.due() == [(Says.ACCEPTED, "<0@accsm.example>"), (Says.DECLINED, "<2@accsm.example>")]


def test_every_mail_to_an_unknown_address_bounces_also_after_the_meeting() -> None:
    post = Post("focal.point@ph.example.org").request(NOW).reminder(STARTS - DAY).reminder(STARTS + DAY)
    assert post.due(STARTS + DAY) == [(Says.BOUNCED, f"<{number}@accsm.example>") for number in range(3)]
    (last,) = moves_due(post.letters, STARTS + DAY)[-1:]
    assert last.request.organizer == ORGANIZER, "the envelope's sender is known from the invitation"


def test_what_is_not_about_a_meeting_is_not_answered() -> None:
    assert Post("focal.point@bn.example.org").reminder(NOW).due() == []


def test_everybody_always_does_the_same() -> None:
    addresses = [f"person{number}@x.example.org" for number in range(200)]
    found = {address: persona_of(address) for address in addresses}
    assert found == {address: persona_of(address.upper()) for address in addresses}
    assert len(set(found.values())) > 8, "all kinds of people are met"
    assert {move.through for moves in CAST.values() for move in moves} == set(Software)
    assert {move.says for moves in CAST.values() for move in moves} == set(Says)


# --- giving the answers


FORM = f"""<form action="/search"><input type="hidden" name="q" value="x"></form>
<form method="post" action="{PAGE}/answer">
<input type="checkbox" name="myself" value="yes" checked><input type="checkbox" name="also" value="2" checked>
<input type="checkbox" name="also" value="3"><button name="answer" value="accepted">Accept</button>
<textarea name="comment"></textarea></form><input type="hidden" name="outside" value="1">"""


def test_a_form_is_sent_as_a_browser_would() -> None:
    form = Form(FORM)
    assert form.action == f"{PAGE}/answer"
    assert form.fields == [("myself", "yes"), ("also", "2")]


class Pages(HTTPServer):
    """Stands for the web process, and remembers what was sent to it."""

    def __init__(self, status: int = 303) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.status = status
        self.posted: list[tuple[str, list[tuple[str, str]]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Page(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        self._answer(200, FORM)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posted.append((self.path, parse_qsl(body, keep_blank_values=True)))
        self._answer(self.server.status, "")

    def _answer(self, status: int, page: str) -> None:
        self.send_response(status)
        if status == 303:
            self.send_header("Location", PAGE)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[Pages]:
    with Pages() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@dataclass
class Town:
    """A sandbox with an inbox, and the people in it."""

    plan: SandboxPlan
    smtp_port: int
    pages: Pages
    starts_at: datetime

    def invite(self, email: str, sequence: int = 0) -> None:
        with SmtpMailer("127.0.0.1", self.smtp_port, "plain", timeout=5).session() as session:
            content = our_mail(email, sequence=sequence, starts_at=self.starts_at)
            session.send(sender=ORGANIZER, recipient=email, content=content)

    def attendees(self) -> Attendees:
        return Attendees(
            MaildirOutbox(self.plan.outbox),
            self.plan.clock,
            smtp_host="127.0.0.1",
            smtp_port=self.smtp_port,
            web_url=self.pages.url,
            state=self.plan.outbox.with_name("attendees.json"),
        )

    def inbox(self) -> list[Received]:
        assert self.plan.inbox is not None
        return [read(file.read_bytes()) for file in (self.plan.inbox / "new").iterdir()]


@pytest.fixture
def town(loop_thread: LoopThread, tmp_path: Path, pages: Pages) -> Iterator[Town]:
    plan = SandboxPlan(
        folder=tmp_path,
        outbox=tmp_path / "outbox",
        inbox=tmp_path / "inbox",
        clock=SandboxClock(tmp_path / "clock.json"),
        graph_port=0,
        smtp_port=0,
        tenant_id=str(uuid4()),
        client_id=str(uuid4()),
        client_secret="secret",
        organizer_id=str(uuid4()),
    )
    stop = asyncio.Event()
    ports: Future[tuple[int, int]] = Future()
    served = loop_thread.start(run(plan, lambda graph, smtp: ports.set_result((graph, smtp)), stop))
    starts_at = plan.clock.now().replace(microsecond=0) + 10 * DAY
    yield Town(plan, ports.result(timeout=10)[1], pages, starts_at)
    loop_thread.loop.call_soon_threadsafe(stop.set)
    served.result(timeout=10)


def said(replies: Sequence[Reply]) -> list[tuple[str, Says]]:
    return sorted((reply.recipient, reply.says) for reply in replies)


def test_each_mail_is_answered_once_by_mail_or_on_the_page(town: Town) -> None:
    outlook, page = "focal.point@bn.example.org", "focal.point@kh.example.org"
    for email in (outlook, page, "focal.point@mm.example.org"):
        town.invite(email)
    given = town.attendees().answer()
    assert said(given) == [(outlook, Says.ACCEPTED), (page, Says.ACCEPTED)]
    assert town.attendees().answer() == [], "another process knows what was answered"
    assert town.attendees().replies() == given
    assert town.attendees().next_at() is None
    (mail,) = town.inbox()
    assert (mail.sender, mail.recipients) == (outlook, (ORGANIZER,))
    sent = [("myself", "yes"), ("answer", "accepted"), ("comment", "We shall be four in the room.")]
    assert town.pages.posted == [(f"{PAGE}/answer", sent)], "nobody else was answered for"

    town.invite(outlook, sequence=1)
    assert said(town.attendees().answer()) == [(outlook, Says.ACCEPTED)]
    assert sorted(mail.calendar.sequence or 0 for mail in town.inbox() if mail.calendar) == [0, 1]


def test_a_focal_point_answers_for_whoever_is_ticked(town: Town) -> None:
    town.invite("focal.point@la.example.org")
    (reply,) = town.attendees().answer()
    assert reply.also == (2,)
    assert ("also", "2") in town.pages.posted[0][1]


def test_who_takes_their_time_answers_later_or_at_once_when_told_to(town: Town) -> None:
    town.invite("focal.point@my.example.org")
    attendees, clock = town.attendees(), town.plan.clock
    assert [reply.says for reply in attendees.answer()] == [Says.DECLINED]
    later = attendees.next_at()
    assert later is not None
    assert DAY - HOUR < later - clock.now() <= DAY
    clock.move_to(later)
    (reply,) = attendees.answer()
    assert (reply.says, reply.at >= later) == (Says.ACCEPTED, True)

    town.invite("focal.point@my.example.org", sequence=1)
    assert [reply.says for reply in attendees.answer(ahead=True)] == [Says.DECLINED, Says.ACCEPTED]


def test_a_page_that_takes_no_answer_is_told_and_keeps_nobody_else_waiting(town: Town) -> None:
    town.pages.status = 410
    town.invite("focal.point@kh.example.org")
    town.invite("focal.point@id.example.org")
    problems = {reply.recipient: reply.problem for reply in town.attendees().answer()}
    assert problems == {
        "focal.point@kh.example.org": "the page refused the answer (410)",
        "focal.point@id.example.org": None,
    }


def test_what_could_not_be_given_is_given_the_next_time(town: Town) -> None:
    town.invite("focal.point@kh.example.org")
    town.pages.status = 500
    with pytest.raises(TransientFailure, match="500"):
        town.attendees().answer()
    away = Attendees(
        MaildirOutbox(town.plan.outbox),
        town.plan.clock,
        smtp_host="127.0.0.1",
        smtp_port=1,
        web_url="http://127.0.0.1:1",
        state=town.plan.outbox.with_name("attendees.json"),
    )
    with pytest.raises(TransientFailure, match="orchestrator up"):
        away.answer()
    town.pages.status = 303
    assert len(town.attendees().answer()) == 1
    town.invite("focal.point@bn.example.org")
    with pytest.raises(TransientFailure, match="does not take mail"):
        away.answer()

"""Which simulated attendee answers what, and when."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest

from integrations.sandbox.answers_due import moves_due
from integrations.sandbox.attendees import Attendees, Reply
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.letters import Letter
from integrations.sandbox.outbox import MaildirOutbox
from integrations.sandbox.page_form import forms_in
from integrations.sandbox.personas import CAST, persona_of
from integrations.sandbox.server import SandboxPlan, run
from integrations.sandbox.writing import Says, Software
from integrations.smtp.mailer import SmtpMailer
from orchestrator.domain.answers.incoming import Received, read
from orchestrator.errors import TransientFailure
from tests.contract.answers.simulated import NOW, ORGANIZER, PAGE, STARTS, letter_to, our_mail
from tests.contract.conftest import LoopThread

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
<input type="hidden" name="myself" value="yes"><input type="hidden" name="revision" value="3">
<button name="answer" value="accepted">Accept</button><textarea name="comment"></textarea></form>
<form method="post" action="{PAGE}/answer"><input type="hidden" name="whole" value="yes">
<input type="hidden" name="revision" value="3">
<button name="answer" value="accepted">Accept for 3</button></form>
<input type="hidden" name="outside" value="1">"""
ASKS = f"""<form method="post" action="{PAGE}/answer"><input type="hidden" name="answer" value="accepted">
<input type="hidden" name="revision" value="3"><input type="checkbox" name="myself" value="yes" checked>
<input type="checkbox" name="also" value="2" checked><input type="checkbox" name="also" value="3"></form>"""


def test_a_form_is_sent_as_a_browser_would() -> None:
    own, whole = forms_in(FORM)
    assert own.action == whole.action == f"{PAGE}/answer"
    assert own.fields == [("myself", "yes"), ("revision", "3")]
    assert whole.fields == [("whole", "yes"), ("revision", "3")]
    assert (own.is_for_delegation, whole.is_for_delegation) == (False, True)
    (asked,) = forms_in(ASKS)
    assert asked.fields == [("answer", "accepted"), ("revision", "3"), ("myself", "yes"), ("also", "2")]


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
        sent = parse_qsl(body, keep_blank_values=True)
        self.server.posted.append((self.path, sent))
        asks = ("whole", "yes") in sent and self.server.status == 303
        self._answer(200 if asks else self.server.status, ASKS if asks else "")

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
    sent = [
        ("myself", "yes"),
        ("revision", "3"),
        ("answer", "accepted"),
        ("comment", "We shall be four in the room."),
    ]
    assert town.pages.posted == [(f"{PAGE}/answer", sent)], "nobody else was answered for"

    town.invite(outlook, sequence=1)
    assert said(town.attendees().answer()) == [(outlook, Says.ACCEPTED)]
    assert sorted(mail.calendar.sequence or 0 for mail in town.inbox() if mail.calendar) == [0, 1]


def test_a_focal_point_answers_for_whoever_is_ticked(town: Town) -> None:
    town.invite("focal.point@la.example.org")
    (reply,) = town.attendees().answer()
    assert reply.also == (2,)
    (_, pressed), (_, confirmed) = town.pages.posted
    assert ("whole", "yes") in pressed
    assert {("also", "2"), ("confirmed", "yes"), ("answer", "accepted")} <= set(confirmed)


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

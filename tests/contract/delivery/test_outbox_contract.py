"""The contract of ``ports.Outbox``: what the sandbox's mail server caught can be read."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from integrations.sandbox.faults import Faults, SmtpFault
from integrations.sandbox.inbox import MaildirMailbox
from integrations.sandbox.outbox import MaildirOutbox
from integrations.sandbox.smtp_catcher import SmtpCatcher
from integrations.smtp.mailer import SmtpMailer
from orchestrator.errors import NotFound, PermanentFailure, TransientFailure
from orchestrator.ports import CaughtMail, IncomingMail, Mailbox, Mailer, Outbox, Tray

CONTENT = "Subject: Hà Nội\r\nReceived: by elsewhere; yesterday\r\n\r\n.dot\r\n\tx \r\n\r\n".encode()


@pytest.fixture
def outbox(sandbox: Any) -> Outbox:
    return MaildirOutbox(sandbox.plan.outbox)


@pytest.fixture
def mailer(sandbox: Any) -> Mailer:
    return SmtpMailer("localhost", sandbox.smtp_port, "plain", timeout=5)


@pytest.fixture
def recipient() -> str:
    return f"{uuid4()}@x.example"


def send(mailer: Mailer, *recipients: str) -> None:
    with mailer.session() as session:
        for recipient in recipients:
            session.send(sender="meetings@accsm.example", recipient=recipient, content=CONTENT)


def caught(outbox: Outbox, recipient: str) -> list[CaughtMail]:
    return [mail for mail in outbox.all() if mail.recipient == recipient]


def test_a_mail_is_caught_with_its_recipient_time_and_content(
    outbox: Outbox, mailer: Mailer, recipient: str, sandbox: Any
) -> None:
    before = sandbox.plan.clock.now()
    send(mailer, recipient)
    (mail,) = caught(outbox, recipient)
    assert mail.content == CONTENT
    assert before - timedelta(seconds=1) <= mail.received_at <= sandbox.plan.clock.now()
    assert mail.received_at.utcoffset() == timedelta(0)
    assert outbox.get(mail.key) == mail


def test_an_address_beyond_ascii_is_kept(outbox: Outbox, mailer: Mailer) -> None:
    recipient = f"hà-{uuid4()}@x.example"
    send(mailer, recipient)
    assert len(caught(outbox, recipient)) == 1


def test_mails_come_oldest_first_by_the_sandbox_clock(
    outbox: Outbox, mailer: Mailer, recipient: str, sandbox: Any
) -> None:
    for _ in range(3):
        send(mailer, *[recipient] * 3)
        sandbox.plan.clock.move_to(sandbox.plan.clock.now() + timedelta(days=3))
    times = [mail.received_at for mail in caught(outbox, recipient)]
    assert len(times) == 9
    assert times == sorted(times)
    assert times[-1] - times[0] >= timedelta(days=6)


def test_the_file_begins_with_trace_headers(mailer: Mailer, recipient: str, sandbox: Any) -> None:
    send(mailer, recipient)
    (raw,) = [
        raw
        for file in (sandbox.plan.outbox / "new").iterdir()
        if f"Delivered-To: {recipient}\r\n".encode() in (raw := file.read_bytes())
    ]
    trace, content = raw[: -len(CONTENT)].decode(), raw[-len(CONTENT) :]
    assert content == CONTENT
    names = [line.partition(":")[0] for line in trace.splitlines()]
    assert names == ["Return-Path", "Delivered-To", "Received"]
    assert trace.endswith(" +0000\r\n")
    assert "Return-Path: <meetings@accsm.example>\r\n" in trace


def test_an_unknown_mail_is_not_found(outbox: Outbox) -> None:
    with pytest.raises(NotFound):
        outbox.get("../new/nothing")


def test_an_outbox_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert MaildirOutbox(tmp_path / "none").all() == []


def test_files_that_are_no_caught_mails_do_no_harm(tmp_path: Path) -> None:
    for folder, name, raw in [
        ("new", "1", b""),
        ("new", "2", b"\xff\x00Received: ;\r\n"),
        ("new", "3", b"Delivered-To: ann@x.example\r\nReceived: from a; someday\r\n\r\n"),
        ("cur", "4:2,S", b"Return-Path: <>\r\nDelivered-To: bob@x.example\r\nSubject: s\r\n\r\nx"),
        ("cur", ".hidden", b""),
    ]:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_bytes(raw)
    outbox = MaildirOutbox(tmp_path)
    assert {mail.key: mail.recipient for mail in outbox.all()} == {
        "1": "",
        "2": "",
        "3": "ann@x.example",
        "4": "bob@x.example",
    }
    assert outbox.get("4").content == b"Subject: s\r\n\r\nx"


def test_a_refusal_can_be_ordered(outbox: Outbox, mailer: Mailer, recipient: str, sandbox: Any) -> None:
    sandbox.fault("smtp-faults", recipient=recipient, code=550, text="5.1.1 no such user")
    with pytest.raises(PermanentFailure, match="no such user"):
        send(mailer, recipient)
    sandbox.fault("smtp-faults", recipient=recipient, code=452, text="4.3.1 full", stage="data")
    with pytest.raises(TransientFailure, match="full"):
        send(mailer, recipient)
    assert caught(outbox, recipient) == []
    send(mailer, recipient)
    assert len(caught(outbox, recipient)) == 1


def test_a_lost_answer_can_be_ordered(outbox: Outbox, mailer: Mailer, recipient: str, sandbox: Any) -> None:
    sandbox.fault("smtp-faults", recipient=recipient, hang_up=True)
    with pytest.raises(TransientFailure) as failure:
        send(mailer, recipient)
    assert failure.value.unknown
    assert len(caught(outbox, recipient)) == 1


# --- mail to the service itself


@pytest.fixture
def inbox(sandbox: Any) -> Mailbox:
    mailbox = MaildirMailbox(sandbox.plan.inbox)
    with mailbox.session() as session:
        session.put_away(session.waiting(10_000), Tray.PROCESSED)
    mailbox.wait(0)
    return mailbox


def lying(inbox: Mailbox) -> list[IncomingMail]:
    with inbox.session() as session:
        return list(session.read(session.waiting(100), 1_000_000))


@pytest.mark.parametrize(
    "address", ["meetings@accsm.example", "Meetings+a1B2@ACCSM.example", "meetings+@accsm.example"]
)
def test_mail_to_the_service_goes_into_its_inbox(
    inbox: Mailbox, outbox: Outbox, mailer: Mailer, recipient: str, sandbox: Any, address: str
) -> None:
    before = sandbox.plan.clock.now()
    send(mailer, address, recipient)
    assert inbox.wait(60) is True
    (mail,) = lying(inbox)
    trace, content = mail.content[: -len(CONTENT)].decode(), mail.content[-len(CONTENT) :]
    assert content == CONTENT
    assert trace.startswith(f"Return-Path: <meetings@accsm.example>\r\nDelivered-To: {address}\r\nReceived: ")
    # In the sandbox's time, which other tests have moved on.
    assert before - timedelta(seconds=1) <= mail.received_at <= sandbox.plan.clock.now()
    assert caught(outbox, address) == []
    assert len(caught(outbox, recipient)) == 1


@pytest.mark.parametrize(
    "address",
    [
        "meeting@accsm.example",
        "meetings-a@accsm.example",
        "other+meetings@accsm.example",
        "meetings@accsm.example.org",
        "meetings@mail.accsm.example",
    ],
)
def test_mail_to_others_does_not(inbox: Mailbox, outbox: Outbox, mailer: Mailer, address: str) -> None:
    before = len(caught(outbox, address))
    send(mailer, address)
    assert len(caught(outbox, address)) == before + 1
    assert lying(inbox) == []


def test_without_an_inbox_all_mail_is_caught(loop_thread: Any, sandbox: Any, tmp_path: Path) -> None:
    catcher = SmtpCatcher(tmp_path / "outbox", sandbox.plan.clock, Faults[SmtpFault]())

    async def listen() -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(catcher.protocol, "127.0.0.1", 0)

    async def stop() -> None:
        server.close()
        catcher.hang_up()
        await server.wait_closed()

    server: asyncio.Server = loop_thread.call(listen())
    try:
        port = server.sockets[0].getsockname()[1]
        send(SmtpMailer("127.0.0.1", port, "plain", timeout=5), "meetings@accsm.example")
    finally:
        loop_thread.call(stop())
    assert len(caught(MaildirOutbox(tmp_path / "outbox"), "meetings@accsm.example")) == 1

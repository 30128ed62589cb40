"""Answers through the real processes: by mail, by the personal page, and when machines die over them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import smtplib
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.acceptance.conftest import PEOPLE, Mail, Service, coming, definition, running_service, until

MANY = 150


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose attendees answer to addresses of their own, and whose claims run out quickly."""
    settings = {
        "reply_subaddress": "true",
        "smtp_timeout": "1",
        "graph_timeout": "1",
        "imap_timeout": "1",
        "lease_seconds": "14",
    }
    with running_service(tmp_path_factory.mktemp("answers"), **settings) as found:
        yield found


def publish(service: Service, folder: Path, reference: str, **changes: object) -> dict[str, Mail]:
    """Publish a meeting and return the invitations by recipient."""
    file = folder / f"{reference}.yaml"
    meeting = definition(reference, coming(service, 21), **changes)
    file.write_text(yaml.safe_dump(meeting, allow_unicode=True))
    service.cli("meeting", "create", str(file))
    service.cli("meeting", "publish", reference)
    count = len(meeting["attendees"])
    until(lambda: len(service.mails(f"Meeting {reference}")) >= count, "the invitations")
    return {mail.recipient: mail for mail in service.mails(f"Meeting {reference}")}


def field(calendar: str, name: str) -> str:
    found = re.search(rf"^{name}[;:](.*)$", calendar, re.MULTILINE)
    assert found is not None, name
    return found[1].strip().rpartition("mailto:")[2] if "mailto:" in found[1] else found[1].strip()


def reply(invitation: Mail, answer: str, *, attendee: str | None = None) -> tuple[str, str, bytes]:
    """The envelope and the content of an answer, as Exchange sends it: no ORGANIZER, no threading."""
    calendar = invitation.calendar or ""
    organizer = field(calendar, "ORGANIZER")
    sender = invitation.recipient
    lines = [
        "BEGIN:VCALENDAR",
        "METHOD:REPLY",
        "PRODID:Microsoft Exchange Server 2010",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        f"ATTENDEE;PARTSTAT={answer};CN=x:MAILTO:{attendee or sender}",
        "COMMENT;LANGUAGE=en-US:On behalf of all of us\\n",
        f"UID:{field(calendar, 'UID')}",
        f"DTSTAMP:{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{field(calendar, 'SEQUENCE')}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    head = (
        f"From: <{sender}>\r\nTo: <{organizer}>\r\nSubject: {answer.title()}: it\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/calendar; charset=utf-8; method=REPLY\r\n\r\n"
    )
    return sender, organizer, (head + "\r\n".join(lines)).encode()


def send(service: Service, *mails: tuple[str, str, bytes]) -> None:
    """Hand mails to the sandbox's mail server, as the attendees' servers would."""
    endpoints = json.loads((service.folder / "run" / "sandbox.json").read_text())
    with smtplib.SMTP(endpoints["smtp_host"], endpoints["smtp_port"]) as client:
        for sender, recipient, content in mails:
            client.sendmail(sender, [recipient], content)


def answers(service: Service, reference: str) -> dict[str, str]:
    people = service.api("GET", f"/meetings/{reference}")["attendees"]
    return {item["email"]: item["participation"] for item in people}


def test_answers_by_mail_take_effect_and_the_rest_waits_for_a_person(
    answered: Service, tmp_path: Path
) -> None:
    invitations = publish(answered, tmp_path, "MAILED")
    nhung, thida, tan = (PEOPLE[code][2] for code in ("VN", "MM", "SG"))
    assert "+" in field(invitations[nhung].calendar or "", "ORGANIZER"), "each has an address of their own"
    alias = reply(invitations[tan], "DECLINED", attendee="an.alias@sg.example.org")
    # Somebody else answers for her, to the address that everybody knows.
    known, forged = "meetings@accsm.example", reply(invitations[nhung], "DECLINED")
    forged_content = forged[2].replace(forged[1].encode(), known.encode())
    stranger = (
        "stranger@example.net",
        known,
        forged_content.replace(f"From: <{nhung}>".encode(), b"From: <stranger@example.net>"),
    )
    send(answered, reply(invitations[nhung], "ACCEPTED"), alias, stranger)
    wanted = {nhung: "accepted", thida: "no answer", tan: "declined"}
    until(
        lambda: (
            wanted.items() <= answers(answered, "MAILED").items()
            and answered.api("GET", "/incoming?outcome=quarantined")
        ),
        "the answers",
    )
    (kept,) = answered.api("GET", "/incoming?outcome=quarantined")
    assert (kept["sender"], kept["meeting"]) == ("stranger@example.net", "MAILED")
    assert wanted.items() <= answers(answered, "MAILED").items(), "a stranger's answer changes nothing"
    plan = answered.api("GET", "/meetings/MAILED/plan")
    reminded = {
        item["recipient_email"] for item in plan if item["kind"] == "remind" and item["state"] == "scheduled"
    }
    assert tan not in reminded
    assert {nhung, thida} <= reminded

    answered.cli("mailbox", "assign", str(kept["id"]), "MAILED", thida, "--as", "tentative")
    assert answers(answered, "MAILED")[thida] == "tentative"
    # The weekend and a holiday may lie between now and the host's next working morning.
    answered.cli("sandbox", "advance", "--by", "P5D")
    digests = [mail for mail in answered.mails("Meeting MAILED") if mail.subject.startswith("Tình hình")]
    assert {mail.recipient for mail in digests} == {"coordinator@vn.example.org"}
    assert sum("On behalf of all of us" in mail.text for mail in digests) == 1


def test_the_personal_page_answers_by_post_only(answered: Service, tmp_path: Path) -> None:
    invitations = publish(answered, tmp_path, "CLICKED")
    tan = PEOPLE["SG"][2]
    found = re.search(r"^(http://\S+/a/\S+?)(?<!/join)$", invitations[tan].text, re.MULTILINE)
    assert found is not None
    page = found[1]
    shown = answered.http.get(f"{page}?answer=declined", timeout=10)
    assert shown.ok
    assert "Meeting CLICKED" in shown.text
    assert answers(answered, "CLICKED")[tan] == "no answer", "looking changes nothing"
    shown_for = re.search(r'name="revision" value="(\d+)"', shown.text)
    assert shown_for is not None
    form = {"answer": "accepted", "myself": "yes", "revision": shown_for[1], "comment": "Ba người"}
    done = answered.http.post(f"{page}/answer", data=form, timeout=10)
    assert done.ok, done.text
    assert answers(answered, "CLICKED")[tan] == "accepted"
    (response,) = answered.api("GET", "/meetings/CLICKED/responses")
    assert (response["channel"], response["comment"]) == ("web", "Ba người")


def test_every_answer_counts_once_though_the_workers_die_over_them(answered: Service, tmp_path: Path) -> None:
    people = [
        {"group": "SOM", "delegation": "SG", "name": f"Person {n}", "email": f"person{n}@sg.example.org"}
        for n in range(MANY)
    ]
    invitations = publish(answered, tmp_path, "KILLED", attendees=people)
    mails = [reply(mail, "ACCEPTED") for mail in invitations.values()]
    send(answered, *mails[: MANY // 2])
    for number in answered.pids("celery"):
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue  # It went with its parent.
    send(answered, *mails[MANY // 2 :])
    until(lambda: set(answers(answered, "KILLED").values()) == {"accepted"}, "all answers", seconds=120)
    responses = answered.api("GET", "/meetings/KILLED/responses")
    assert len(responses) == MANY, "each answer is recorded once"
    inbox = answered.folder / "inbox"
    until(lambda: not list((inbox / "new").iterdir()), "the mailbox to be empty")


@pytest.mark.skipif(shutil.which("ps") is None, reason="ps is not installed")
def test_the_watcher_is_started_again_and_polls_go_on_without_it(answered: Service, tmp_path: Path) -> None:
    invitations = publish(answered, tmp_path, "WATCHED")
    for number in answered.pids("mailbox"):
        subprocess.run(["kill", "-9", str(number)], check=False)
    nhung = PEOPLE["VN"][2]
    send(answered, reply(invitations[nhung], "TENTATIVE"))
    until(lambda: answers(answered, "WATCHED")[nhung] == "tentative", "the answer", seconds=90)
    until(lambda: answered.pids("mailbox"), "the watcher to be back")

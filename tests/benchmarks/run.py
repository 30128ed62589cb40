"""Measures speed as ratios in one run on one machine; ``make bench`` prints them.

The whole way of 300 invitations (create, publish, link, plan, claim, deliver, record) beside two
plain loops over the same 300 messages, each on two processes and into the same SMTP catcher:

A  builds each message with ``icalendar`` and ``email`` and sends it with ``smtplib``
B  only sends messages that were built before
"""

from __future__ import annotations

import multiprocessing
import os
import smtplib
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from icalendar import Calendar, Event, vCalAddress

from config.settings import Settings
from orchestrator.bootstrap import Container
from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.supervisor import free_ports, running
from tests.callers import caller

ATTENDEES = 300
PROCESSES = 2
ROUNDS = 3
STATES = ["BN", "KH", "ID", "LA", "MY", "MM", "PH", "SG", "TH", "VN"]


def definition(number: int) -> MeetingDefinition:
    start = datetime.now(UTC) + timedelta(days=40)
    return MeetingDefinition.of(
        {
            "reference": f"BENCH-{number}",
            "kind": "som",
            "timeline": "standard",
            "title": "Senior Officials Meeting of three hundred",
            "host": "VN",
            "coordinator": {"name": "Trần Minh Khôi", "email": "coordinator@vn.example.org"},
            "start": f"{start:%Y-%m-%d} 14:00",
            "zone": "Asia/Ho_Chi_Minh",
            "duration": "PT3H",
            "agenda": [f"Item {item} of the agenda, with a title of usual length" for item in range(1, 8)],
            "attendees": [
                {
                    "group": "SOM",
                    "delegation": STATES[index % len(STATES)],
                    "name": f"Nguyễn Văn {index}",
                    "email": f"person{index}@bench.example.org",
                }
                for index in range(ATTENDEES)
            ],
        }
    )


def plain_message(index: int) -> bytes:
    """Build one invitation the plain way, with the same parts as ours."""
    calendar = Calendar()
    calendar.add("prodid", "-//bench//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    event = Event()
    event.add("uid", "bench-uid")
    event.add("dtstamp", datetime(2026, 11, 1, tzinfo=UTC))
    event.add("dtstart", datetime(2026, 12, 1, 7, tzinfo=UTC))
    event.add("dtend", datetime(2026, 12, 1, 10, tzinfo=UTC))
    event.add("sequence", 0)
    event.add("status", "CONFIRMED")
    event.add("summary", "Senior Officials Meeting of three hundred")
    event.add("description", "\n".join(f"{item}. An item of the agenda" for item in range(1, 8)))
    event.add("location", "https://teams.example/l/meetup-join/bench")
    organizer = vCalAddress("mailto:meetings@accsm.example")
    organizer.params["CN"] = "Trần Minh Khôi"
    event.add("organizer", organizer)
    attendee = vCalAddress(f"mailto:person{index}@bench.example.org")
    attendee.params["CN"] = f"Nguyễn Văn {index}"
    attendee.params["PARTSTAT"] = "NEEDS-ACTION"
    attendee.params["RSVP"] = "TRUE"
    event.add("attendee", attendee)
    calendar.add_component(event)
    content = calendar.to_ical()
    message = EmailMessage(policy=SMTP)
    message["From"] = "Trần Minh Khôi via ACCSM Meetings <meetings@accsm.example>"
    message["To"] = f"Nguyễn Văn {index} <person{index}@bench.example.org>"
    message["Subject"] = "Invitation: Senior Officials Meeting of three hundred"
    message["Date"] = datetime(2026, 11, 1, tzinfo=UTC)
    message["Message-ID"] = f"<bench-{index}@accsm.example>"
    text = f"Dear Nguyễn Văn {index},\n\nYou are invited.\n\n" + "A line of the agenda.\n" * 10
    message.set_content(text)
    html = f"<html><body>{'<p>A line of the agenda.</p>' * 30}</body></html>"
    message.add_alternative(html, subtype="html")
    message.add_alternative(content, "text", "calendar", params={"method": "REQUEST", "charset": "UTF-8"})
    message.make_mixed()
    message.add_attachment(content, "application", "ics", filename="invite.ics")
    return message.as_bytes()


def send_plain(port: int, indexes: range, built: dict[int, bytes] | None) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        for index in indexes:
            content = built[index] if built is not None else plain_message(index)
            client.sendmail("meetings@accsm.example", f"person{index}@bench.example.org", content)


def loop(port: int, built: dict[int, bytes] | None) -> float:
    """Return messages per second of a plain loop on two processes."""
    parts = [range(start, ATTENDEES, PROCESSES) for start in range(PROCESSES)]
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=send_plain, args=(port, part, built)) for part in parts]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return ATTENDEES / (time.perf_counter() - begun)


def whole_way(container: Container, number: int) -> tuple[float, float]:
    """Return deliveries per second from creation to the last, and seconds from publish to the first."""
    inbox = container.settings.data_dir / "outbox" / "new"
    before = mails(inbox)
    begun = time.perf_counter()
    container.meetings.create([definition(number)], caller=caller("bench"))
    published = time.perf_counter()
    container.meetings.publish(f"BENCH-{number}", caller=caller("bench"))
    first = await_mails(inbox, before + 1) - published
    last = await_mails(inbox, before + ATTENDEES)
    return ATTENDEES / (last - begun), first


def mails(folder: Path) -> int:
    return len(os.listdir(folder)) if folder.is_dir() else 0


def await_mails(folder: Path, wanted: int) -> float:
    pause = threading.Event()
    deadline = time.perf_counter() + 120
    while mails(folder) < wanted:
        if time.perf_counter() > deadline:
            raise SystemExit(f"only {mails(folder)} of {wanted} mails came")
        pause.wait(0.02)
    return time.perf_counter()


def main() -> None:
    rows: dict[str, list[float]] = {"ours": [], "A": [], "B": [], "first": []}
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), port=free_ports(1)[0], worker_concurrency=PROCESSES)
        container = Container(settings)
        container.database.upgrade()
        built = {index: plain_message(index) for index in range(ATTENDEES)}
        with running(settings, threading.Event()):
            port = container.endpoints.smtp_port
            whole_way(container, 0)  # Warms up the workers; not counted.
            for number in range(1, ROUNDS + 1):
                rate, first = whole_way(container, number)
                rows["ours"].append(rate)
                rows["first"].append(first)
                rows["A"].append(loop(port, None))
                rows["B"].append(loop(port, built))
        container.database.dispose()
    report(rows)


def report(rows: dict[str, list[float]]) -> None:
    ours, plain, bare, first = (statistics.median(rows[name]) for name in ("ours", "A", "B", "first"))
    print(f"{ATTENDEES} invitations, {PROCESSES} processes, SQLite, median of {ROUNDS} rounds")
    print(f"  whole way, create to last accepted {ours:6.0f} deliveries/s")
    print(f"  A  build and send in a plain loop  {plain:6.0f} messages/s, whole way = {ours / plain:.2f} x A")
    print(f"  B  only send                       {bare:6.0f} messages/s, whole way = {ours / bare:.2f} x B")
    print(f"  publish to first mail              {first:6.2f} s")


if __name__ == "__main__":
    main()

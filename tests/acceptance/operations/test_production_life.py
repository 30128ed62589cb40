"""A meeting's life in the production profile, on real servers that are restarted and killed in the middle.

Postfix, Dovecot, PostgreSQL, Redis and nginx are those of Debian, all over TLS with one certificate; Graph is
the sandbox's, reached as another one than Microsoft's. The processes are those of docker-compose.yml.
"""

from __future__ import annotations

import smtplib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integrations.sandbox.certificate import certificate_file, key_file
from orchestrator.supervisor import free_ports
from tests.acceptance.conftest import PEOPLE, until
from tests.acceptance.operations.production import TOKEN, Production, commands
from tests.acceptance.operations.real_servers import (
    DOMAIN,
    MAILBOX,
    PASSWORD,
    Postfix,
    Postgres,
    Redis,
    nginx,
)
from tests.contract.conftest import _running_dovecot, loop_thread, sandbox, tls_files

__all__ = ["loop_thread", "sandbox", "tls_files"]

pytestmark = pytest.mark.real_servers
NGINX = Path(__file__).parents[3] / "docs" / "nginx.conf"
EVERYBODY = [address for _, _, address in PEOPLE.values()]
HEAD = PEOPLE["MM"][2]
COORDINATOR = f"khoi@{DOMAIN}"
FULL, NOBODY = "full@sg.example.org", "nobody@sg.example.org"
_AUTH = """
service auth {{
  inet_listener login {{
    address = 127.0.0.1
    port = {port}
  }}
}}
auth_mechanisms = plain login
"""


_IN_ENGLISH = {"Thư mời": "Invitation", "Giờ họp mới": "New time", "Hủy họp": "Cancelled"}


@dataclass
class Ministry:
    """Everything that runs."""

    service: Production
    postgres: Postgres
    redis: Redis
    postfix: Postfix

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 60.0) -> None:
        """Wait until ``condition`` is true; fails with what the processes and Postfix have logged."""
        try:
            until(condition, what, seconds)
        except AssertionError as error:
            subjects = {address: self.subjects(address) for address in EVERYBODY}
            seen = [
                repr(subjects),
                self.service.logs(),
                self.postfix.log()[-3000:],
                self.service.cli("mailbox", "list"),
            ]
            raise AssertionError("\n".join([str(error), *seen])) from error

    def received(self, address: str) -> list[EmailMessage]:
        found = [
            message_from_bytes(content, policy=policy.default) for content in self.postfix.mails_to(address)
        ]
        return [mail for mail in found if isinstance(mail, EmailMessage)]

    def subjects(self, address: str) -> list[str]:
        return [str(mail["Subject"]) for mail in self.received(address)]

    def everybody_has(self, *beginnings: str, title: str = "Life") -> bool:
        """Whether each attendee's mails about a meeting begin so, in this order, and there are no others."""
        return all(
            [
                _IN_ENGLISH.get(begins := subject.split(":")[0], begins)
                for subject in self.subjects(address)
                if title in subject
            ]
            == [*beginnings]
            for address in EVERYBODY
        )


@pytest.fixture(scope="module")
def ministry(tls_files: Path, sandbox: Any) -> Iterator[Ministry]:
    # Not below pytest's folder: that one is closed to the users as whom the servers run under root.
    with tempfile.TemporaryDirectory(prefix="orchestrator-ministry-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield from _ministry(folder, tls_files, sandbox)


def _ministry(folder: Path, tls_files: Path, sandbox: Any) -> Iterator[Ministry]:
    certificate, key = certificate_file(tls_files), key_file(tls_files)
    authorities = folder / "authorities.pem"
    authorities.write_bytes(certificate.read_bytes() + Path(sandbox.ca_file).read_bytes())
    database, broker, smtp, submission, auth, web, https, http = free_ports(8)
    with ExitStack() as stack:
        dovecot = stack.enter_context(_running_dovecot(tls_files, _AUTH.format(port=auth)))
        (dovecot.folder / "users").write_text(f"any:{{PLAIN}}{PASSWORD}\n")
        postgres = Postgres(folder, database, certificate, key)
        stack.callback(postgres.stop, "immediate")
        redis = Redis(folder, broker, certificate, key)
        stack.callback(redis.kill)
        postfix = Postfix(
            folder, dovecot, [*EVERYBODY, COORDINATOR, FULL], (smtp, submission, auth), (certificate, key)
        )
        stack.callback(postfix.stop)
        configuration = (
            NGINX.read_text("utf-8")
            .replace("/etc/ssl/certs/meetings.pem", str(certificate))
            .replace("/etc/ssl/private/meetings.key", str(key))
            .replace("listen 443 ssl", f"listen 127.0.0.1:{https} ssl")
            .replace("listen 80;", f"listen 127.0.0.1:{http};")
            .replace("127.0.0.1:8000", f"127.0.0.1:{web}")
            .replace("meetings.ministry.example", "localhost")
        )
        stack.enter_context(nginx(folder, configuration))
        home = folder / "service"
        home.mkdir(mode=0o700)
        base = f"https://localhost:{https}"
        service = Production(
            home,
            {
                "profile": "production",
                "data_dir": str(home / "data"),
                "port": str(web),
                "public_url": base,
                "trusted_proxies": "127.0.0.1",
                "database_url": postgres.url,
                "broker_url": redis.url,
                "ca_file": str(authorities),
                "api_token": TOKEN,
                "link_key": TOKEN[::-1],
                "organizer_address": MAILBOX,
                "organizer_name": "ACCSM Meetings",
                "reply_subaddress": "true",
                "smtp_host": "localhost",
                "smtp_port": str(submission),
                "smtp_security": "starttls",
                "smtp_username": "meetings",
                "smtp_password": PASSWORD,
                "imap_host": "localhost",
                "imap_port": str(dovecot.tls_port),
                "imap_username": "meetings",
                "imap_password": PASSWORD,
                "poll_seconds": "5",
                "graph_base_url": f"{sandbox.base}/v1.0",
                "graph_authority_url": sandbox.base,
                "graph_other_endpoint": "true",
                "graph_tenant_id": sandbox.plan.tenant_id,
                "graph_client_id": sandbox.plan.client_id,
                "graph_client_secret": sandbox.plan.client_secret,
                "graph_organizer": sandbox.plan.organizer_id,
                # A claim of a killed worker comes back within the test.
                "smtp_timeout": "2",
                "graph_timeout": "4",
                "imap_timeout": "4",
                "lease_seconds": "32",
            },
            base=base,
            ca_file=certificate,
        )
        stack.callback(service.close)
        service.cli("db", "upgrade")
        service.start()
        found = Ministry(service, postgres, redis, postfix)
        found.until(lambda: service.get("/readyz").status_code == 200, "the service to be ready")
        yield found


def meeting(reference: str, starts: datetime, duration: str, people: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "reference": reference,
        "kind": "som",
        "timeline": "standard",
        "title": {"en": f"{reference.title()} of a meeting"},
        "host": "VN",
        "coordinator": {"name": "Trần Minh Khôi", "email": COORDINATOR},
        "start": f"{starts.astimezone(ZoneInfo('Asia/Ho_Chi_Minh')):%Y-%m-%d %H:%M}",
        "zone": "Asia/Ho_Chi_Minh",
        "duration": duration,
        "agenda": [{"en": "Adoption of the agenda", "lead": "VN"}],
        "attendees": people,
    }


def attendees(*more: tuple[str, str]) -> list[dict[str, str]]:
    known = [
        {"group": group, "delegation": code, "name": name, "email": email}
        for code, (name, group, email) in PEOPLE.items()
    ]
    return known + [
        {"group": "SOM", "delegation": "SG", "name": name, "email": email} for name, email in more
    ]


def accept(ministry: Ministry, address: str) -> None:
    """Answer the invitation as a calendar would, by the mail server of the attendee."""
    invitation = next(mail for mail in ministry.received(address) if "Life" in str(mail["Subject"]))
    calendar = next(part for part in invitation.walk() if part.get_content_type() == "text/calendar")
    lines = calendar.get_content().replace("\r\n ", "").splitlines()
    event = lines[lines.index("BEGIN:VEVENT") : lines.index("END:VEVENT")]
    fields = {line.split(":")[0].split(";")[0]: line.rpartition(":")[2] for line in event}
    organizer = fields["ORGANIZER"]
    reply = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//A calendar//EN",
            "METHOD:REPLY",
            "BEGIN:VEVENT",
            f"UID:{fields['UID']}",
            f"SEQUENCE:{fields['SEQUENCE']}",
            f"DTSTAMP:{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
            f"ORGANIZER:mailto:{organizer}",
            f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{address}",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = address, organizer, "Accepted"
    mail["Date"], mail["Message-ID"] = datetime.now(UTC), f"<accepted-{address}>"
    mail.set_content(reply, subtype="calendar", params={"method": "REPLY"})
    with smtplib.SMTP("127.0.0.1", ministry.postfix.port) as client:
        client.sendmail(address, [organizer], mail.as_bytes())


def participation(ministry: Ministry, address: str) -> str:
    people = ministry.service.api("GET", "/meetings/LIFE")["attendees"]
    return str(next(item["participation"] for item in people if item["email"] == address))


def test_every_process_shows_that_it_is_alive(ministry: Ministry) -> None:
    def fresh() -> set[str]:
        files = ministry.service.folder.glob("*.alive")
        return {file.stem for file in files if time.time() - file.stat().st_mtime < 30}

    ministry.until(lambda: fresh() >= {*commands()} - {"web"}, "a heartbeat of each process")


def test_doctor_is_well_on_real_servers(ministry: Ministry) -> None:
    """Before the life: the addresses that fail in it are red until a person closes them."""
    found: list[str] = []

    def well() -> bool:
        found.append(_doctor(ministry))
        return "×" not in found[-1]

    try:
        until(well, "the doctor to find everything well", 90)
    except AssertionError as error:
        raise AssertionError(found[-1]) from error


def _doctor(ministry: Ministry) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator", "doctor"],
        env=ministry.service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_a_whole_life_on_real_servers(ministry: Ministry) -> None:
    service = ministry.service
    now = datetime.now(UTC)
    # This one is over soon, while the other one lives.
    soon = (now + timedelta(minutes=1, seconds=20)).replace(second=0, microsecond=0)
    service.api("POST", "/meetings", 201, json=meeting("SHORT", soon, "PT1M", attendees()))
    service.api("POST", "/meetings/SHORT/publish")
    people = attendees(("Nobody", NOBODY), ("Full", FULL))
    service.api("POST", "/meetings", 201, json=meeting("LIFE", now + timedelta(days=20), "PT2H", people))
    service.api("POST", "/meetings/LIFE/publish")

    ministry.until(lambda: ministry.everybody_has("Invitation"), "the invitations")
    ministry.until(lambda: _fates(ministry).get(NOBODY) == "failed", "the refusal of an unknown address")
    ministry.until(lambda: _fates(ministry).get(FULL) == "bounced", "the report of the full mailbox")
    assert all(_fates(ministry)[address] == "sent" for address in EVERYBODY)

    accept(ministry, HEAD)
    ministry.until(lambda: participation(ministry, HEAD) == "accepted", "the answer by mail")
    assert [item for item in service.api("GET", "/meetings/LIFE")["attendees"] if item["email"] == HEAD]

    _everything_dies_while_the_meeting_moves(ministry)
    backup = ministry.postgres.dump()

    ministry.until(lambda: service.api("GET", "/meetings/SHORT")["status"] == "concluded", "the end", 180)
    service.api(
        "POST",
        "/meetings/SHORT/minutes",
        201,
        files={"file": ("Minutes.md", b"# Adopted\n", "text/markdown")},
    )
    ministry.until(lambda: ministry.everybody_has("Invitation", "Minutes", title="Short"), "the minutes", 90)

    _an_older_state_is_put_back(ministry, backup)
    service.api("POST", "/meetings/LIFE/cancel", json={"reason": "A storm"})
    ministry.until(
        lambda: ministry.everybody_has("Invitation", "New time", "Cancelled"), "the cancellations", 90
    )
    assert ministry.subjects(NOBODY) == []


def _fates(ministry: Ministry) -> dict[str, str]:
    """How the newest delivery to each recipient has ended; the list begins with the newest."""
    found = ministry.service.api("GET", "/meetings/LIFE/deliveries")
    return {item["recipient"]: item["state"] for item in reversed(found)}


def _everything_dies_while_the_meeting_moves(ministry: Ministry) -> None:
    """Kill workers and broker, restart database and relay, and move the meeting meanwhile."""
    service = ministry.service
    for name in ("worker-mail", "worker-conference", "beat"):
        service.kill(name)
    ministry.redis.kill()
    found = service.api("GET", "/meetings/LIFE")
    start = f"{datetime.now(UTC) + timedelta(days=22):%Y-%m-%d} 10:00"
    change = {"version": found["version"], "start": start, "reason": "A storm"}
    service.api("PATCH", "/meetings/LIFE", json=change)
    ministry.redis.start()
    service.start("worker-mail", "worker-conference", "beat")
    ministry.postgres.stop("immediate")
    ministry.postfix.restart()
    ministry.postgres.start()
    ministry.until(lambda: ministry.everybody_has("Invitation", "New time"), "the new time", 120)
    # A second delivery of the same thing would be a row of its own, or the same one marked as repeated.
    deliveries = service.api("GET", "/meetings/LIFE/deliveries")
    told = Counter((item["recipient"], item["purpose"]) for item in deliveries)
    assert {told[address, purpose] for address in EVERYBODY for purpose in ("invitation", "update")} == {1}


def _an_older_state_is_put_back(ministry: Ministry, backup: bytes) -> None:
    """Restore the backup as docs/production.md says: stop the processes, put it back, start them."""
    service = ministry.service
    service.stop()
    ministry.postgres.restore(backup)
    service.cli("db", "upgrade")
    service.start()
    ministry.until(lambda: service.get("/readyz").status_code == 200, "the service to be ready again")
    assert participation(ministry, HEAD) == "no answer", "a new time asks again"


def test_nginx_passes_on_what_the_console_needs(ministry: Ministry) -> None:
    page = ministry.service.get("/sign-in")
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"]
    assert ministry.service.get("/livez").status_code == 200

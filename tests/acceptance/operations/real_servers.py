"""Servers as a ministry runs them, each alone in a folder: PostgreSQL, Redis, Postfix and nginx from Debian.

All of them speak TLS with one certificate, as if a ministry's own authority had signed it. Dovecot is started
by ``tests.contract.conftest``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.acceptance.operations.production import redis_users
from tests.contract.conftest import Dovecot

PASSWORD = "a-long-password-for-each-server-0123"
DOMAIN = "ministry.example"
MAILBOX = f"meetings@{DOMAIN}"


def program(name: str, *folders: str) -> str:
    """Where a program lies; skips the test, naming the package, where it is not installed."""
    packages = {
        "initdb": "postgresql",
        "pg_ctl": "postgresql",
        "pg_dump": "postgresql",
        "nginx": "nginx-light",
    }
    places = [*folders, "/usr/sbin", "/usr/local/sbin", os.environ.get("PATH", "")]
    found = shutil.which(name, path=":".join(places))
    if found is None:
        pytest.skip(f"{name} is not installed; on Debian: apt-get install {packages.get(name, name)}")
    return found


def postgres_program(name: str) -> str:
    """Where a program of PostgreSQL lies: Debian keeps them in a folder for each version."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return program(name, *map(str, reversed(versions)))


def unprivileged() -> str | None:
    """As whom to run what refuses to run as root."""
    return pwd.getpwnam("nobody").pw_name if os.getuid() == 0 else None


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Wait until ``condition`` is true; fails naming ``what``."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        pause.wait(0.05)


class Postgres:
    """A PostgreSQL server with TLS and passwords."""

    def __init__(self, folder: Path, port: int, certificate: Path, key: Path) -> None:
        self.folder, self.port = folder / "postgres", port
        self.folder.mkdir()
        self._user = unprivileged()
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            target = folder / f"postgres-{name}"
            shutil.copy(source, target)
            target.chmod(0o600)
            self._own(target)
        password = folder / "postgres-password"
        password.write_text(PASSWORD)
        self._own(password)
        self._own(self.folder)
        self._run(
            "initdb",
            "--pgdata",
            str(self.folder),
            "--username=orchestrator",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--no-sync",
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(self.folder),
            "ssl": "on",
            "ssl_cert_file": str(folder / "postgres-server.crt"),
            "ssl_key_file": str(folder / "postgres-server.key"),
            "fsync": "off",
        }
        with (self.folder / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()
        self._run(
            "createdb", f"--host={self.folder}", f"--port={port}", "--username=orchestrator", "orchestrator"
        )

    @property
    def url(self) -> str:
        """The URL of the setting; the certificate is held against the authority."""
        return f"postgresql://orchestrator:{PASSWORD}@localhost:{self.port}/orchestrator?sslmode=verify-full"

    def start(self) -> None:
        self._run("pg_ctl", "--pgdata", str(self.folder), "--wait", f"--log={self.folder / 'log'}", "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "--pgdata", str(self.folder), "--wait", f"--mode={mode}", "stop")

    def dump(self) -> bytes:
        """Back the database up, as docs/production.md says."""
        return self._run("pg_dump", "--format=custom", *self._connection(), "orchestrator")

    def restore(self, backup: bytes) -> None:
        """Put a backup in the place of what is there, as docs/production.md says."""
        self._run(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--exit-on-error",
            "--dbname=orchestrator",
            *self._connection(),
            given=backup,
        )

    def _connection(self) -> tuple[str, ...]:
        return f"--host={self.folder}", f"--port={self.port}", "--username=orchestrator"

    def _own(self, path: Path) -> None:
        if self._user:
            shutil.chown(path, self._user)

    def _run(self, name: str, *arguments: str, given: bytes | None = None) -> bytes:
        done = subprocess.run(
            [postgres_program(name), *arguments],
            user=self._user,
            extra_groups=[] if self._user else None,
            env={"PGPASSWORD": PASSWORD, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            # The server that pg_ctl starts keeps its outputs open, so waiting for their end would not end.
            stdout=subprocess.PIPE if name != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.PIPE if name != "pg_ctl" else subprocess.DEVNULL,
            cwd="/",
            check=False,
        )
        assert done.returncode == 0, f"{name} {arguments}: {(done.stderr or b'').decode()}"
        return done.stdout or b""


class Redis:
    """A Redis server with TLS and the users of docker-compose.yml."""

    def __init__(self, folder: Path, port: int, certificate: Path, key: Path) -> None:
        self.port = port
        self._folder = folder / "redis"
        self._folder.mkdir()
        (self._folder / "users.acl").write_text("\n".join(redis_users(PASSWORD)) + "\n")
        (self._folder / "redis.conf").write_text(
            f'port 0\ntls-port {port}\nbind 127.0.0.1\nsave ""\nappendonly no\ntls-auth-clients no\n'
            f"tls-cert-file {certificate}\ntls-key-file {key}\naclfile {self._folder / 'users.acl'}\n"
            f"dir {self._folder}\nlogfile {self._folder / 'log'}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"rediss://worker:{PASSWORD}@localhost:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen([program("redis-server"), str(self._folder / "redis.conf")])
        log = self._folder / "log"
        wait_until(lambda: log.exists() and log.read_text().count("Ready to accept") >= 1, "Redis")

    def kill(self) -> None:
        """Let it die with everything in it."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(20)
        (self._folder / "log").unlink(missing_ok=True)


_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.{domain}
mydestination =
alias_maps =
mynetworks =
biff = no
recipient_delimiter = +
virtual_mailbox_domains = regexp:{folder}/domains
virtual_mailbox_maps = texthash:{folder}/boxes
virtual_mailbox_base = {mail}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
transport_maps = regexp:{folder}/transports
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
smtpd_sender_login_maps = regexp:{folder}/senders
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
message_size_limit = 20000000
smtpd_client_connection_rate_limit = 0
bounce_queue_lifetime = 1h
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
  -o smtpd_sender_restrictions=reject_authenticated_sender_login_mismatch
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
full unix - n n - - pipe flags= user={user} argv={folder}/refuse-as-full
"""


class Postfix:
    """A mail server: a submission port with login for the service, and a port for the rest of the world.

    Each of ``addresses`` has a mailbox below Dovecot's folder; others are refused at once. Mail to ``full@…``
    is accepted and then reported: the mailbox is full.
    """

    def __init__(
        self,
        folder: Path,
        dovecot: Dovecot,
        addresses: list[str],
        ports: tuple[int, int, int],
        tls: tuple[Path, Path],
    ) -> None:
        if os.getuid() != 0:
            pytest.skip("Postfix can be started by root only")
        program("postfix")
        self.port, self.submission, auth_port = ports
        self.mail = dovecot.folder / "mail"
        self._folder = folder / "postfix"
        self._folder.mkdir()
        (self._folder / "spool").mkdir()
        (self._folder / "data").mkdir()
        shutil.chown(self._folder / "data", "postfix")
        nobody = pwd.getpwnam("nobody")
        values = {
            "folder": self._folder,
            "domain": DOMAIN,
            "mail": self.mail,
            "uid": nobody.pw_uid,
            "gid": nobody.pw_gid,
            "user": nobody.pw_name,
            "certificate": tls[0],
            "key": tls[1],
            "auth_port": auth_port,
            "port": self.port,
            "submission": self.submission,
        }
        mailbox = MAILBOX.replace(".", "\\.").replace("@", "(\\+[^@]*)?@")
        files = {
            "main.cf": _MAIN.format(**values),
            "master.cf": _MASTER.format(**values),
            "domains": "/./ OK\n",
            "boxes": f"{MAILBOX} meetings/Maildir/\n" + "".join(f"{item} {item}/\n" for item in addresses),
            "transports": "/^full@/ full:\n",
            # 69 is EX_UNAVAILABLE of sysexits.h.
            "refuse-as-full": "#!/bin/sh\necho '5.2.2 The mailbox is full'\nexit 69\n",
            "senders": f"/^{mailbox}$/ meetings\n",
        }
        for name, text in files.items():
            (self._folder / name).write_text(text)
        (self._folder / "refuse-as-full").chmod(0o755)
        self._control("start")

    def stop(self) -> None:
        self._control("abort")

    def restart(self) -> None:
        self._control("abort")
        self._control("start")

    def log(self) -> str:
        log = self._folder / "log"
        return log.read_text("utf-8", "replace") if log.exists() else "Postfix wrote no log"

    def mails_to(self, address: str) -> list[bytes]:
        """What lies in an attendee's mailbox, in the order it came."""
        box = self.mail / address / "new"
        files = sorted(box.iterdir(), key=lambda file: file.stat().st_mtime_ns) if box.is_dir() else []
        return [file.read_bytes() for file in files]

    def _control(self, word: str) -> None:
        done = subprocess.run(
            [program("postfix"), "-c", str(self._folder), word], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or word == "abort", done.stderr + self.log()


@contextmanager
def nginx(folder: Path, configuration: str) -> Iterator[None]:
    """nginx with ``configuration`` in its http block."""
    place = folder / "nginx"
    place.mkdir(mode=0o755)
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (place / name).mkdir()
    temporary = "\n".join(
        f"{directive}_temp_path {place / name};"
        for name, directive in (
            ("body", "client_body"),
            ("proxy", "proxy"),
            ("fastcgi", "fastcgi"),
            ("uwsgi", "uwsgi"),
            ("scgi", "scgi"),
        )
    )
    owner = "user root;" if os.getuid() == 0 else ""
    (place / "nginx.conf").write_text(
        f"{owner} daemon off; pid {place / 'pid'}; error_log {place / 'error.log'};\n"
        f"events {{}}\nhttp {{ access_log off;\n{temporary}\n{configuration}\n}}\n"
    )
    command = [
        program("nginx"),
        "-p",
        str(place),
        "-e",
        str(place / "error.log"),
        "-c",
        str(place / "nginx.conf"),
    ]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command)
    try:
        wait_until(lambda: (place / "pid").exists(), "nginx")
        yield
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGQUIT)
        process.wait(20)

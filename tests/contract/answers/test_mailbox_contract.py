"""The contract of ``ports.Mailbox``: a Maildir, and a real IMAP server.

Two things an IMAP server may change in a mail, so they are no part of the contract: line ends become
CRLF, and bytes of value zero, which IMAP cannot carry (RFC 3501 §4.3), become something else.

This file is longer than others, because a contract is one suite that every adapter runs.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from integrations.sandbox.inbox import MaildirMailbox
from orchestrator.errors import PermanentFailure
from orchestrator.ports import IncomingMail, Mailbox, MailboxSession, Tray

LARGEST = 1_000_000


class Account(Protocol):
    """What the tests do to a mailbox behind the adapter's back."""

    def mailbox(self) -> Mailbox: ...
    def deliver(self, *contents: bytes) -> None: ...
    def remove_all(self) -> None: ...
    def contents(self, tray: str = "") -> list[bytes]: ...
    def all_seen(self, tray: str = "") -> bool: ...
    def state(self) -> Any: ...


class MaildirAccount:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._delivered = 0
        for name in ("tmp", "new", "cur"):
            (path / name).mkdir(parents=True)

    def mailbox(self) -> MaildirMailbox:
        return MaildirMailbox(self.path)

    def deliver(self, *contents: bytes) -> None:
        for content in contents:
            self._delivered += 1
            self.put(
                f"new/{1_700_000_000 + self._delivered // 1000}.M{self._delivered % 1000:06d}P7.host", content
            )

    def put(self, name: str | bytes, content: bytes = b"x") -> None:
        draft = self.path / "tmp" / "draft"
        draft.write_bytes(content)
        os.rename(draft, os.path.join(os.fsencode(self.path), os.fsencode(name)))

    def remove_all(self) -> None:
        for file in self._files(""):
            file.unlink()

    def contents(self, tray: str = "") -> list[bytes]:
        return [file.read_bytes() for file in self._files(tray)]

    def all_seen(self, tray: str = "") -> bool:
        return all(
            file.parent.name == "cur" and "S" in file.name.partition(":2,")[2] for file in self._files(tray)
        )

    def state(self) -> Any:
        return {str(file): file.stat().st_mtime_ns for file in self._files("")}

    def _files(self, tray: str) -> list[Path]:
        folder = self.path / f".{tray}" if tray else self.path
        return sorted([*(folder / "new").iterdir(), *(folder / "cur").iterdir()], key=lambda file: file.name)


@pytest.fixture(params=["maildir", "imap"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Account:
    if request.param == "maildir":
        return MaildirAccount(tmp_path / "inbox")
    made: Account = request.getfixturevalue("imap_account")
    return made


@pytest.fixture
def mailbox(account: Account) -> Mailbox:
    return account.mailbox()


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def numbered(number: int) -> bytes:
    return b"Subject: %d\r\n\r\nanswer %d\r\n" % (number, number)


def text(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def read_all(session: MailboxSession, largest: int = LARGEST) -> list[IncomingMail]:
    return list(session.read(session.waiting(10_000), largest))


# --- looking and reading


def test_an_empty_mailbox(mailbox: Mailbox) -> None:
    with mailbox.session() as session:
        assert session.waiting(10) == []
        assert list(session.read([], LARGEST)) == []
        session.put_away([], Tray.PROCESSED)


def test_mails_come_oldest_first_and_no_more_than_asked_for(account: Account, mailbox: Mailbox) -> None:
    account.deliver(*map(numbered, range(12)))
    with mailbox.session() as session:
        keys = session.waiting(100)
        assert len(set(keys)) == 12
        assert session.waiting(5) == keys[:5]
        assert [mail.content for mail in session.read(keys, LARGEST)] == [numbered(n) for n in range(12)]
        assert [mail.key for mail in session.read(keys[3:6], LARGEST)] == keys[3:6]


def test_mail_that_comes_during_a_session_is_seen_by_it(account: Account, mailbox: Mailbox) -> None:
    with mailbox.session() as session:
        assert session.waiting(10) == []
        account.deliver(numbered(1), numbered(2))
        assert [mail.content for mail in read_all(session)] == [numbered(1), numbered(2)]


@pytest.mark.parametrize("largest", [1, 10, 99_999, 100_000, 100_001])
def test_a_large_mail_is_cut(account: Account, mailbox: Mailbox, largest: int) -> None:
    content = (b"Subject: large\r\n\r\n" + b"0123456789abcd\r\n" * 6250)[:100_000]
    account.deliver(content, numbered(2))
    with mailbox.session() as session:
        mail, small = read_all(session, largest)
    assert mail.content == content[:largest]
    assert mail.size == 100_000
    assert mail.complete is (largest >= 100_000)
    assert small.content == numbered(2)[:largest]
    assert small.complete is (largest > 10)


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: s\r\n\r\n",
        b"no header at all",
        b"Subject: H\xc3\xa0 N\xe1\xbb\x99i\r\n\r\nlatin \xe9, \xff\xfe\r\n",
        b"Subject: unix\n\nline\n.\n..\nFrom here\n",
        b"Subject: long\r\n\r\n" + b"x" * 70_000 + b"\r\n",
        b'Subject: s\r\n\r\n"quoted" \\back {12}\r\n) (] * 1 FETCH\r\n+ OK\r\n',
        b"Subject: s\r\n\r\n\xef\xbb\xbfBOM\r\n\r\n\r\n \t \r\n",
    ],
)
def test_a_mail_comes_back_as_it_is(account: Account, mailbox: Mailbox, content: bytes) -> None:
    account.deliver(content)
    with mailbox.session() as session:
        (mail,) = read_all(session)
    assert text(mail.content) == text(content)
    assert mail.complete


def test_a_mail_knows_when_it_came(account: Account, mailbox: Mailbox) -> None:
    before = datetime.now(UTC)
    account.deliver(numbered(1))
    with mailbox.session() as session:
        (mail,) = read_all(session)
    assert mail.received_at.tzinfo is UTC
    # IMAP has whole seconds only.
    assert before - timedelta(seconds=2) <= mail.received_at <= datetime.now(UTC) + timedelta(seconds=2)


def test_reading_changes_nothing(account: Account, mailbox: Mailbox) -> None:
    account.deliver(numbered(1), numbered(2))
    before = account.state()
    with mailbox.session() as session:
        first = read_all(session)
        assert read_all(session) == first
    assert account.state() == before
    assert not account.all_seen()


def test_keys_outlive_the_session_and_are_never_given_again(account: Account, mailbox: Mailbox) -> None:
    account.deliver(numbered(1), numbered(2))
    with mailbox.session() as session:
        first, second = session.waiting(10)
        session.put_away([second], Tray.PROCESSED)
    account.deliver(numbered(3))
    with account.mailbox().session() as session:
        again, third = session.waiting(10)
        assert list(session.read([second], LARGEST)) == []
    assert again == first
    assert third not in (first, second)


# --- putting away


def test_mails_go_to_their_trays_and_are_marked_as_seen(account: Account, mailbox: Mailbox) -> None:
    account.deliver(*map(numbered, range(4)))
    with mailbox.session() as session:
        keys = session.waiting(10)
        session.put_away(keys[:2], Tray.PROCESSED)
        session.put_away(keys[2:3], Tray.QUARANTINE)
        assert session.waiting(10) == keys[3:]
    assert account.contents() == [numbered(3)]
    assert account.contents("Processed") == [numbered(0), numbered(1)]
    assert account.contents("Quarantine") == [numbered(2)]
    assert account.all_seen("Processed") and account.all_seen("Quarantine")
    assert not account.all_seen()


def test_putting_away_while_reading(account: Account, mailbox: Mailbox) -> None:
    account.deliver(*map(numbered, range(3)))
    with mailbox.session() as session:
        for mail in session.read(session.waiting(10), LARGEST):
            session.put_away([mail.key], Tray.PROCESSED)
        assert session.waiting(10) == []
    assert len(account.contents("Processed")) == 3


def test_putting_away_twice_moves_once(account: Account, mailbox: Mailbox) -> None:
    account.deliver(numbered(1), numbered(2))
    with mailbox.session() as session:
        keys = session.waiting(10)
        session.put_away(keys, Tray.PROCESSED)
        session.put_away(keys, Tray.PROCESSED)
        session.put_away(keys, Tray.QUARANTINE)
    assert account.contents("Processed") == [numbered(1), numbered(2)]
    assert account.contents("Quarantine") == []


def test_mails_that_vanish_are_left_out(account: Account, mailbox: Mailbox) -> None:
    account.deliver(numbered(1), numbered(2))
    with mailbox.session() as session:
        keys = session.waiting(10)
        account.remove_all()
        account.deliver(numbered(3))
        assert list(session.read(keys, LARGEST)) == []
        session.put_away(keys, Tray.PROCESSED)
        assert [mail.content for mail in read_all(session)] == [numbered(3)]
    assert account.contents("Processed") == []


@pytest.mark.parametrize("key", ["", "1", "1:1", "0:x", "../new/1", "new/1", "1:2:3", "%00", "é\ud800"])
def test_keys_of_nobody_do_no_harm(account: Account, mailbox: Mailbox, key: str) -> None:
    account.deliver(numbered(1))
    with mailbox.session() as session:
        assert list(session.read([key], LARGEST)) == []
        session.put_away([key], Tray.QUARANTINE)
    assert account.contents() == [numbered(1)]


def test_many_mails(account: Account, mailbox: Mailbox) -> None:
    account.deliver(*map(numbered, range(1200)))
    with mailbox.session() as session:
        keys = session.waiting(2000)
        assert [mail.content for mail in session.read(keys, LARGEST)] == [numbered(n) for n in range(1200)]
        session.put_away(keys[::2], Tray.PROCESSED)
        assert session.waiting(2000) == keys[1::2]
        session.put_away(keys, Tray.QUARANTINE)
        assert session.waiting(1) == []
    assert account.contents("Processed") == [numbered(n) for n in range(0, 1200, 2)]
    assert account.contents("Quarantine") == [numbered(n) for n in range(1, 1200, 2)]


# --- waiting


def test_waiting_ends_when_mail_lies_there_and_else_when_the_time_is_over(
    account: Account, mailbox: Mailbox
) -> None:
    assert mailbox.wait(0) is False
    before = time.monotonic()
    assert mailbox.wait(0.3) is False
    assert time.monotonic() - before >= 0.3
    account.deliver(numbered(1))
    assert mailbox.wait(60) is True
    assert mailbox.wait(0) is False, "nothing has come since"
    assert account.mailbox().wait(60) is True, "the first call counts what lies there"


def test_waiting_ends_when_mail_arrives(
    account: Account, mailbox: Mailbox, background: ThreadPoolExecutor
) -> None:
    assert mailbox.wait(0) is False
    for number in range(3):
        waiting = background.submit(mailbox.wait, 60)
        account.deliver(numbered(number))
        assert waiting.result(timeout=30) is True


def test_putting_away_is_no_arrival(account: Account, mailbox: Mailbox) -> None:
    account.deliver(numbered(1), numbered(2))
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        session.put_away(session.waiting(1), Tray.PROCESSED)
    assert mailbox.wait(0.1) is False


def test_mail_that_came_and_went_and_mail_that_comes_again(account: Account, mailbox: Mailbox) -> None:
    assert mailbox.wait(0) is False
    account.deliver(numbered(1))
    account.remove_all()
    account.deliver(numbered(2))
    assert mailbox.wait(60) is True


def test_waiting_can_be_broken_off_and_taken_up_again(
    account: Account, mailbox: Any, background: ThreadPoolExecutor
) -> None:
    assert mailbox.wait(0) is False
    waiting: Future[bool] = background.submit(mailbox.wait, 60)
    mailbox.close()
    assert waiting.result(timeout=5) is False
    account.deliver(numbered(1))
    assert mailbox.wait(60) is True


def test_a_call_that_begins_after_the_end_was_asked_for_ends_at_once(account: Account, mailbox: Any) -> None:
    mailbox.close()
    mailbox.close()
    before = time.monotonic()
    assert mailbox.wait(60) is False
    assert time.monotonic() - before < 5
    account.deliver(numbered(1))
    assert mailbox.wait(60) is True


# --- the rest


def test_the_name_stays_the_same(account: Account, imap_password: str) -> None:
    name = account.mailbox().name
    assert name == account.mailbox().name
    assert name.split(":")[0] in ("maildir", "imap")
    assert imap_password not in name


@pytest.mark.parametrize(
    ("count", "words"), [(0, "holds 0 mails"), (1, "holds 1 mail"), (3, "holds 3 mails")]
)
def test_check_says_what_it_found(account: Account, mailbox: Mailbox, count: int, words: str) -> None:
    account.deliver(*map(numbered, range(count)))
    assert words in mailbox.check()


# --- the Maildir alone


@pytest.fixture
def maildir(tmp_path: Path) -> MaildirAccount:
    return MaildirAccount(tmp_path / "inbox")


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_maildir_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "inbox"
    mailbox = MaildirMailbox(path)
    assert mailbox.wait(0) is False
    assert not path.exists()
    assert mailbox.check() == f"The Maildir {path} holds 0 mails."
    assert names(path) == [".Processed", ".Quarantine", "cur", "new", "tmp"]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (path, *path.rglob("*"))} == {0o700}


def test_mails_of_all_kinds_of_names_come_by_time(maildir: MaildirAccount) -> None:
    maildir.put("new/1700000003000000.12_000001_ab.sandbox", b"3")
    maildir.put("cur/1700000002.M000005P1.host:2,FR", b"2b")
    maildir.put("new/1700000002.M4P1.host", b"2a")
    maildir.put("cur/1700000001.host:2,", b"1")
    maildir.put("new/dropped by hand.eml", b"0")
    os.utime(maildir.path / "new" / "dropped by hand.eml", (1_600_000_000, 1_600_000_000))
    with maildir.mailbox().session() as session:
        mails = read_all(session)
        assert [mail.content for mail in mails] == [b"0", b"1", b"2a", b"2b", b"3"]
        session.put_away([mail.key for mail in mails], Tray.PROCESSED)
    assert mails[0].received_at == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert "1700000002.M000005P1.host:2,FRS" in names(maildir.path / ".Processed" / "cur")
    assert len(names(maildir.path / ".Processed" / "cur")) == 5


@pytest.mark.parametrize("name", [b"\xff\xfe", "thư".encode(), b"50%", b"%FF", b"a\nb", b"a:1,b", b'"; DROP'])
def test_names_that_are_not_text_work(maildir: MaildirAccount, name: bytes) -> None:
    maildir.put(b"new/" + name, b"one")
    maildir.put(b"cur/other:2,S", b"two")
    mailbox = maildir.mailbox()
    assert mailbox.wait(0) is True
    with mailbox.session() as session:
        (key,) = (mail.key for mail in read_all(session) if mail.content == b"one")
        assert key.encode("ascii") and key.isprintable()
        session.put_away([key], Tray.QUARANTINE)
        assert session.waiting(10) == ["other"]
    assert maildir.contents("Quarantine") == [b"one"]


def test_names_that_look_alike_have_different_keys(maildir: MaildirAccount) -> None:
    for name in (b"\xff", b"%FF", b"%25FF", b"a%", b"a"):
        maildir.put(b"new/" + name)
    with maildir.mailbox().session() as session:
        assert len(set(session.waiting(10))) == 5


def test_what_is_no_mail_is_left_alone(maildir: MaildirAccount, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (maildir.path / "new" / "link").symlink_to(tmp_path / "secret")
    (maildir.path / "new" / "folder").mkdir()
    os.mkfifo(maildir.path / "cur" / "pipe")
    maildir.put("new/.hidden")
    with maildir.mailbox().session() as session:
        assert session.waiting(10) == []


def test_a_mail_program_may_rename_a_mail_meanwhile(maildir: MaildirAccount) -> None:
    maildir.put("new/1700000001.a", b"one")
    maildir.put("new/1700000002.b", b"two")
    with maildir.mailbox().session() as session:
        keys = session.waiting(10)
        mails = session.read(keys, LARGEST)
        assert next(mails).content == b"one"
        for key in keys:
            (maildir.path / "new" / key).rename(maildir.path / "cur" / f"{key}:2,F")
        assert next(mails).content == b"two"
        session.put_away(keys, Tray.PROCESSED)
    assert names(maildir.path / ".Processed" / "cur") == ["1700000001.a:2,FS", "1700000002.b:2,FS"]


def test_a_file_in_the_place_of_the_maildir(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_bytes(b"")
    mailbox = MaildirMailbox(tmp_path / "inbox")
    with pytest.raises(PermanentFailure, match=r"cannot be used: .*Make it a folder") as caught:
        mailbox.check()
    assert caught.value.code == "maildir"
    assert mailbox.wait(0) is False

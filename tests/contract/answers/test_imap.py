"""The mailbox on a real server."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.delivery.trouble import LOGIN_PAUSE
from orchestrator.errors import DeliveryError, PermanentFailure, TransientFailure, Unavailable
from orchestrator.ports import Tray
from tests.contract.answers.imap_script import LARGEST, failing, read_all


def numbered(number: int) -> bytes:
    return b"Subject: %d\r\n\r\nanswer %d\r\n" % (number, number)


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_check_says_how_it_is_connected(imap_account: Any, security: str) -> None:
    server = imap_account.server
    port = server.tls_port if security == "tls" else server.port
    imap_account.deliver(numbered(1), numbered(2), numbered(3))
    found = imap_account.mailbox(security=security, port=port).check()
    protection = "without encryption" if security == "plain" else "over TLS"
    assert found == f"localhost:{port} {protection}, INBOX holds 3 mails, IDLE yes, MOVE yes."


def test_the_name_tells_account_and_folder(imap_account: Any) -> None:
    assert imap_account.mailbox(folder="Answers").name == f"imap:{imap_account.user}@localhost/Answers"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_an_unknown_certificate_is_not_trusted(imap_account: Any, security: str) -> None:
    port = imap_account.server.tls_port if security == "tls" else imap_account.server.port
    mailbox = imap_account.mailbox(security=security, port=port, ca_file=None)
    assert failing(mailbox, PermanentFailure, "cannot be protected: .*certificate") == "imap-tls"
    assert mailbox.wait(0) is False


def test_a_certificate_of_another_name_is_not_trusted(imap_account: Any) -> None:
    mailbox = imap_account.mailbox(host="127.0.0.2", security="starttls")
    # Not every system answers on this address; then it cannot be reached, which is no better.
    with pytest.raises(DeliveryError, match=r"cannot be protected|is not available"):
        mailbox.check()


def test_tls_to_a_port_without_it_is_refused(imap_account: Any) -> None:
    assert (
        failing(imap_account.mailbox(security="tls"), PermanentFailure, "cannot be protected") == "imap-tls"
    )


def test_authorities_that_cannot_be_read(imap_account: Any, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        mailbox = imap_account.mailbox(ca_file=tmp_path / name)
        assert failing(mailbox, PermanentFailure, "Correct ORCHESTRATOR_CA_FILE") == "imap-tls"


@pytest.mark.parametrize("password", ["wrong-password", "mật-khẩu-sai", 'a"b\\c\r\nA1 LOGOUT'])
def test_a_wrong_password_stays_secret(imap_account: Any, password: str) -> None:
    mailbox = imap_account.mailbox(password=password)
    assert failing(mailbox, Unavailable, "ORCHESTRATOR_IMAP_PASSWORD") == "imap-login"
    with pytest.raises(Unavailable) as caught:
        mailbox.check()
    assert (caught.value.retry_after, caught.value.needs_person) == (LOGIN_PAUSE, True)
    assert password not in repr(caught.value) + str(vars(caught.value))
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


def test_a_folder_that_is_made_anew_gives_new_keys(imap_account: Any) -> None:
    imap_account.folder = "Answers"
    with imap_account.client() as client:
        client.create_folder("Answers")
    imap_account.deliver(numbered(1))
    mailbox = imap_account.mailbox()
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        (old,) = session.waiting(10)
    with imap_account.client() as client:
        client.delete_folder("Answers")
        client.create_folder("Answers")
    imap_account.deliver(numbered(2))
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        (new,) = session.waiting(10)
        assert new != old
        assert new.partition(":")[2] == old.partition(":")[2] == "1", "only the UIDVALIDITY tells them apart"
        assert list(session.read([old], LARGEST)) == []
        session.put_away([old], Tray.PROCESSED)
        assert [mail.content for mail in session.read([new], LARGEST)] == [numbered(2)]


def test_a_folder_that_is_made_anew_during_a_session(imap_account: Any) -> None:
    imap_account.folder = "Answers"
    with imap_account.client() as client:
        client.create_folder("Answers")
    imap_account.deliver(numbered(1))
    mailbox = imap_account.mailbox()
    with mailbox.session() as session:
        (key,) = session.waiting(10)
        with imap_account.client() as client:
            client.delete_folder("Answers")
            client.create_folder("Answers")
        imap_account.deliver(numbered(2))
        # A server may hang up on whoever has the old folder open, or show it as empty from now on.
        with suppress(TransientFailure):
            assert list(session.read([key], LARGEST)) == []
            session.put_away([key], Tray.PROCESSED)
            assert [mail.content for mail in read_all(mailbox)] == [numbered(2)]
    assert [mail.content for mail in read_all(mailbox)] == [numbered(2)]


def test_a_folder_that_is_missing_is_not_made(imap_account: Any) -> None:
    mailbox = imap_account.mailbox(folder="Answres")
    assert failing(mailbox, PermanentFailure, "Answres .*ORCHESTRATOR_IMAP_FOLDER") == "imap-folder"


def test_a_tray_may_not_be_the_folder_itself(imap_account: Any) -> None:
    mailbox = imap_account.mailbox(processed="inbox")
    with pytest.raises(PermanentFailure, match="would stay in it"):
        mailbox.check()


def test_trays_are_made_once_and_subscribed_to(imap_account: Any) -> None:
    mailbox = imap_account.mailbox(processed="Meetings/Đã xử lý", quarantine="Meetings/2027")
    for _ in range(2):
        mailbox.check()
    with imap_account.client() as client:
        names = {name for _, _, name in client.list_sub_folders()}
    assert names == {"Meetings.Đã xử lý", "Meetings.2027"}


def test_trays_lie_in_the_servers_namespace(new_dovecot: Callable[..., Any], new_imap_account: Any) -> None:
    account = new_imap_account(
        new_dovecot("namespace inbox {\n inbox = yes\n prefix = INBOX/\n separator = /\n}\n")
    )
    account.deliver(numbered(1), numbered(2))
    mailbox = account.mailbox(quarantine="INBOX/Trays/Quarantine")
    with mailbox.session() as session:
        one, two = session.waiting(10)
        session.put_away([one], Tray.PROCESSED)
        session.put_away([two], Tray.QUARANTINE)
    assert account.contents("INBOX/Processed") == [numbered(1)]
    assert account.contents("INBOX/Trays/Quarantine") == [numbered(2)]


def test_a_tray_that_is_removed_meanwhile_is_made_again(imap_account: Any) -> None:
    imap_account.deliver(numbered(1))
    with imap_account.mailbox().session() as session:
        with imap_account.client() as client:
            client.delete_folder("Processed")
        session.put_away(session.waiting(10), Tray.PROCESSED)
    assert imap_account.contents("Processed") == [numbered(1)]


@pytest.mark.parametrize("extensions", ["UIDPLUS", ""])
def test_a_server_without_move_and_idle(
    new_dovecot: Callable[..., Any], new_imap_account: Any, extensions: str
) -> None:
    account = new_imap_account(new_dovecot(f"imap_capability = IMAP4rev1 MULTIAPPEND {extensions}\n"))
    account.deliver(*map(numbered, range(700)))
    mailbox = account.mailbox()
    assert mailbox.check().endswith("INBOX holds 700 mails, IDLE no, MOVE no.")
    assert mailbox.wait(60) is True
    assert mailbox.wait(0.3) is False
    with mailbox.session() as session:
        keys = session.waiting(1000)
        session.put_away(keys[:600], Tray.PROCESSED)
        session.put_away(keys[:600], Tray.PROCESSED)
        assert session.waiting(1000) == keys[600:]
    assert account.contents("Processed") == [numbered(number) for number in range(600)]
    assert account.all_seen("Processed")
    account.deliver(numbered(1))
    assert mailbox.wait(60) is True


def test_mails_marked_as_deleted_are_not_waiting(imap_account: Any) -> None:
    imap_account.deliver(*map(numbered, range(4)))
    with imap_account.client("INBOX") as client:
        client.delete_messages([1, 3], silent=True)
    with imap_account.mailbox().session() as session:
        assert [key.partition(":")[2] for key in session.waiting(10)] == ["2", "4"]
        session.put_away(session.waiting(10), Tray.PROCESSED)
    assert imap_account.contents() == [numbered(0), numbered(2)]


def test_a_server_cannot_carry_zero_bytes(imap_account: Any) -> None:
    imap_account.deliver(b"Subject: s\r\n\r\na\x00b\r\n")
    (mail,) = read_all(imap_account.mailbox())
    assert re.fullmatch(rb"Subject: s\r\n\r\na.?b\r\n", mail.content, re.DOTALL)
    assert mail.complete


def test_large_mails_are_not_all_fetched_at_once(imap_account: Any) -> None:
    content = b"Subject: large\r\n\r\n" + b"0123456789abcd\r\n" * 65536 * 3
    imap_account.deliver(*[content] * 4, numbered(1))
    mails = read_all(imap_account.mailbox(), largest=20_000_000)
    assert [mail.content for mail in mails] == [*[content] * 4, numbered(1)]


def test_a_mail_that_the_server_cannot_read_comes_last_and_blocks_no_other(imap_account: Any) -> None:
    imap_account.deliver(*map(numbered, range(5)))
    folder = imap_account.server.folder / "mail" / imap_account.user / "Maildir"
    files = sorted([*(folder / "cur").iterdir(), *(folder / "new").iterdir()], key=lambda file: file.name)
    files[2].chmod(0)
    mailbox = imap_account.mailbox()
    mails = read_all(mailbox)
    assert [mail.content for mail in mails] == [numbered(0), numbered(1), numbered(3), numbered(4), b""]
    assert not mails[-1].complete
    with mailbox.session() as session:
        session.put_away([mail.key for mail in mails[:-1]], Tray.PROCESSED)
        with pytest.raises(TransientFailure, match="hands out none of the 1 mails") as caught:
            list(session.read(session.waiting(10), LARGEST))
    assert caught.value.code == "imap-unreadable"


def test_a_server_that_is_started_anew(new_dovecot: Callable[..., Any], new_imap_account: Any) -> None:
    server = new_dovecot()
    account = new_imap_account(server)
    account.deliver(numbered(1))
    mailbox = account.mailbox()
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        (key,) = session.waiting(10)
        server.stop()
        with pytest.raises(TransientFailure, match="is not available"):
            list(session.read([key], LARGEST))
        with pytest.raises(TransientFailure, match="is not available"):
            session.put_away([key], Tray.PROCESSED)
    assert failing(mailbox, TransientFailure, "is not available") == "transient"
    server.start()
    assert mailbox.wait(0) is False, "what it knew outlives the connection"
    account.deliver(numbered(2))
    assert mailbox.wait(60) is True
    with mailbox.session() as session:
        assert session.waiting(10)[0] == key
        session.put_away([key], Tray.PROCESSED)
    assert account.contents("Processed") == [numbered(1)]


def test_a_server_that_stops_while_somebody_waits(
    new_dovecot: Callable[..., Any], new_imap_account: Any
) -> None:
    server = new_dovecot()
    account = new_imap_account(server)
    mailbox = account.mailbox()
    assert mailbox.wait(0) is False
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(mailbox.wait, 60)
        server.stop()
        mailbox.close()
        assert waiting.result(timeout=20) is False

"""The parts of a mail, however it is wrapped."""

from __future__ import annotations

import base64
import email
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import words
from orchestrator.domain.answers.content_lines import clean
from orchestrator.domain.answers.incoming import Sort, read
from orchestrator.domain.answers.mime import MOST_PARTS, Mail, with_plain_line_ends
from tests.unit.mails import (
    INNER,
    INNER_ENTITY,
    LETTERS,
    REPLY,
    UID,
    assert_sound,
    calendar_of,
    mail,
    multipart,
    nested,
    part,
)


def signed(content: bytes, *, options: list[pkcs7.PKCS7Options]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lan")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=900))
    certificate = builder.sign(key, hashes.SHA256())
    signature = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    encoding = Encoding.SMIME if pkcs7.PKCS7Options.DetachedSignature in options else Encoding.DER
    return signature.sign(encoding, options)


def test_a_signed_mail_is_read_with_its_signature_beside_it_or_around_it() -> None:
    beside = signed(INNER_ENTITY, options=[pkcs7.PKCS7Options.DetachedSignature])
    assert calendar_of(b"From: lan@vn.example.org\n" + beside).participation == "ACCEPTED"
    around = base64.encodebytes(signed(INNER_ENTITY, options=[pkcs7.PKCS7Options.Binary])).decode()
    for kind in (
        "application/pkcs7-mime; smime-type=signed-data",
        "application/octet-stream; name=smime.p7m",
    ):
        content = mail(around, kind, Content_Transfer_Encoding="base64")
        assert calendar_of(content).participation == "ACCEPTED"
        assert read(content).text == "Yes"


def ber(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x84]) + len(content).to_bytes(4, "big") + content


def test_a_signature_in_pieces_as_outlook_writes_it_is_opened() -> None:
    pieces = b"".join(ber(0x04, INNER_ENTITY[at : at + 50]) for at in range(0, len(INNER_ENTITY), 50))
    data = b"\x06\x09" + bytes.fromhex("2a864886f70d010701") + b"\xa0\x80\x24\x80" + pieces + bytes(6)
    whole = (
        b"\x30\x80\x06\x09"
        + bytes.fromhex("2a864886f70d010702")
        + b"\xa0\x80\x30\x80\x02\x01\x01"
        + data
        + bytes(6)
    )
    content = mail(base64.encodebytes(whole), "application/x-pkcs7-mime", Content_Transfer_Encoding="base64")
    assert calendar_of(content).participation == "ACCEPTED"
    for length in range(0, len(whole), 7):
        cut = mail(
            base64.encodebytes(whole[:length]), "application/x-pkcs7-mime", Content_Transfer_Encoding="base64"
        )
        assert_sound(read(cut))


@pytest.mark.parametrize(
    "content",
    [
        mail("MIAGCSqGSIb3DQEHAw==", "application/pkcs7-mime", Content_Transfer_Encoding="base64"),
        multipart(part("Version: 1", "application/pgp-encrypted"), kind="encrypted"),
    ],
)
def test_an_encrypted_mail_is_unreadable(content: bytes) -> None:
    received = read(content)
    assert received.sort is Sort.UNREADABLE
    assert received.problem is not None and words.say(received.problem).startswith("is encrypted")


def test_deep_and_wide_mails_are_read_to_a_limit() -> None:
    inner = part(REPLY, "text/calendar")
    assert calendar_of(nested(10, inner)).uid == UID
    assert words.maybe(read(nested(11, inner)).problem) == "is nested too deeply"
    assert read(nested(11, inner)).sort is Sort.UNREADABLE
    chain = b"Content-Type: message/rfc822\n\n" * 500 + inner
    assert words.maybe(read(chain).problem) == "is nested too deeply"
    assert calendar_of(multipart(*[INNER] * (MOST_PARTS - 2), inner)).uid == UID
    assert words.maybe(read(multipart(*[INNER] * MOST_PARTS, inner)).problem) == "holds too many parts"


@st.composite
def mime_trees(draw: st.DrawFn, depth: int = 0) -> Message:
    choice = draw(st.integers(0, 5 if depth < 3 else 2))
    text = draw(st.text(LETTERS + "\n", max_size=80))
    if choice == 0:
        return MIMEText(text, draw(st.sampled_from(["plain", "html", "calendar"])), "utf-8")
    if choice == 1:
        return MIMEApplication(
            text.encode(), draw(st.sampled_from(["ics", "octet-stream"])), name="Cuộc họp.ics"
        )
    if choice == 2:
        leaf = MIMEBase("text", "calendar", charset="utf-8")
        leaf.set_payload("".join(char for char in text if char.isascii()))
        return leaf
    if choice == 3:
        return MIMEMessage(draw(mime_trees(depth + 1)))
    return MIMEMultipart("mixed", None, draw(st.lists(mime_trees(depth + 1), min_size=1, max_size=3)))


@given(mime_trees())
def test_parts_are_those_that_the_standard_library_finds(tree: Message) -> None:
    tree["From"] = "lan@vn.example.org"
    content = with_plain_line_ends(tree.as_bytes())
    theirs = list(email.message_from_bytes(content).walk())
    ours = Mail(content).parts
    assert [each.kind for each in ours] == [each.get_content_type() for each in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.filename == clean(str(other.get_filename() or ""), 300).lower()
        if not other.is_multipart():
            assert mine.content() == other.get_payload(decode=True)

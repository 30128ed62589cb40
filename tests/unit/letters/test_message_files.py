"""The files of a mail: their names are read by every program, and their content stays."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.letters.message import Attachment, assemble, file_name
from tests.unit.letters.messages_made import LETTER, parse

FILE_NAMES = {
    "Agenda.pdf": "Agenda.pdf",
    "Draft report (v2), final; really.pdf": "Draft report (v2), final; really.pdf",
    'a"b\\c.pdf': "a_b_c.pdf",
    "../../etc/passwd": ".._.._etc_passwd",
    "C:\\Users\\Lan\\report.docx": "C__Users_Lan_report.docx",
    "a<b>|c?*.pdf": "a_b__c__.pdf",
    "Biên bản họp trù bị.pdf": "Biên bản họp trù bị.pdf",
    normalize("NFD", "Biên bản họp trù bị.pdf"): "Biên bản họp trù bị.pdf",
    "50% của 'tất cả'.pdf": "50% của 'tất cả'.pdf",
    "កំណត់ហេតុ.docx": "កំណត់ហេតុ.docx",
    "မှတ်တမ်း.pdf": "မှတ်တမ်း.pdf",
    "ක්\u200dෂ.pdf": "ක්\u200dෂ.pdf",
    "ก" * 146 + ".pdf": "ก" * 146 + ".pdf",
    "👩🏽\u200d💻" * 30 + ".pdf": "👩🏽\u200d💻" * 30 + ".pdf",
    "a" * 146 + ".pdf": "a" * 146 + ".pdf",
    "a " * 300 + ".pdf": "a " * 300 + ".pdf",
    "a\x00b\x7f.pdf": "a_b_.pdf",
    "report\u202efdp.exe": "report_fdp.exe",
    "=?utf-8?q?x?=.pdf": "=_utf-8_q_x_=.pdf",
    "": "file",
    " .. ": "file",
    "///": "file",
}


@pytest.mark.parametrize(("filename", "name"), FILE_NAMES.items())
def test_a_file_keeps_its_name_and_content(filename: str, name: str) -> None:
    body = bytes(range(256)) * 50
    part, _ = parse(
        replace(LETTER, attachments=(Attachment(filename, "application/pdf", body),))
    ).iter_attachments()
    assert (part.get_filename(), part.get_content_disposition()) == (name, "attachment")
    assert part.get_content() == body
    assert plain_name(part) == name


def plain_name(part: Any) -> str:
    """Return a file's name as programs read it that know nothing of RFC 2231."""
    header = re.sub(r"\r?\n", "", message_from_bytes(bytes(part), policy=policy.compat32)["Content-Type"])
    (name,) = re.findall(r'; name="([^"]*)"', header)
    return str(make_header(decode_header(name)))


LONG = "Draft report of the Senior Officials Meeting on the twenty-first ACCSM, second version, 12 May.docx"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize("filename", ["Minutes.docx", LONG, "ក" * 146 + ".pdf", "👩🏽\u200d💻" * 30 + ".pdf"])
def test_the_lines_that_name_a_file_are_short_enough_for_every_server(filename: str) -> None:
    raw = assemble(replace(LETTER, attachments=(Attachment(filename, DOCX, b"PK"),)))
    head = raw[raw.index(b"Content-Type: " + DOCX.encode()) :].partition(b"\r\n\r\n")[0]
    _, *lines = head.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?]*\?[^?]*\?[^?]*\?=", head))
    long = not filename.isascii() or len(filename) > 60
    assert (b"filename*" in head) is (b"=?utf-8?b?" in head) is long


@given(st.text(max_size=120))
def test_any_file_name_can_be_read_in_both_ways_and_adds_nothing(filename: str) -> None:
    try:
        filename.encode()
    except UnicodeEncodeError:
        return
    letter = replace(LETTER, attachments=(Attachment(filename, "application/pdf", b"%PDF-"),))
    part, _ = parse(letter).iter_attachments()
    name = part.get_filename()
    assert name == file_name(filename) == plain_name(part)
    assert name.strip(" ._") and not set(name) & set('"/\\<>:|?*\r\n\0\u202e')
    assert normalize("NFC", name) == name


@given(st.binary(min_size=1, max_size=500))
def test_any_file_comes_back(body: bytes) -> None:
    part, _ = parse(
        replace(LETTER, attachments=(Attachment("a.pdf", "application/pdf", body),))
    ).iter_attachments()
    assert part.get_content() == body

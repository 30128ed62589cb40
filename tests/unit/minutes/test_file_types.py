"""Which files are taken, known by their content; hostile ones that look like them are not."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.minutes.file_types import TYPES, media_type_of
from orchestrator.errors import InvalidInput
from tests import made_files as made

GOOD = {
    "a.pdf": made.PDF,
    "A.PDF": made.PDF,
    "signed.pdf": made.PDF + b"2 0 obj\nendobj\n%%EOF\n\x00\x00\n",
    "a.docx": made.DOCX,
    "a.xlsx": made.XLSX,
    "a.pptx": made.PPTX,
    "a.odt": made.ODT,
    "a.ods": made.ODS,
    "a.odp": made.ODP,
    "a.png": made.PNG,
    "a.jpg": made.JPEG,
    "a.jpeg": made.JPEG,
    "a.txt": made.TEXT,
    "bom.txt": b"\xef\xbb\xbftext",
}


def looked(name: str, content: bytes) -> str:
    return media_type_of(name, BytesIO(content), len(content))


def refused(name: str, content: bytes) -> str:
    """The last part of the key that says why a file is refused; its remedy has words too."""
    with pytest.raises(InvalidInput) as caught:
        looked(name, content)
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == ("file", name)
    assert "minutes.file" not in problem.message + problem.remedy
    return str(getattr(problem.wrong, "key", "")).rpartition(".")[2]


@pytest.mark.parametrize("name", GOOD)
def test_a_file_of_each_type_is_known_by_its_content(name: str) -> None:
    assert looked(name, GOOD[name]) == TYPES[name.rpartition(".")[2].lower()].media_type


@pytest.mark.parametrize("ending", TYPES)
@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.odt", "a.png", "a.jpg"])
def test_a_file_under_the_name_of_another_type_is_refused(ending: str, name: str) -> None:
    if TYPES[ending].media_type != TYPES[name.rpartition(".")[2]].media_type:
        assert refused(f"x.{ending}", GOOD[name])


def renamed(parts: dict[str, bytes], name: str, content: bytes) -> bytes:
    return made.archive(parts | {name: content})


def with_flag(content: bytes) -> bytes:
    """Every entry says that it is encrypted."""
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        parts = content.split(mark)
        content = mark.join([parts[0], *(p[: at - 4] + b"\x01" + p[at - 3 :] for p in parts[1:])])
    return content


def saying(content: bytes, size: int) -> bytes:
    """The directory says that every entry is so large."""
    parts = content.split(b"PK\x01\x02")
    return b"PK\x01\x02".join([parts[0], *(p[:20] + struct.pack("<I", size) + p[24:] for p in parts[1:])])


def overlapping() -> bytes:
    """Two entries that share their content, as bombs do."""
    whole = made.archive(made.office_parts())
    at = whole.index(b"PK\x01\x02")
    end = whole.rindex(b"PK\x05\x06")
    first = whole[at : whole.index(b"PK\x01\x02", at + 4)]
    twin = first.replace(b"[Content_Types].xml", b"[Content_Typez].xml")
    directory = whole[at:end] + twin
    record = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 3, 3, len(directory), at, 0)
    return whole[:at] + directory + record


def long_directory() -> bytes:
    """A directory of more than a megabyte, as one of a great many entries is."""
    return made.archive(made.office_parts() | {f"word/{n:03}{'n' * 60_000}": b"" for n in range(18)})


OFFICE = made.office_parts()
MACRO_TYPES = (
    b'<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
)
BAD = {
    "empty": ("a.pdf", b"", "empty"),
    "no ending": ("report", made.TEXT, "unknown-type"),
    "a program": ("a.exe", b"MZ", "unknown-type"),
    "a page": ("a.pdf.html", b"<p>", "unknown-type"),
    "a macro type": ("a.docm", made.DOCX, "unknown-type"),
    "a vector image": ("a.svg", b"<svg/>", "unknown-type"),
    "bytes before a PDF": ("a.pdf", b"GIF89a" + made.PDF, "another-format"),
    "half a PDF": ("a.pdf", made.PDF[:40], "damaged"),
    "something behind a PDF": ("a.pdf", made.PDF + b"<script>", "something-behind"),
    "a PDF that is an archive too": ("a.pdf", made.PDF + made.DOCX, "two-in-one"),
    "a PDF with a password": ("a.pdf", made.PDF.replace(b"/Root", b"/Encrypt 5 0 R /Root"), "encrypted"),
    "an old document": ("a.doc", made.OLE, "unknown-type"),
    "an old document under a new name": ("a.docx", made.OLE, "old-office"),
    "a document with a password": ("a.docx", made.OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    "an archive": ("a.docx", made.archive({"a.txt": b"x"}), "not-its-type"),
    "a renamed spreadsheet": ("a.docx", made.XLSX, "not-its-type"),
    "macros by name": ("a.docx", renamed(OFFICE, "word/vbaProject.bin", b"x"), "macros"),
    "macros by type": ("a.docx", renamed(OFFICE, "[Content_Types].xml", MACRO_TYPES), "macros"),
    "macros of Excel 4": (
        "a.xlsx",
        renamed(made.office_parts("spreadsheetml.sheet", "xl"), "xl/macrosheets/sheet1.xml", b"x"),
        "macros",
    ),
    "controls": ("a.docx", renamed(OFFICE, "word/activeX/activeX1.bin", b"x"), "macros"),
    "a type spelt with entities": (
        "a.docx",
        renamed(OFFICE, "[Content_Types].xml", OFFICE["[Content_Types].xml"] + b"<!-- &#109; -->"),
        "not-its-type",
    ),
    "encrypted entries": ("a.docx", with_flag(made.DOCX), "encrypted"),
    "an archive behind something": ("a.docx", b"#!/bin/sh\n" + made.DOCX, "not-its-type"),
    "an archive behind another": ("a.docx", made.DOCX + made.DOCX, "two-in-one"),
    "something behind an archive": ("a.docx", made.DOCX + b"MZ", "damaged"),
    "half an archive": ("a.docx", made.DOCX[:200], "damaged"),
    "an entry that leads out": ("a.docx", renamed(OFFICE, "../../etc/cron.d/x", b"x"), "damaged"),
    "an entry with a drive": ("a.docx", renamed(OFFICE, "C:/x", b"x"), "damaged"),
    "another method": ("a.docx", made.archive(OFFICE, zipfile.ZIP_BZIP2), "not-its-type"),
    "sizes that lie": ("a.docx", saying(made.DOCX, 1), "damaged"),
    "entries that overlap": ("a.docx", overlapping(), "bomb"),
    "a bomb": ("a.docx", saying(made.DOCX, 200_000_000), "bomb"),
    "a directory without end": ("a.docx", long_directory(), "bomb"),
    "damaged content": ("a.docx", made.DOCX.replace(b"PK\x01\x02", b"PK\x01\x03", 1), "damaged"),
    "an OpenDocument with a password": (
        "a.odt",
        renamed(made.open_parts(), "META-INF/manifest.xml", b"<manifest:encryption-data/>"),
        "encrypted",
    ),
    "an OpenDocument with macros": (
        "a.odt",
        renamed(made.open_parts(), "Basic/script-lc.xml", b"x"),
        "macros",
    ),
    "an OpenDocument of another kind": ("a.odt", made.ODS, "not-its-type"),
    "half a picture": ("a.png", made.PNG[:-6], "damaged"),
    "something behind a picture": ("a.png", made.PNG + b"<?php", "something-behind"),
    "a picture that is an archive too": ("a.png", made.PNG + made.DOCX, "two-in-one"),
    "a picture of too many pixels": ("a.png", made.png(60_000, 60_000), "too-many-pixels"),
    "a picture without a head": ("a.png", made.PNG[:8] + made.chunk(b"IEND", b""), "damaged"),
    "half a photograph": ("a.jpg", made.JPEG[:-2], "damaged"),
    "something behind a photograph": ("a.jpg", made.JPEG + b"<?php ?>", "something-behind"),
    "a photograph that is a PDF too": ("a.jpg", made.JPEG[:-2] + made.PDF + b"\xff\xd9", "another-format"),
    "text with a NUL": ("a.txt", b"a\x00b", "no-text"),
    "text with an escape": ("a.txt", b"a\x1b[31m", "no-text"),
    "a page as text": ("a.txt", b"\n <HTML><script>", "no-text"),
    "text in UTF-16": ("a.txt", "Biên bản".encode("utf-16"), "no-utf8"),
    "text of another encoding": ("a.txt", b"Bi\xean b\xe4n", "no-utf8"),
    "half a character at the end": ("a.txt", "họp".encode()[:-2], "no-utf8"),
    "a PDF inside a text": ("a.txt", b"text\n" + made.PDF, "another-format"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_wholly_of_its_type_is_refused_with_the_reason(what: str) -> None:
    name, content, why = BAD[what]
    assert refused(name, content) == why


def test_a_large_file_is_looked_at_in_pieces() -> None:
    content = made.PDF[:-7] + b"x" * 20_000_000 + b"\n%%EOF\n"
    file = BytesIO(content)
    tracemalloc.start()
    media_type_of("a.pdf", file, len(content))
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_word_across_two_pieces_is_found() -> None:
    for before in range(256 * 1024 - 20, 256 * 1024):
        content = b"%PDF-1.7\n".ljust(before, b"x") + b"/Encrypt 5 0 R\n%%EOF"
        assert refused("a.pdf", content) == "encrypted"


@given(st.binary(max_size=400), st.sampled_from(list(TYPES)))
def test_whatever_comes_is_taken_or_refused(content: bytes, ending: str) -> None:
    for start in (b"", b"PK\x03\x04", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", made.DOCX[:-40]):
        with suppress(InvalidInput):
            assert looked(f"a.{ending}", start + content) == TYPES[ending].media_type

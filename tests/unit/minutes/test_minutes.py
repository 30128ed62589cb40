"""Which files minutes may be, and how they are named."""

from __future__ import annotations

import base64
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.minutes.minutes import (
    as_mail,
    fits_a_mail,
    largest_file,
    media_type_of,
    safe_filename,
)
from orchestrator.errors import InvalidInput

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("filename", "content", "media_type"),
    [
        ("Report.pdf", b"%PDF-1.7 ...", "application/pdf"),
        ("REPORT.PDF", b"%PDF-1.4", "application/pdf"),
        ("Biên bản.docx", b"PK\x03\x04...", DOCX),
        ("minutes.md", "# Biên bản\n".encode(), "text/markdown; charset=utf-8"),
        ("minutes.v2.txt", b"\xef\xbb\xbfText", "text/plain; charset=utf-8"),
    ],
)
def test_the_media_type_follows_from_the_ending(filename: str, content: bytes, media_type: str) -> None:
    assert media_type_of(filename, content, 1000) == media_type


@pytest.mark.parametrize(
    ("filename", "content", "message", "remedy"),
    [
        (
            "report.exe",
            b"MZ",
            "is not a type that minutes can have",
            "Attach a .pdf, .docx, .md or .txt file.",
        ),
        ("report", b"text", "is not a type that minutes can have", "Attach a .pdf, .docx, .md or .txt file."),
        ("pdf", b"%PDF-", "is not a type that minutes can have", "Attach a .pdf, .docx, .md or .txt file."),
        (
            "report.pdf.html",
            b"<p>",
            "is not a type that minutes can have",
            "Attach a .pdf, .docx, .md or .txt file.",
        ),
        ("report.pdf", b"", "is empty", "Attach the file with its text."),
        (
            "report.pdf",
            b"PK\x03\x04",
            "does not contain what its ending .pdf says",
            "Save it again in that format.",
        ),
        (
            "report.docx",
            b"\xd0\xcf\x11\xe0",
            "does not contain what its ending .docx",
            "Save it again in that format.",
        ),
        (
            "report.txt",
            b"a\0b",
            "does not contain what its ending .txt says",
            "Save it again in that format.",
        ),
        (
            "report.md",
            b"caf\xe9",
            "does not contain what its ending .md says",
            "Save it again in that format.",
        ),
    ],
)
def test_a_file_that_cannot_be_minutes_is_refused(
    filename: str, content: bytes, message: str, remedy: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        media_type_of(filename, content, 1000)
    (problem,) = caught.value.problems
    assert (problem.field, problem.value, problem.remedy) == ("file", filename, remedy)
    assert problem.message.startswith(message)


def test_the_limit_itself_is_allowed_and_one_byte_more_is_not() -> None:
    assert media_type_of("a.txt", b"x" * 1000, 1000) == "text/plain; charset=utf-8"
    with pytest.raises(InvalidInput) as caught:
        media_type_of("a.txt", b"x" * 1001, 1000)
    (problem,) = caught.value.problems
    assert (problem.value, problem.message) == (
        "a.txt",
        "is larger than the limit of 1,000 bytes",
    )


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("Biên bản họp.pdf", "Biên bản họp.pdf"),
        (normalize("NFD", "Biên bản họp.pdf"), "Biên bản họp.pdf"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\lan\Report.docx", "Report.docx"),
        ("a\r\nBcc: x@y.org\r\n.pdf", "aBcc x@y.org.pdf"),
        ('re"port|<1>?.pdf', "report1.pdf"),
        ("..", ""),
        ("con.pdf", "_con.pdf"),
        ("NUL", "_NUL"),
        ("Com1 .tar.pdf", "_Com1 .tar.pdf"),
        ("lpt\u00b2.txt", "_lpt\u00b2.txt"),
        ("console.pdf", "console.pdf"),
        (" .hidden. ", "hidden"),
        ("x" * 200 + ".pdf", "x" * 146 + ".pdf"),
        ("x" * 200, "x" * 150),
        ("x" * 100 + "." + "y" * 100, "x" * 100 + "." + "y" * 49),
    ],
)
def test_a_filename_is_made_safe(given_name: str, name: str) -> None:
    assert safe_filename(given_name) == name


@given(st.text(max_size=400))
def test_a_safe_filename_has_no_path_no_controls_and_a_bounded_length(filename: str) -> None:
    name = safe_filename(filename)
    assert len(name) <= 150
    assert name.isprintable()
    assert not set(name) & set('/\\"<>:|?*')
    assert name == name.strip(" .")
    assert safe_filename(name) == normalize("NFC", name) == name


def test_nothing_hides_in_the_name_of_a_file() -> None:
    assert safe_filename("annex\u202efdp\u200b\u3164.exe.pdf") == "annexfdp.exe.pdf"


@given(st.integers(1, 3000), st.integers(0, 50_000_000))
def test_a_file_is_held_against_what_a_mail_may_have(size: int, limit: int) -> None:
    encoded = len(base64.encodebytes(b"x" * size).replace(b"\n", b"\r\n"))
    assert encoded <= as_mail(size)
    assert as_mail(largest_file(limit)) <= max(limit, as_mail(0))
    assert as_mail(largest_file(limit) + 2 * 57) > limit, "no more than a line is given away"


def test_a_file_that_no_mail_can_carry_is_refused_with_the_size_that_could() -> None:
    fits_a_mail("m.pdf", 10_000_000, None)
    fits_a_mail("m.pdf", 7_000_000, 10_485_760)
    with pytest.raises(InvalidInput) as caught:
        fits_a_mail("m.pdf", 10_000_000, 10_485_760)
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == ("file", "m.pdf")
    assert "the mail server takes 10,485,760 at most" in problem.message
    assert f"at most {largest_file(10_485_760):,} bytes" in problem.remedy

"""Every mail with a personal link in it says whom the links are for, in both of its texts."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("*.eml"))


def read(file: Path) -> EmailMessage:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_mail_says_whom_its_links_are_for_exactly_when_it_has_some(file: Path) -> None:
    message = read(file)
    name = message["To"].addresses[0].display_name
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        text = " ".join(part.get_content().split())
        assert (f"The personal links in this mail are for {name} only." in text) == ("/a/" in text), kind

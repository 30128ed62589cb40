"""What stands on a personal page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World

LAN, MINH = "lan@vn.example.org", "minh@vn.example.org"
HOSTILE = "<script>alert('1')</script> & \"quotes\""
STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": LAN},
    {"group": "ACCSM_OFF", "delegation": "VN", "name": "Đỗ Quang Minh", "email": MINH},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]
LINK = "https://teams.example.org/join/1"


def path(world: World, email: str) -> str:
    return "/a/" + world.personal_links.link_of("SOM-2026", email).rpartition("/")[2]


def feed_path(world: World, email: str) -> str:
    url = world.personal_pages.page(path(world, email)[3:]).feed_url
    return "/feed/" + url.partition("/feed/")[2]


def answers(world: World) -> dict[str, str]:
    return {item.email: item.participation for item in world.reading.meeting("SOM-2026").attendees}


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def buttons(response: Any) -> list[str]:
    """The labels of the buttons."""
    found = re.findall(r"<button(?! disabled)[^>]*>(.*?)</button>", response.text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", item)).split()) for item in found]


def typed_rows(*rows: tuple[str, str, str], **more: str) -> dict[str, Any]:
    """A list of a delegation as the form sends it."""
    names, emails, seats = zip(*rows, strict=True) if rows else ((), (), ())
    return {"name": list(names), "email": list(emails), "seat": list(seats), **more}


# Naming who comes

HEAD, MEMBER, SUBSTITUTE = "head of delegation", "member", "substitute"
PRESENT = (
    ("Lê Thị Hồng Nhung", NHUNG, HEAD),
    ("Phạm Thu Lan", LAN, MEMBER),
    ("Đỗ Quang Minh", MINH, MEMBER),
)

"""Signed addresses: what is read is what was made, and nothing else is read at all."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.errors import NotFound
from orchestrator.services.people.links import Links, SignedId
from tests.unit.letters.test_feed import MEETING

ORGANIZER = "meetings@accsm.example"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def links(key: str = "a key", url: str = "https://meet.example/", *, subaddress: bool = False) -> Links:
    return Links(key, url, ORGANIZER, subaddress=subaddress)


def attendee(number: int = 7, **changes: Any) -> Attendee:
    person = Attendee("Thida", "thida@mm.example.org", "MM", "SOM", Role.SENIOR_OFFICIAL, id=number)
    return replace(person, **changes)


def meeting(*people: Attendee) -> Meeting:
    return replace(MEETING, attendees=people)


def test_a_page_is_read_back_with_the_version_it_was_made_with() -> None:
    url = links().page(attendee(link_version=3))
    assert url.startswith("https://meet.example/a/")
    assert links().read_page(url.rpartition("/")[2]) == SignedId(7, 3)
    assert links().page(attendee()) != links().page(attendee(link_version=2))


def test_a_feed_is_read_back_with_the_version_it_was_made_with() -> None:
    url = links().feed(9, 2)
    assert url.startswith("https://meet.example/feed/") and url.endswith("/accsm-meetings.ics")
    assert links().read_feed(url.split("/")[-2]) == SignedId(9, 2)


def test_tokens_fit_into_an_address_as_they_are() -> None:
    for number in (1, 7, 10**6):
        token = links().page_token(attendee(number))
        assert len(token) < 80
        assert set(token) <= set(LETTERS + ".")


def test_a_token_is_good_for_its_purpose_and_its_key_alone() -> None:
    page, feed = links().page_token(attendee()), links().feed(7, 1).split("/")[-2]
    assert page != feed
    for read in (links().read_feed, links("another key").read_page):
        with pytest.raises(NotFound, match="not complete"):
            read(page)
    with pytest.raises(NotFound):
        links().read_page(feed)


@given(st.text(max_size=200))
def test_whatever_was_never_given_out_is_refused(token: str) -> None:
    for read in (links().read_page, links().read_feed):
        with pytest.raises(NotFound):
            read(token)


@given(st.integers(0, 60), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_token_changed_in_one_place_is_refused(place: int, char: str) -> None:
    token = links().page_token(attendee())
    place %= len(token)
    changed = token[:place] + char + token[place + 1 :]
    assume(changed != token)
    with pytest.raises(NotFound):
        links().read_page(changed)


def test_a_token_has_one_spelling_though_base64_has_several() -> None:
    # The last letter of 32 bytes has two spare bits, and a lenient decoder passes over what is no letter.
    token = links().page_token(attendee())
    last = next(char for char in LETTERS if char != token[-1] and _decoded(char) == _decoded(token[-1]))
    for other in (token[:-1] + last, token + "=", token + "*", token[:-1] + "!" + token[-1], "+" + token):
        with pytest.raises(NotFound):
            links().read_page(other)


def _decoded(last: str) -> bytes:
    return urlsafe_b64decode(f"{'A' * 42}{last}=")


@pytest.mark.parametrize("content", ["", "1", "1.2.3", "x.1", "1.", ".", "1.2.", "1 2"])
def test_a_token_that_holds_something_else_is_refused(content: str) -> None:
    token = links()._pages.sign(content).decode()
    with pytest.raises(NotFound):
        links().read_page(token)


def test_without_subaddresses_everybody_answers_to_the_mailbox() -> None:
    assert links().reply_address(meeting(attendee()), attendee()) == ORGANIZER
    moved = replace(meeting(attendee()), organizer="other@accsm.example")
    assert links().reply_address(moved, attendee()) == "other@accsm.example"
    assert links().read_reply_address(ORGANIZER) is None


def test_a_reply_address_of_ones_own_is_known_again_in_any_case() -> None:
    address = links(subaddress=True).reply_address(meeting(attendee()), attendee())
    assert address.startswith("meetings+7-") and address.endswith("@accsm.example")
    assert len(address.partition("@")[0]) <= 64
    for written in (address, address.upper(), address.title()):
        assert links(subaddress=True).read_reply_address(written) == 7


def test_somebody_invited_again_keeps_the_reply_address() -> None:
    old, new = attendee(7, removed_sequence=1), attendee(12)
    again = meeting(old, new)
    own = links(subaddress=True)
    assert own.reply_address(again, new) == own.reply_address(again, old)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "meetings@accsm.example",
        "meetings+7@accsm.example",
        "meetings+7-x@accsm.example",
        "meetings+8-{}@accsm.example",
        "meetings+-{}@accsm.example",
        "meetings+٧-{}@accsm.example",
        f"meetings+{'9' * 30}-{{}}@accsm.example",
        "meetings+7-ổ@accsm.example",
    ],
)
def test_reply_addresses_never_given_out_are_nobodys(address: str) -> None:
    own = links(subaddress=True)
    signature = own.reply_address(meeting(attendee()), attendee()).partition("-")[2].partition("@")[0]
    assert own.read_reply_address(address.format(signature)) is None

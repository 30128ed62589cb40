"""A join link is HTTPS and shows where it leads, whoever gives it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.meetings.join_links import join_link
from orchestrator.errors import Unfit

TEAMS = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Yz@thread.v2/0"
    "?context=%7b%22Tid%22%3a%22x%22%2c%22Oid%22%3a%22y%22%7d&anon=true"
)
GOOD = [
    TEAMS,
    "https://teams.live.com/meet/9312?p=Ab~c.d_-",
    "https://video.example.org:8443/r/1#room",
    "https://x.example",
    "https://192.0.2.7/join",
    "https://meet.example.org/(a)'b';c,d!$*+=[1]|{x}",
]
BAD = {
    "plain HTTP": ("http://meet.example.org/1", "not-a-web-address"),
    "another scheme": ("javascript:alert(1)", "not-a-web-address"),
    "no scheme": ("meet.example.org/1", "not-a-web-address"),
    "no host": ("https:///1", "not-a-web-address"),
    "nothing": ("", "not-a-web-address"),
    "a user name": ("https://teams.microsoft.com@evil.example/1", "link-with-user-name"),
    "a user name and a password": ("https://teams:x@evil.example/1", "link-with-user-name"),
    "an empty user name": ("https://@evil.example/1", "link-with-user-name"),
    "a backslash": ("https://evil.example\\@teams.microsoft.com/", "link-with-user-name"),
    "a backslash in the path": ("https://evil.example/\\x", "not-a-web-address"),
    "a zero-width space": ("https://meet\u200b.example.org/1", "link-with-hidden-characters"),
    "text turned around": ("https://meet.example.org/\u202egro.elpmaxe", "link-with-hidden-characters"),
    "a soft hyphen": ("https://meet.exam\u00adple.org/1", "link-with-hidden-characters"),
    "a host in another script": ("https://tеams.microsoft.com/1", "link-with-hidden-characters"),
    "a wide slash": ("https://teams.microsoft.com\uff0fevil.example/1", "link-with-hidden-characters"),
    "a tab": ("https://meet.example.org/1\t2", "link-with-hidden-characters"),
    "a line break": ("https://meet.example.org/1\r\nATTENDEE:x", "link-with-hidden-characters"),
    "a NUL": ("https://meet.example.org/\x00", "link-with-hidden-characters"),
    "a blank": ("https://meet.example.org/1 2", "not-a-web-address"),
    "HTML": ('https://meet.example.org/"><script>', "not-a-web-address"),
    "a port that is none": ("https://meet.example.org:x/1", "not-a-web-address"),
    "a dot at the wrong place": ("https://.example.org/1", "not-a-web-address"),
    "a wild host": ("https://*.example.org/1", "not-a-web-address"),
    "too long": ("https://meet.example.org/" + "x" * 2000, "link-too-long"),
}


@pytest.mark.parametrize("link", GOOD)
def test_links_of_providers_are_taken_as_they_are(link: str) -> None:
    assert join_link(f" {link}\n") == link


@pytest.mark.parametrize(("link", "why"), BAD.values(), ids=BAD)
def test_what_hides_where_it_leads_is_refused_and_named(link: str, why: str) -> None:
    with pytest.raises(Unfit) as caught:
        join_link(link)
    assert caught.value.fact.key == f"meetings.{why}"


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_taken_is_plain_and_has_no_user_name(host: str, rest: str) -> None:
    try:
        link = join_link(f"https://{host}/{rest}")
    except Unfit:
        return
    assert link.isascii()
    assert link.isprintable()
    assert not set(link) & set(' "<>\\')
    assert "@" not in link.split("/")[2]

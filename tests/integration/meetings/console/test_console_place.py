"""How and where a meeting takes place, in the console."""

from __future__ import annotations

import re
from typing import Any

import pytest

from orchestrator.bootstrap import Container
from orchestrator.domain.meetings.place import Mode, Venue
from tests.integration.meetings.console.reading import hidden, words
from tests.integration.serving import TestClient

PLACE = {
    "mode": "in person",
    "city": "Ha Noi",
    "venue_zone": "Asia/Ho_Chi_Minh",
    "venue_name": "Guest House",
    "address": "",
    "arrivals": "Entrance by Le Thach Street",
    "emergency": "+84 24 5550 0100",
    "room": "Hall 2",
}
VENUE = Venue(
    "Ha Noi",
    "Asia/Ho_Chi_Minh",
    "Guest House",
    arrivals=PLACE["arrivals"],
    emergency=PLACE["emergency"],
)


def form(client: TestClient, reference: str) -> dict[str, Any]:
    """The form as it stands on the page."""
    page = client.get(f"/meetings/{reference}/change").text
    fields = dict(re.findall(r'<input id="[^"]+" name="([^"]+)" value="([^"]*)"', page))
    (mode,) = re.findall(r'name="mode" value="([^"]+)" checked', page)
    (version,) = re.findall(r'name="version" value="([^"]+)"', page)
    return fields | {"mode": mode, "version": version, "notify": "yes"}


def changed(client: TestClient, reference: str, **fields: Any) -> Any:
    """What the page of confirmation says, and what follows from its button."""
    page = client.post(f"/meetings/{reference}/change", data=form(client, reference) | fields)
    assert page.status_code == 200, words(page)
    return page, client.post(f"/meetings/{reference}/change", data=hidden(page))


def test_the_place_is_entered_shown_and_taken_out(
    client: TestClient, container: Container, published: str
) -> None:
    page, done = changed(client, published, **PLACE)
    assert "Change the place of" in words(page)
    for said in ("online", "in person", "Guest House", "Hall 2"):
        assert said in words(page)
    assert "Form in person" in words(done)
    assert "Guest House" in words(done)
    assert "Join link" not in words(done)
    assert "wait for the join link" not in words(done)
    found = container.reading.meeting(published)
    assert (found.mode, found.venue, found.room) == (Mode.IN_PERSON, VENUE, "Hall 2")
    # What is on the page is what is there, so that it can be sent back as it is.
    again = client.post(f"/meetings/{published}/change", data=form(client, published))
    assert "as it was" in words(again)
    page, _ = changed(client, published, mode="online")
    found = container.reading.meeting(published)
    assert (found.mode, found.venue, found.room) == (Mode.ONLINE, None, None)


def test_a_short_title_is_saved_and_nobody_is_told(
    client: TestClient, container: Container, published: str
) -> None:
    page, _ = changed(client, published, short="SOM 21", short_vi="SOM ACCSM 21")
    found = container.reading.meeting(published)
    assert (found.short, found.short_vi, found.title_vi is None) == ("SOM 21", "SOM ACCSM 21", False)
    assert "Save without notifying" in page.text


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"mode": "in person"}, "mode"),
        ({**PLACE, "venue_zone": ""}, "venue_zone"),
        ({**PLACE, "city": ""}, "city"),
        ({**PLACE, "venue_zone": "Asia/Tokyo"}, "zone"),
        ({**PLACE, "emergency": "\u202e"}, "emergency"),
        ({"short": "x" * 41}, "short"),
    ],
)
def test_what_is_wrong_is_marked_at_its_field(
    client: TestClient, published: str, typed: dict[str, str], field: str
) -> None:
    page = client.post(f"/meetings/{published}/change", data=form(client, published) | typed)
    assert page.status_code == 422
    assert f'id="{field}-wrong"' in page.text

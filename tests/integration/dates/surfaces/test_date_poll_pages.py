"""The page on which a delegation votes."""

from __future__ import annotations

from tests.callers import caller
from tests.integration.conftest import World, contents
from tests.integration.dates.polling import CLOSING, LAN, MINH, opened, token
from tests.integration.dates.surfaces.polled_pages import checked, words
from tests.integration.dates.test_services_date_polls import TAN, THIDA
from tests.integration.serving import TestClient

ALL = {"poll": "1", "vote-1": "no", "vote-2": "yes"}


def dates(world: World, email: str) -> str:
    return f"/a/{token(world, email)}/dates"


# The page


def test_the_page_shows_each_date_in_the_readers_time_with_what_speaks_against_it(
    world: World, client: TestClient
) -> None:
    opened(world)
    before = contents(world.database)
    found = client.get(dates(world, THIDA))
    assert found.status_code == 200
    text = words(found)
    assert "Which of these dates suit Myanmar?" in text
    assert "Tuesday, 8 December 2026 08:30–11:00 Nay Pyi Taw (UTC+06:30)" in text
    assert "Host: 09:00 Ha Noi (UTC+07:00)" in text
    assert "For Myanmar: early, up to 1 h before 09:30" in text
    assert "In office hours for Myanmar" in text
    assert "by Friday, 13 November 2026, 16:30 Nay Pyi Taw (UTC+06:30)" in text
    assert "Send the answer of Myanmar" in text
    assert checked(found) == {}
    assert contents(world.database) == before
    assert client.head(dates(world, THIDA)).status_code == 200


def test_an_answer_to_the_dates_of_an_earlier_poll_is_not_recorded(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    world.date_polls.withdraw("SOM-2026", caller=caller("coordinator"))
    opened(world)
    before = contents(world.database)
    for form in (ALL, {**ALL, "poll": "x"}, {"vote-1": "no", "vote-2": "yes"}):
        found = client.post(path, data=form)
        assert found.status_code == 409
        assert "Other dates are asked about since this page was opened." in words(found)
    assert contents(world.database) == before
    assert 'name="poll" value="2"' in client.get(path).text
    assert client.post(path, data={**ALL, "poll": "2"}).status_code == 303


def test_the_link_of_the_mail_leads_to_the_page(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    found = client.get(path.removesuffix("/dates"))
    assert (found.status_code, found.headers["location"]) == (303, path)


def test_an_answer_is_recorded_and_shown_with_what_happens_next(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    done = client.post(path, data=ALL)
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=voted")
    found = client.get(done.headers["location"])
    text = words(found)
    assert "Recorded for Viet Nam. You can change it until Friday, 13 November 2026, 17:00" in text
    assert "the invitation comes by mail" in text
    assert (
        "Viet Nam has answered. Monday, 2 November 2026, 10:00 Ha Noi (UTC+07:00) , by Phạm Thu Lan" in text
    )
    assert checked(found) == {name: said for name, said in ALL.items() if name != "poll"}
    assert "Change the answer of Viet Nam" in text
    # A colleague's link shows what was said, and an address alone says nothing.
    assert "Recorded" not in words(client.get(f"{dates(world, TAN)}?done=voted"))


def test_a_date_without_an_answer_is_named_and_what_was_chosen_stays(
    world: World, client: TestClient
) -> None:
    opened(world)
    for given in (
        {"poll": "1", "vote-1": "if needed"},
        {"poll": "1", "vote-1": "if needed", "vote-2": "perhaps", "vote-x": "yes"},
    ):
        found = client.post(dates(world, LAN), data=given)
        assert found.status_code == 422
        text = words(found)
        assert "1 date still needs an answer; nothing was recorded yet" in text
        assert "Nothing is said of this date. Choose yes, if needed or no." in text
        assert checked(found) == {"vote-1": "if needed"}
    assert world.date_polls.show("SOM-2026").answered == 0


def test_after_the_closing_the_page_says_so_and_whom_to_write_to(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    client.post(path, data=ALL)
    world.clock.at = CLOSING
    found = client.post(path, data={"vote-1": "yes", "vote-2": "yes"})
    assert found.status_code == 409
    assert "answers are not taken any more. Write to Trần Minh Khôi, coordinator@vn.example.org." in words(
        found
    )
    assert "<form" not in found.text
    assert world.date_polls.show("SOM-2026").options[0].no == 1


def test_once_chosen_the_page_says_the_date_and_once_published_it_is_the_ordinary_page(
    world: World, client: TestClient
) -> None:
    opened(world)
    path = dates(world, LAN)
    world.date_polls.close("SOM-2026", 2, caller=caller("coordinator"))
    assert "The date is Thursday, 10 December 2026, 14:00 Ha Noi (UTC+07:00)" in words(client.get(path))
    world.meetings.publish("SOM-2026", caller=caller("coordinator"))
    for response in (client.get(path), client.post(path, data=ALL)):
        assert (response.status_code, response.headers["location"]) == (303, path.removesuffix("/dates"))
    assert client.get(path.removesuffix("/dates")).status_code == 200


def test_who_does_not_speak_for_the_delegation_is_told_who_does(world: World, client: TestClient) -> None:
    opened(world)
    text = words(client.get(dates(world, MINH)))
    assert "For Viet Nam, Phạm Thu Lan answers this date poll." in text
    assert client.post(dates(world, MINH), data=ALL).status_code == 409


def test_forms_of_other_sites_large_ones_and_broken_links_are_refused(
    world: World, client: TestClient
) -> None:
    opened(world)
    path = dates(world, LAN)
    elsewhere = client.post(path, data=ALL, headers={"Origin": "https://elsewhere.example"})
    assert elsewhere.status_code == 403
    assert client.post(path, data={"vote-1": "y" * 300_000}).status_code == 413
    assert client.get(path.replace("/dates", "x/dates")).status_code == 404
    world.personal_links.revoke("SOM-2026", LAN, caller=caller("coordinator"))
    for refused in (client.get(path), client.post(path, data=ALL)):
        assert refused.status_code == 410
        assert "coordinator@vn.example.org" in words(refused)
    assert world.date_polls.show("SOM-2026").answered == 0
    assert elsewhere.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"


def test_a_draft_without_a_poll_shows_nothing(world: World, client: TestClient) -> None:
    opened(world)
    path = dates(world, LAN)
    with world.database.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM date_poll")
    assert client.get(path).status_code == 404
    assert client.post(path, data=ALL).status_code == 404

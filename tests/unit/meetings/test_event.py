"""An event as a value: its sessions, what leads them, and whether anything of it is still to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.meetings.event import Event, EventSession, leads_among, require_session
from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.errors import InvalidInput

STARTS = datetime(2027, 2, 11, 7, tzinfo=UTC)
ENDS = STARTS + timedelta(hours=2)


def session(reference: str, number: int | None = None, **fields: Any) -> EventSession:
    dated = {"status": MeetingStatus.DRAFT, "starts_at": STARTS, "ends_at": ENDS} if number else {}
    whole = {"reference": reference, "kind": "som", "host": "VN", "title_en": reference, "meeting_id": number}
    return EventSession(**(whole | dated | fields))


def event(*sessions: EventSession, **fields: Any) -> Event:
    return Event(**({"id": 1, "reference": "E", "lead": "SOM", "sessions": sessions} | fields))


def test_sessions_with_a_day_are_told_from_those_without() -> None:
    found = event(session("SOM", 1), session("PREP", 2, status=MeetingStatus.PUBLISHED), session("WS"))
    assert [item.reference for item in found.dated] == ["SOM", "PREP"]
    assert [item.reference for item in found.undated] == ["WS"]
    assert [item.reference for item in found.drafts] == ["SOM"]


def test_an_event_without_a_title_is_called_as_its_lead_session() -> None:
    found = event(session("WS"), session("SOM", 1, title_vi="Hội nghị"))
    assert (found.title, found.named) == (("SOM", "Hội nghị"), False)
    named = event(session("SOM", 1, title_vi="Hội nghị"), title_en="August")
    assert (named.title, named.named) == (("August", None), True)


def test_an_event_is_coming_while_a_day_is_missing_or_a_session_is_not_over() -> None:
    assert event(session("SOM", 1)).is_coming(ENDS - timedelta(seconds=1))
    assert not event(session("SOM", 1)).is_coming(ENDS)
    assert event(session("SOM", 1), session("WS")).is_coming(ENDS)
    assert not event(session("SOM", 1, status=MeetingStatus.CANCELLED)).is_coming(STARTS)


def test_only_a_session_can_lead() -> None:
    require_session(event(session("SOM")), "SOM")
    with pytest.raises(InvalidInput) as caught:
        require_session(event(session("SOM"), session("WS")), "PREP")
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == ("lead", "PREP")
    assert "SOM, WS" in problem.remedy


@pytest.mark.parametrize(
    ("references", "feeds", "leads"),
    [
        (["A"], [], ["A"]),
        (["A", "B"], [], ["A", "B"]),
        (["PREP", "SOM"], [("PREP", "SOM")], ["SOM"]),
        (["PREP", "SOM", "HEADS"], [("PREP", "SOM"), ("SOM", "HEADS")], ["HEADS"]),
        (["PREP", "SOM", "WS"], [("PREP", "SOM")], ["SOM"]),
        (["PREP", "SOM"], [("PREP", "SOM"), ("SOM", "ELSEWHERE")], ["SOM"]),
        (["A", "B", "C"], [("A", "B"), ("A", "C")], ["B", "C"]),
    ],
)
def test_what_is_prepared_and_prepares_none_of_the_others_leads(
    references: list[str], feeds: list[tuple[str, str]], leads: list[str]
) -> None:
    assert list(leads_among(references, feeds)) == leads

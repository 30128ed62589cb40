"""The texts of notices: what the file holds, and what is said of a wrong one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from config import DATA
from orchestrator.domain.letters.notices import NoticeText, notice_texts
from orchestrator.errors import ConfigurationError

SHIPPED = notice_texts(yaml.safe_load((DATA / "notices.yaml").read_text("utf-8")))
GOOD = {"key": "papers", "subject": "Call for papers", "paragraphs": ["Please send them."]}


def problems(*notices: Any) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as caught:
        notice_texts({"notices": list(notices)})
    return [(item.field, item.message) for item in caught.value.problems]


def test_the_shipped_file_has_every_text_that_timelines_need() -> None:
    assert set(SHIPPED) == {
        "delegation-list",
        "papers",
        "agenda-comments",
        "documents",
        "room-open",
        "thank-you",
        "partner-letter",
    }
    assert [key for key, item in SHIPPED.items() if item.join] == ["room-open"]


def test_a_text_is_read_on_one_line_however_the_file_breaks_it() -> None:
    (found,) = notice_texts({"notices": [GOOD | {"paragraphs": ["One\n  two.\n", "Three."]}]}).values()
    assert found == NoticeText(key="papers", subject="Call for papers", paragraphs=("One two.", "Three."))
    assert found.texts == ("Call for papers", "One two.", "Three.")


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"key": "Call For"}, "notices[0].key", "string should match pattern '^[a-z][a-z0-9-]*$'"),
        ({"subject": ""}, "notices[0].subject", "string should have at least 1 character"),
        ({"paragraphs": []}, "notices[0].paragraphs", "is empty; write at least one"),
        (
            {"paragraphs": ["Hello {name}"]},
            "notices[0].paragraphs[0]",
            "holds a brace; title, time, link and deadline stand in the mail by themselves",
        ),
        ({"paragraf": ["x"]}, "notices[0].paragraf", "is not a known field"),
        (
            {"join": "perhaps"},
            "notices[0].join",
            "input should be a valid boolean, unable to interpret input",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field(change: dict[str, Any], field: str, message: str) -> None:
    assert problems(GOOD | change) == [(field, message)]


def test_a_key_is_there_once() -> None:
    ((field, message),) = problems(GOOD, GOOD)
    assert (field, message) == ("document", "papers is there twice; give one of the two another key")


@pytest.mark.parametrize("data", [None, [], {}, {"notices": []}, "text"])
def test_a_file_of_another_shape_is_refused(data: Any) -> None:
    with pytest.raises(ConfigurationError):
        notice_texts(data)

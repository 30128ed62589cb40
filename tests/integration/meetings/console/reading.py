"""What stands on a page of the console."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

from sqlalchemy import update

from orchestrator.bootstrap import Container
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.facts import plain
from orchestrator.store.rows.timelines import ActionRow

PREP, SOM = "ACCSM21-PREP-2021-04", "ACCSM21-SOM-2021-04"
# No state has a holiday on this day, the next one, nor a week before them, whenever the tests run.
ORDINARY_DAYS = date(2031, 3, 12)
HOSTILE = "<script>alert('1')</script> & \"quotes\""


def words(response: Any) -> str:
    """The text of a page as it is read, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def hidden(response: Any) -> dict[str, str]:
    """The fields that a confirm page sends back."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.text)
    return {name: unescape(value) for name, value in found}


def ends_badly(container: Container, state: ActionState) -> int:
    """Let one action of the queue fail or be missed, and return its id."""
    found = container.reading.actions(ActionState.SCHEDULED)[0]
    values = {"state": state, "reason": plain("the relay <refused> the address")}
    with container.database.transaction() as session:
        session.execute(update(ActionRow).where(ActionRow.id == found.id).values(**values))
    return found.id

"""Printing deliveries."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.services.meetings.views import DeliveryView
from orchestrator.terminal import STATE_MARKS, out, table
from orchestrator.words import maybe, say


def show_deliveries(deliveries: Iterable[DeliveryView]) -> None:
    """Print deliveries, newest first."""
    made = table("State", "What", "To", "Left, in their time", "Answer of the server")
    for item in deliveries:
        who = f"{item.recipient_name} ({item.delegation})" if item.recipient_name else item.recipient
        left = say(item.local_time)
        answer = "; ".join(filter(None, (maybe(item.answer), maybe(item.report))))
        made.add_row(STATE_MARKS[item.state], item.purpose, who, left, answer)
    out.print(made if made.row_count else "Nothing was sent yet.")

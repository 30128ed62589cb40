"""Finding the meeting that a mail is about: by its reply address, its UID, or the mail that it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from orchestrator.domain.answers.incoming import Sort
from orchestrator.services.answers.in_hand import MailInHand
from orchestrator.services.people.links import Links
from orchestrator.store.answers import incoming
from orchestrator.store.rows.delivery import DeliveryRow

_MOST_BOUNCED = 5
"""Recipients of a delivery report that are looked up."""


def find_meetings(session: Session, items: Sequence[MailInHand], links: Links) -> None:
    """Enter the meeting and the delivery that each mail is about, in a few queries for all of them."""
    for item in items:
        tokens = map(links.read_reply_address, item.received.recipients)
        item.token_id = next((token for token in tokens if token is not None), None)
    uids = [item.received.calendar.uid for item in items if item.received.calendar]
    by_uid = incoming.meetings_by_uid(session, uids)
    by_token = incoming.meetings_of_attendees(session, [item.token_id for item in items if item.token_id])
    names = {name for item in items for name in item.threads}
    deliveries = incoming.deliveries_by_message_id(session, names)
    for item in items:
        found = [deliveries[name] for name in item.threads if name in deliveries]
        # What goes to a coordinator names no attendee.
        item.answers_report = any(delivery.attendee_id is None for delivery in found)
        meeting_id = by_token.get(item.token_id or 0)
        item.delivery = next(iter(found), None) or _bounced_delivery(session, item, meeting_id)
        item.meeting_id = _meeting_of(item, by_uid, by_token)


def _bounced_delivery(session: Session, item: MailInHand, meeting_id: int | None) -> DeliveryRow | None:
    """Find what a delivery report that does not quote the mail is about, by whom it could not reach.

    ``meeting_id`` is the meeting whose reply address it came to, if it came to one.
    """
    if item.received.sort is not Sort.REPORT:
        return None
    addresses = [address for report in item.received.reports for address in report.recipients]
    found = (
        incoming.latest_delivery_to(session, address, meeting_id) for address in addresses[:_MOST_BOUNCED]
    )
    return next((delivery for delivery in found if delivery is not None), None)


def _meeting_of(item: MailInHand, by_uid: Mapping[str, int], by_token: Mapping[int, int]) -> int | None:
    calendar = item.received.calendar
    if calendar is not None and calendar.uid in by_uid:
        # The token of another meeting must not carry an answer over to it.
        return by_uid[calendar.uid]
    if calendar is not None and calendar.uid:
        # Some gateways give events another UID; an address of one's own is not given to anybody else.
        return by_token.get(item.token_id or 0)
    if item.received.sort is Sort.REPORT and item.delivery is not None:
        return item.delivery.meeting_id
    otherwise = item.delivery.meeting_id if item.delivery else None
    return by_token.get(item.token_id or 0, otherwise)

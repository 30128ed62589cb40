"""Finding the meeting that a mail is about: by its reply address, its UID, or the mail that it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from orchestrator.domain.answers.incoming import Sort
from orchestrator.domain.people.addresses import compared
from orchestrator.services.answers.in_hand import MailInHand
from orchestrator.services.people.links import Links
from orchestrator.store.answers import incoming
from orchestrator.store.rows.delivery import DeliveryRow


def find_meetings(session: Session, items: Sequence[MailInHand], links: Links) -> None:
    """Enter the meeting and the delivery that each mail is about, in a few queries for all of them."""
    for item in items:
        item.token_id = _first(map(links.read_reply_address, item.received.recipients))
        item.envelope = _first(map(links.read_envelope_sender, item.received.recipients))
    uids = [item.received.calendar.uid for item in items if item.received.calendar]
    by_uid = incoming.meetings_by_uid(session, uids)
    by_token = incoming.meetings_of_attendees(session, [item.token_id for item in items if item.token_id])
    deliveries = incoming.deliveries_by_message_id(session, {name for item in items for name in item.threads})
    for item in items:
        found = [deliveries[name] for name in item.threads if name in deliveries]
        if item.envelope is not None:
            # A relay may have given the mail another Message-ID; the envelope is what we wrote ourselves.
            found = incoming.deliveries_of_envelope(session, item.envelope) or found
        # What goes to a coordinator names no attendee.
        item.answers_report = any(delivery.attendee_id is None for delivery in found)
        item.delivery = next(iter(found), None) or _of_reply_address(session, item)
        item.meeting_id = _meeting_of(item, by_uid, by_token)


_Found = TypeVar("_Found")


def _first(found: Iterable[_Found | None]) -> _Found | None:
    return next((item for item in found if item is not None), None)


def _of_reply_address(session: Session, item: MailInHand) -> DeliveryRow | None:
    """Find what a report of standard form is about that quotes no mail and came to a reply address.

    Mails went out with the reply address in the envelope before there was an envelope of their own for each;
    the address proves which invitation is reported, if the report is also about its attendee.
    """
    reports = [report for report in item.received.reports if report.standard]
    if item.token_id is None or not reports or item.threads:
        return None
    delivery = incoming.latest_delivery_to(session, item.token_id)
    about = {address for report in reports for address in report.recipients}
    return delivery if delivery is not None and compared(delivery.recipient) in about else None


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

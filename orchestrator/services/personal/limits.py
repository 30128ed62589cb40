"""How much the holder of one personal link may cause, and how often one address may be named.

A link is mailed, and mails are forwarded. So what a link can make the service send to others is bounded, for
the link and for each address over all links, and counted in the transaction that sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from orchestrator.domain.people.addresses import compared
from orchestrator.domain.time.zones import Place, local_time
from orchestrator.errors import InvalidInput, Problem, TooMany
from orchestrator.facts import Fact
from orchestrator.services.people.links import SignedId
from orchestrator.services.people.throttle import Allowance
from orchestrator.services.personal.followed_link import FollowedLink
from orchestrator.store.people import throttles
from orchestrator.store.people.throttles import Tries

_HOUR, _DAY, _MONTH, _YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=30), timedelta(days=400)
NAMED_BY_A_LINK = (
    Allowance("link-names-day", 40, _DAY),
    Allowance("link-names", 120, _YEAR),
)
"""A whole delegation, which has at most 30 people, and corrections; and that a few times over."""
NAMED_FOR_A_DELEGATION = Allowance("delegation-names-day", 80, _DAY)
"""Over all links of a delegation at one meeting, because a head that a link names has one that names too."""
NAMINGS_OF_AN_ADDRESS = (
    Allowance("address-named-day", 2, _DAY),
    Allowance("address-named-month", 6, _MONTH),
)
"""Each naming may end in an invitation and a withdrawal, so this bounds the mails to one address."""
CHANGES_BY_A_LINK = (
    Allowance("link-changes-hour", 30, _HOUR),
    Allowance("link-changes-day", 120, _DAY),
)
"""Answers and all else that a page can record."""


def require(session: Session, link: FollowedLink, named: Sequence[str], place: Place, now: datetime) -> None:
    """Refuse to name these addresses when that is more than is allowed; counts nothing.

    Raises ``TooMany`` for the link, and ``InvalidInput`` naming ``email`` for an address.
    """
    for allowance, subject in _of_link(link):
        found = throttles.present(session, allowance.bucket(subject), now)
        if named and found is not None and found.count + len(named) > allowance.most:
            raise _refusal("personal.too-many-named", allowance, found, place, now)
    problems = [item for address in named for item in _of_address(session, address, place, now)]
    if problems:
        raise InvalidInput(problems)


def spend(session: Session, link: FollowedLink, named: Iterable[str], place: Place, now: datetime) -> None:
    """Count the naming of these addresses; raises ``TooMany`` when others have used up the rest meanwhile."""
    # In one order, so that two transactions which name the same addresses wait for each other in turn.
    addresses = sorted(map(compared, named))
    for allowance, subject in _of_link(link) if addresses else ():
        _count(session, allowance, subject, len(addresses), place, now)
    for address in addresses:
        for allowance in NAMINGS_OF_AN_ADDRESS:
            _count(session, allowance, address, 1, place, now)


def require_change(session: Session, signed: SignedId, place: Place, now: datetime) -> None:
    """Raise ``TooMany`` when a link has changed as much as it may lately; counts nothing."""
    for allowance in CHANGES_BY_A_LINK:
        found = throttles.present(session, allowance.bucket(_version(signed)), now)
        if found is not None and found.count >= allowance.most:
            raise _refusal("personal.too-many-changes", allowance, found, place, now)


def spend_change(session: Session, signed: SignedId, place: Place, now: datetime) -> None:
    """Count one change by a link; raises ``TooMany`` when others have used up the rest meanwhile."""
    for allowance in CHANGES_BY_A_LINK:
        found = throttles.add(session, allowance.bucket(_version(signed)), now, allowance.period)
        if found.count > allowance.most:
            raise _refusal("personal.too-many-changes", allowance, found, place, now)


def _version(signed: SignedId) -> str:
    """The link in its present version: one that was closed must not use up what its successor may."""
    return f"{signed.id}.{signed.version}"


def _count(
    session: Session, allowance: Allowance, subject: str, amount: int, place: Place, now: datetime
) -> None:
    found = throttles.add(session, allowance.bucket(subject), now, allowance.period, amount)
    if found.count > allowance.most:
        raise _refusal("personal.too-many-named", allowance, found, place, now)


def _of_address(session: Session, address: str, place: Place, now: datetime) -> Iterable[Problem]:
    for allowance in NAMINGS_OF_AN_ADDRESS:
        found = throttles.present(session, allowance.bucket(compared(address)), now)
        if found is not None and found.count >= allowance.most:
            wrong = Fact.of("personal.named-too-often", count=found.count)
            when = local_time(found.ends_at, place)
            yield Problem("email", address, wrong, Fact.of("personal.named-too-often.remedy", when=when))
            return


def _of_link(link: FollowedLink) -> Iterable[tuple[Allowance, str]]:
    """What bounds the people whom a link names, each with whom it is counted for."""
    own = link.attendee
    yield NAMED_FOR_A_DELEGATION, f"{link.meeting.id} {own.delegation}"
    for allowance in NAMED_BY_A_LINK:
        yield allowance, str(own.id)


def _refusal(key: str, allowance: Allowance, found: Tries, place: Place, now: datetime) -> TooMany:
    said = Fact.of(key, most=allowance.most, when=local_time(found.ends_at, place))
    return TooMany(said, retry_after=max(1.0, (found.ends_at - now).total_seconds()))

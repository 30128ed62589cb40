"""Delegations (states, the Secretariat, partners) and the groups people are invited in.

Both are data: ``config/delegations.yaml``. They are dated, because states join ASEAN, agencies
merge and weekends change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from orchestrator.domain.problems import problems_of
from orchestrator.domain.text import Name
from orchestrator.domain.time.zones import Place, city_of, local_date, zone, zone_problem
from orchestrator.errors import ConfigurationError, InvalidInput, Unfit
from orchestrator.facts import Fact


class Kind(StrEnum):
    """What a delegation is; the order of the members is the order in every list."""

    MEMBER = "member"
    SECRETARIAT = "secretariat"
    PLUS_THREE = "plus-three"
    PARTNER = "partner"


class Role(StrEnum):
    """What a person is in a meeting."""

    HEAD_OF_CIVIL_SERVICE = "head of civil service"
    SENIOR_OFFICIAL = "senior official"
    FOCAL_POINT = "focal point"
    DELEGATE = "delegate"
    SECRETARIAT = "secretariat"
    COORDINATOR = "coordinator"
    OBSERVER = "observer"


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)


def weekday_of(day: date) -> Weekday:
    """Return the weekday of ``day``."""
    return WEEKDAYS[day.weekday()]


class _DirectoryData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _clock(value: object) -> object:
    """Read ``09:30``; YAML 1.1 turns an unquoted 09:30 into an integer of minutes."""
    return time(value // 60, value % 60) if isinstance(value, int) and 0 <= value < 1440 else value


Clock = Annotated[time, BeforeValidator(_clock)]


class Hours(_DirectoryData):
    """One stretch of office hours on some weekdays, in local wall time."""

    days: tuple[Weekday, ...]
    opens: Clock
    closes: Clock

    @model_validator(mode="after")
    def _ordered(self) -> Hours:
        if self.closes <= self.opens:
            raise Unfit(Fact.of("delegations.closes-before-opens"))
        return self


class HolidayRule(_DirectoryData):
    """Which public holidays hold, in the codes of the ``holidays`` package."""

    country: str = Field(pattern=r"^[A-Z]{2}$")
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)


def _day_of_year(value: str) -> str:
    try:
        date.fromisoformat(f"2028-{value}")  # A leap year has every day that there is.
    except ValueError:
        raise Unfit(Fact.of("delegations.no-day-of-year")) from None
    return value


DayOfYear = Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_day_of_year)]


class Closure(_DirectoryData):
    """Days of every year on which offices are closed although they are no public holidays.

    ``first`` and ``last`` are such as ``12-29``; from December to January it runs over New Year.
    """

    name: Name
    first: DayOfYear
    last: DayOfYear

    def covers(self, day: date) -> bool:
        """Whether offices are closed on ``day`` by it."""
        at = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


def _require_zone(name: str) -> None:
    problem = zone_problem(name)
    if problem:
        raise Unfit(Fact.of("delegations.no-zone", zone=name, wrong=problem[0], remedy=problem[1]))


class Era(_DirectoryData):
    """What holds of a delegation from ``since`` until before ``until``; what is left out stays as it is."""

    since: date
    until: date | None = None
    zone: str | None = None
    city: Name | None = None
    hours: tuple[Hours, ...] | None = None
    holidays: HolidayRule | None = None
    closures: tuple[Closure, ...] | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Era:
        if self.until is not None and self.until <= self.since:
            raise Unfit(Fact.of("delegations.until-before-since"))
        if (self.zone is None) != (self.city is None):
            raise Unfit(Fact.of("delegations.zone-without-city"))
        if self.zone is not None:
            _require_zone(self.zone)
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on ``day``."""
        return self.since <= day and (self.until is None or day < self.until)


class Delegation(_DirectoryData):
    """A member state, the Secretariat or a partner.

    ``code`` is the ISO 3166 alpha-2 code (``ASEC`` for the Secretariat), ``order`` the protocol
    order within its kind, ``since`` the first day it takes part in its kind (``None``: always).
    ``changes`` are dated: ``on`` gives the delegation as it is on a day. ``soft_days`` are days off on
    which a meeting can be held all the same, if it must. ``confidence`` says how sure a fact is: S seen
    in a source, M likely, L to be verified.
    """

    code: str = Field(pattern=r"^[A-Z]{2,6}$")
    kind: Kind
    order: int = Field(ge=1)
    name: Name
    name_vi: Name | None = None
    zone: str
    city: Name
    hours: tuple[Hours, ...] = ()
    holidays: HolidayRule | None = None
    closures: tuple[Closure, ...] = ()
    changes: tuple[Era, ...] = ()
    soft_days: tuple[Weekday, ...] = ()
    locale: str = "en"
    agency: Name | None = None
    agency_vi: Name | None = None
    since: date | None = None
    until: date | None = None
    confidence: Mapping[str, Literal["S", "M", "L"]] = {}
    note: str | None = None

    @model_validator(mode="after")
    def _known_zone(self) -> Delegation:
        _require_zone(self.zone)
        return self

    @property
    def place(self) -> Place:
        """The zone with the city whose name stands for it."""
        return Place(self.zone, self.city)

    def on(self, day: date) -> Delegation:
        """Return the delegation as it is on ``day``; a later change wins over an earlier one."""
        found = [item for item in self.changes if item.holds_on(day)]
        if not found:
            return self
        values: dict[str, Any] = {}
        for item in sorted(found, key=lambda era: era.since):
            values |= {
                name: value
                for name in ("zone", "city", "hours", "holidays", "closures", "note")
                if (value := getattr(item, name)) is not None
            }
        return self.model_copy(update=values)

    @property
    def working_days(self) -> frozenset[str]:
        """The weekdays on which its offices are open."""
        return frozenset(day for hours in self.hours for day in hours.days)

    def active_on(self, day: date) -> bool:
        """Whether it takes part in its kind on ``day``."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


class Group(_DirectoryData):
    """A circle of people who are invited together, such as the senior officials."""

    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    name: Name
    name_vi: Name | None = None
    role: Role
    kinds: tuple[Kind, ...] = ()
    delegations: tuple[str, ...] = ()

    def admits(self, delegation: Delegation) -> bool:
        """Whether people of ``delegation`` can be in this group."""
        return delegation.kind in self.kinds or delegation.code in self.delegations


_KIND_RANK = {kind: rank for rank, kind in enumerate(Kind)}


class Directory(_DirectoryData):
    """All delegations and groups; the one place that knows protocol order."""

    delegations: tuple[Delegation, ...]
    groups: tuple[Group, ...]

    @model_validator(mode="after")
    def _unique(self) -> Directory:
        for key, codes in (
            ("delegations.twice", [item.code for item in self.delegations]),
            ("delegations.groups-twice", [item.code for item in self.groups]),
        ):
            twice = {code for code in codes if codes.count(code) > 1}
            if twice:
                raise Unfit(Fact.of(key, codes=sorted(twice)))
        return self

    @classmethod
    def of(cls, data: Any) -> Directory:
        """Read the directory from parsed YAML; raises ``ConfigurationError`` naming each field."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ConfigurationError(problems_of(error)) from error

    def get(self, code: str) -> Delegation:
        """Return the delegation with ``code``; raises ``InvalidInput`` naming the known ones."""
        for delegation in self.delegations:
            if delegation.code == code:
                return delegation
        known = tuple(item.code for item in self.in_order(self.delegations))
        wrong, advice = Fact.of("delegations.not-one"), Fact.of("delegations.known", known=known)
        raise InvalidInput.of("delegation", code, wrong, advice)

    def group(self, code: str) -> Group:
        """Return the group with ``code``; raises ``InvalidInput`` naming the known ones."""
        for group in self.groups:
            if group.code == code:
                return group
        known = tuple(item.code for item in self.groups)
        wrong, advice = Fact.of("delegations.no-group"), Fact.of("delegations.known", known=known)
        raise InvalidInput.of("group", code, wrong, advice)

    def has_focal_points(self, code: str) -> bool:
        """Whether the delegation ``code`` should have a focal point: there is a group of them for it."""
        delegation = self.get(code)
        return any(item.role is Role.FOCAL_POINT and item.admits(delegation) for item in self.groups)

    def place_of(self, code: str, moment: datetime) -> Place:
        """Return where the delegation ``code`` is at ``moment`` (aware): zones are dated, like all of it."""
        delegation = self.get(code)
        place, day = delegation.place, moment.date()
        for _ in range(2 if delegation.changes else 0):
            # Which zone holds depends on the date there, which depends on the zone.
            place = delegation.on(day).place
            day = local_date(moment, zone(place.zone))
        return delegation.on(day).place if delegation.changes else place

    def host_place(self, host: str, zone: str, moment: datetime) -> Place:
        """Return the place whose clock a meeting of ``host`` in ``zone`` at ``moment`` follows.

        It is the host's city where the meeting is in the host's zone, else the city of the zone.
        """
        place = self.place_of(host, moment)
        return place if place.zone == zone else Place(zone, city_of(zone))

    def members_on(self, day: date) -> tuple[Delegation, ...]:
        """Return the member states of ``day`` in protocol order: ten before 26 October 2025."""
        return tuple(
            item
            for item in self.in_order(self.delegations)
            if item.kind is Kind.MEMBER and item.active_on(day)
        )

    @staticmethod
    def in_order(delegations: Iterable[Delegation]) -> list[Delegation]:
        """Sort by protocol: members, Secretariat, Plus Three, partners; each by order, then by code."""
        return sorted(delegations, key=_rank)

    def rank(self, code: str) -> tuple[int, int, str]:
        """Return the sort key of protocol order; no two codes have the same, and unknown ones come last."""
        for item in self.delegations:
            if item.code == code:
                return _rank(item)
        return len(_KIND_RANK), 0, code


def _rank(delegation: Delegation) -> tuple[int, int, str]:
    return _KIND_RANK[delegation.kind], delegation.order, delegation.code

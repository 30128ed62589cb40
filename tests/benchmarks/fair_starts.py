"""Measures how fast a year of 30-minute starts is searched for eighteen delegations, beside a naive search.

The naive search goes through every start minute by minute with ``zoneinfo``; because that takes minutes, it
is given one start in two hundred, and its time is multiplied. The unit tests hold the real search against it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

from config import DATA
from orchestrator.domain.dates.fair_starts import find
from orchestrator.domain.dates.requests import Request
from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.public_holidays import holidays_of
from orchestrator.domain.delegations.working_calendar import Calendars, Off, WorkingCalendar
from orchestrator.domain.time.zones import zone

ROUNDS = 5
DELEGATIONS = 18
SAMPLE = 200
MINUTE, ONE_DAY = timedelta(minutes=1), timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def naive_minute(calendar: WorkingCalendar, moment: datetime) -> tuple[int, frozenset[str]]:
    """Return what one minute costs and what it is against, straight from the rules as documented."""
    there = moment.astimezone(zone(calendar.place(moment.date()).zone))
    day = calendar.day(there.date())
    against, price = set(), 0
    if not day.stretches:
        weekday = WEEKDAYS[there.weekday()]
        if day.off is not Off.WEEKEND:
            against.add("estimated-holiday" if day.estimated else "holiday")
        if not any(weekday in hours.days for hours in calendar.delegation.hours):
            against.add("soft-day" if weekday in calendar.delegation.soft_days else "weekend")
        prices = {"soft-day": 2, "estimated-holiday": 5, "weekend": 8, "holiday": 10}
        price = max(prices[item] for item in against)
    hours, later = day.stretches, there.date()
    while not hours:
        later += ONE_DAY
        hours = calendar.day(later).stretches
    price += naive_clock(there.time(), [(item.opens, item.closes) for item in hours])
    outside = not hours[0].opens <= there.time() < hours[-1].closes
    return price, frozenset(against | ({"hours"} if outside else set()))


def naive_clock(now: clock, hours: list[tuple[clock, clock]]) -> int:
    if any(opens <= now < closes for opens, closes in hours):
        return 0
    if now < clock(6) or now >= clock(22):
        return 20
    if hours[0][0] < now < hours[-1][1]:
        return 1
    minutes = now.hour * 60 + now.minute
    opens, closes = (item.hour * 60 + item.minute for item in (hours[0][0], hours[-1][1]))
    distance = opens - minutes if minutes < opens else minutes + 1 - closes
    return min(2 * -(-distance // 60), 20)


def naive_search(begins: list[datetime], request: Request, calendars: Calendars) -> list[int]:
    """Return the cost of each start, summed over delegations and minutes."""
    minutes = request.duration // MINUTE
    return [
        sum(
            naive_minute(calendars.of(code), begin + number * MINUTE)[0]
            for code in request.delegations
            for number in range(minutes)
        )
        for begin in begins
    ]


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    directory = Directory.of(read_yaml((DATA / "delegations.yaml").read_text("utf-8")))
    codes = tuple(item.code for item in directory.in_order(directory.delegations))[:DELEGATIONS]
    request = Request(
        delegations=codes,
        duration=timedelta(hours=2, minutes=30),
        first=date(2027, 1, 1),
        last=date(2027, 12, 31),
        host="VN",
        now=datetime(2026, 12, 1, tzinfo=UTC),
    )
    burdens = {code: 120 * number for number, code in enumerate(codes)}
    holidays_of.cache_clear()
    first = seconds(lambda: find(request, Calendars(directory), burdens))
    # Each round has new calendars, as the first search after a change of them has.
    ours = statistics.median(
        seconds(lambda: find(request, Calendars(directory), burdens)) for _ in range(ROUNDS)
    )
    considered = find(request, Calendars(directory), burdens).considered
    begins = [
        datetime(2027, 1, 1, tzinfo=UTC) + number * timedelta(minutes=30)
        for number in range(0, considered, SAMPLE)
    ]
    calendars = Calendars(directory)
    naive = seconds(lambda: naive_search(begins, request, calendars)) * considered / len(begins)
    print(f"{considered} starts of a year, {DELEGATIONS} delegations, one process, median of {ROUNDS} rounds")
    print(f"  our search                            {ours:7.2f} s")
    print(f"  the first one, with reading holidays  {first:7.2f} s")
    print(f"  minute by minute, from 1 in {SAMPLE}       {naive:7.0f} s, {naive / ours:.0f} times as long")


if __name__ == "__main__":
    main()

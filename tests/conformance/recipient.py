"""A recipient's calendar: what it makes of our mails, by the rules that public suites agree on.

Those suites are Apple's, Thunderbird's, Sabre's and Cyrus'. Where they differ, this is the one that is
harder to please: of two objects with the same SEQUENCE and DTSTAMP it takes only the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.conformance.readers import Component, Reader, event_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A meeting as it stands in the calendar."""

    sequence: int
    stamp: str
    status: str
    starts: str
    ends: str
    summary: str
    place: str | None
    answer: str

    @property
    def cancelled(self) -> bool:
        """Whether the calendar shows that the meeting does not take place."""
        return self.status == "CANCELLED"


class Calendar:
    """The calendar of one person; ``asked`` is how often it has asked for an answer."""

    def __init__(self, address: str, reader: Reader) -> None:
        self._address = address
        self._reader = reader
        self.entries: dict[str, Entry] = {}
        self.asked = 0

    def receive(self, content: bytes) -> None:
        """Take what a mail holds, unless something newer is there."""
        calendar = self._reader.read(content)
        event, method = event_of(calendar), calendar.text("METHOD")
        uid = event.one("UID").value
        stored = self.entries.get(uid)
        # A cancellation of something unknown is ignored, and so is anything that was only published.
        if method not in ("REQUEST", "CANCEL") or (method == "CANCEL" and stored is None):
            return
        if stored is None or self._is_newer(event, stored):
            self._store(uid, self._entry(event), stored)

    def answer(self, uid: str, answer: str) -> None:
        """Answer as its owner does, with a button."""
        self.entries[uid] = replace(self.entries[uid], answer=answer)

    def _is_newer(self, event: Component, stored: Entry) -> bool:
        # The higher SEQUENCE wins, then the later DTSTAMP.
        found = int(event.one("SEQUENCE").value), event.one("DTSTAMP").value
        return found > (stored.sequence, stored.stamp)

    def _store(self, uid: str, entry: Entry, stored: Entry | None) -> None:
        if stored is not None and not stored.cancelled and self._same_time(entry, stored):
            # An answer given to the same time stays, even if the organizer has not heard of it.
            if entry.answer == "NEEDS-ACTION":
                entry = replace(entry, answer=stored.answer)
        elif entry.answer == "NEEDS-ACTION" and not entry.cancelled:
            # Another time asks again.
            self.asked += 1
        self.entries[uid] = entry

    def _same_time(self, entry: Entry, stored: Entry) -> bool:
        return (entry.starts, entry.ends) == (stored.starts, stored.ends)

    def _entry(self, event: Component) -> Entry:
        own = [line for line in event.all("ATTENDEE") if line.value == f"mailto:{self._address}"]
        # A calendar takes also what is addressed to somebody else, but then nobody can answer.
        answers = [line.params.get("PARTSTAT", "") for line in own] or [""]
        return Entry(
            sequence=int(event.one("SEQUENCE").value),
            stamp=event.one("DTSTAMP").value,
            # A cancelled meeting stays, shown as cancelled. Clients do the same where only they are removed,
            # which says no STATUS.
            status=event.text("STATUS") or "CANCELLED",
            starts=event.one("DTSTART").value,
            ends=event.one("DTEND").value,
            summary=event.one("SUMMARY").value,
            place=event.text("LOCATION"),
            answer=answers[0],
        )

"""Who a step of a timeline is for: roles, circles and delegations, as timelines write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from orchestrator.domain.delegations.delegation import Directory, Kind, Role
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.errors import InvalidInput, Problem, Unfit
from orchestrator.facts import Fact

EVERYONE, HEAD, COORDINATOR = "everyone", "head of delegation", "coordinator"
Sort = Literal["everyone", "head", "coordinator", "role", "kind", "group", "delegation"]
_KINDS = {"members": Kind.MEMBER, "plus three": Kind.PLUS_THREE, "partners": Kind.PARTNER}
_ROLES = {role.value: role for role in Role if role is not Role.COORDINATOR}
KNOWN = (EVERYONE, HEAD, COORDINATOR, *_ROLES, *_KINDS, "group CODE", "delegation CODE")


@dataclass(frozen=True, slots=True)
class Audience:
    """One circle of recipients; ``words`` is how a timeline writes it."""

    words: str
    sort: Sort
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> Audience:
        """Read one audience; raises ``Unfit``, a ``ValueError``, naming the known ones."""
        words = " ".join(text.split())
        coded: tuple[Sort, ...] = ("group", "delegation")
        for sort in coded:
            if words.startswith(f"{sort} "):
                return cls(words, sort, words.removeprefix(f"{sort} "))
        if words in _ROLES:
            return cls(words, "role", _ROLES[words])
        if words in _KINDS:
            return cls(words, "kind", _KINDS[words])
        fixed: dict[str, Sort] = {EVERYONE: "everyone", HEAD: "head", COORDINATOR: "coordinator"}
        if words in fixed:
            return cls(words, fixed[words])
        raise Unfit(Fact.of("timelines.not-an-audience", words=words, known=KNOWN))

    @property
    def oversees(self) -> bool:
        """Whether a ladder tells it of every delegation's silence, and not of its own alone."""
        return self.sort in ("coordinator", "delegation") or self.value == Role.SECRETARIAT

    def admits(self, attendee: Attendee, meeting: Meeting, directory: Directory) -> bool:
        """Whether ``attendee`` of ``meeting`` is in it. The coordinator is no attendee."""
        match self.sort:
            case "everyone":
                return True
            case "head":
                head = meeting.head_of(attendee.delegation)
                return head is not None and head.id == attendee.id
            case "role":
                return attendee.role == self.value
            case "kind":
                return directory.get(attendee.delegation).kind == self.value
            case "group":
                return attendee.group == self.value
            case "delegation":
                return attendee.delegation == self.value
        return False

    def problem(self, field: str, directory: Directory) -> Problem | None:
        """Return what is wrong with the code it names, if it names one."""
        if self.sort not in ("group", "delegation"):
            return None
        try:
            directory.group(self.value) if self.sort == "group" else directory.get(self.value)
        except InvalidInput as error:
            found = error.problems[0]
            return Problem(field, self.words, found.wrong, found.advice)
        return None


def admitted(audiences: Iterable[Audience], meeting: Meeting, directory: Directory) -> tuple[Attendee, ...]:
    """Return the attendees of ``meeting`` who are in one of ``audiences``, in their order."""
    circles = tuple(audiences)
    if not circles:
        return ()
    # Looking for the head of each attendee's delegation would be looking through all attendees for each.
    leads = any(circle.sort == "head" for circle in circles)
    heads = {head.id for code in meeting.delegations if (head := meeting.head_of(code))} if leads else set()
    others = [circle for circle in circles if circle.sort != "head"]
    return tuple(
        item
        for item in meeting.invited
        if item.id in heads or any(circle.admits(item, meeting, directory) for circle in others)
    )

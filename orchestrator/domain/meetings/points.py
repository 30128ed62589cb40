"""What the agenda of a meeting reports of another one."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.facts import Fact, Said


@dataclass(frozen=True, slots=True)
class Point:
    """A decision as the agenda of another meeting reports it; ``is_open`` says that it is not agreed yet."""

    text: str
    is_open: bool = False

    @property
    def said(self) -> Said:
        """What the reader of the agenda is told; an agreed decision is what people wrote, as it is."""
        return Fact.of("meetings.open-point", text=self.text) if self.is_open else self.text

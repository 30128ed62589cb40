"""What is the case, as a value: a key, and the parameters of the words that say it.

Domain and services say everything with a ``Fact`` and never with a sentence, so that it can be stored,
compared, counted, and read in any language. ``orchestrator.words`` turns facts into sentences, and only
the edges (web, command line, API, mail, the text of errors) do so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar, cast

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact:
    """What is the case. ``key`` is ``<room>.<what>``, ``items`` are its parameters, sorted by name.

    A parameter is text, a number, a truth value, nothing, a date, another fact, a tuple of parameters
    (said as a list), or a value whose class is registered with ``storable``, such as a local time.
    """

    key: str
    items: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, key: str, /, **params: Any) -> Fact:
        """Return the fact called ``key`` with its parameters."""
        return cls(key, tuple(sorted((name, _frozen(value)) for name, value in params.items())))

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters by name."""
        return dict(self.items)

    def to_json(self) -> Json:
        """Return the fact as it is stored."""
        return {"key": self.key, "params": {name: _to_json(value) for name, value in self.items}}

    @classmethod
    def from_json(cls, data: Json) -> Fact:
        """Return a fact as it was stored; raises ``KeyError`` for what ``to_json`` has not written."""
        return cls.of(data["key"], **{name: _from_json(value) for name, value in data["params"].items()})


def listed(items: Sequence[Any]) -> Fact:
    """Return a list as it is read out: ``A``, ``A and B``, ``A, B and C``. ``items`` are parameters."""
    *others, last = items
    return Fact.of("list.and", items=tuple(others), last=last) if others else Fact.of("text", text=last)


def either(items: Sequence[Any]) -> Fact:
    """Return a choice as it is read out: ``A``, ``A or B``, ``A or B or C``. ``items`` are parameters."""
    first, *others = items
    return Fact.of("list.or", first=first, others=either(others)) if others else Fact.of("text", text=first)


def chained(items: Sequence[Fact]) -> Fact:
    """Return facts as they are read out one after the other: ``A; B; C``."""
    first, *others = items
    return Fact.of("list.chained", first=first, others=chained(others)) if others else first


def lined(items: Sequence[Fact]) -> Fact:
    """Return facts as they are read out one a line."""
    first, *others = items
    return Fact.of("list.lines", first=first, others=lined(others)) if others else first


def spaced(items: Sequence[Fact]) -> Fact:
    """Return sentences as they are read out one after the other."""
    first, *others = items
    return Fact.of("list.sentences", first=first, others=spaced(others)) if others else first


def ended(said: Fact | str) -> Fact:
    """Return what is said as a sentence: with a full stop, where its text has no mark of its own."""
    text = said.params.get("text") if isinstance(said, Fact) and said.key == "text" else said
    if isinstance(text, str) and text.rstrip().endswith((".", "!", "?", "…", "။", "។")):
        return plain(text)
    return Fact.of("list.sentence", said=said)


Said = Fact | str
"""What an error says: a fact, or a sentence that an edge has put together itself."""


def plain(text: str) -> Fact:
    """Return text that is no fact of ours, such as a server's answer, or what was stored before facts."""
    return Fact.of("text", text=text)


@dataclass(frozen=True, slots=True)
class _Storable:
    kind: type[Any]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


_STORABLE: dict[str, _Storable] = {
    "date": _Storable(date, date.isoformat, date.fromisoformat),
}


def storable(tag: str, kind: type[T], write: Callable[[T], Any], read: Callable[[Any], T]) -> None:
    """Let values of ``kind`` be parameters: ``write`` makes JSON of one, ``read`` the value of that."""
    _STORABLE[tag] = _Storable(kind, write, read)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


def _to_json(value: Any) -> Any:
    if isinstance(value, Fact):
        return {"fact": value.to_json()}
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    for tag, known in _STORABLE.items():
        # A datetime is a date to Python; an instant has no place here, for nobody knows whose clock it is.
        if isinstance(value, known.kind) and not isinstance(value, datetime):
            return {tag: known.write(value)}
    raise TypeError(f"{type(value).__name__} cannot be a parameter of a fact")


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    if tag == "fact":
        return Fact.from_json(cast(Json, content))
    return _STORABLE[tag].read(content)

"""Callers of use cases, as tests name them."""

from __future__ import annotations

from orchestrator.domain.people.caller import Access, Actor, ActorKind, Caller, Channel


def caller(name: str, channel: Channel = Channel.CONSOLE) -> Caller:
    """Return a coordinator of that name, at the console unless another door is named."""
    return Caller(Actor(ActorKind.PERSON, name, roles=frozenset({Access.COORDINATOR})), channel)

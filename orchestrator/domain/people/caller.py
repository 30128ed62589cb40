"""Who asks for something, and through which door.

Both are stored with every change, as two values: the same coordinator may come through the console today
and through the API tomorrow, and what a person may do depends on who they are and not on the door.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from orchestrator.errors import Forbidden
from orchestrator.facts import Fact


class Channel(StrEnum):
    """The door. The values are what version 0.1 stored and the API shows."""

    CONSOLE = "console"
    API = "api"
    CLI = "command line"
    MAIL = "mail"
    PERSONAL_PAGE = "web"
    SERVICE = "service"


class ActorKind(StrEnum):
    """What kind of actor it is.

    The holder of the one token that exists yet may do everything; a person of the directory and an attendee
    of one meeting are known by their ids; the service itself does what a timeline or new data calls for.
    """

    TOKEN = "token"  # noqa: S105 - the name of a kind, no secret.
    PERSON = "person"
    ATTENDEE = "attendee"
    SERVICE = "service"


class Access(StrEnum):
    """What an actor may be. The holder of the token is a coordinator, who may do everything yet."""

    COORDINATOR = "coordinator"
    FOCAL_POINT = "focal point"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something. ``name`` is what history shows; ``id`` is that of a person or attendee, as text."""

    kind: ActorKind
    name: str
    id: str | None = None
    roles: frozenset[Access] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a use case, and through which door."""

    actor: Actor
    channel: Channel

    @property
    def name(self) -> str:
        """What history shows of the actor."""
        return self.actor.name

    def named(self, name: str) -> Caller:
        """Return the same caller under a name that was given with what they enter."""
        return replace(self, actor=replace(self.actor, name=name))

    def require(self, access: Access) -> None:
        """Raise ``Forbidden`` unless the actor has that role."""
        if access not in self.actor.roles:
            raise Forbidden(Fact.of("people.forbidden", name=self.actor.name, role=access.value))


def token_holder(channel: Channel) -> Caller:
    """Return the caller that comes with the token, or in the sandbox without it, through ``channel``."""
    actor = Actor(ActorKind.TOKEN, channel.value, roles=frozenset({Access.COORDINATOR}))
    return Caller(actor, channel)


def attendee(name: str, attendee_id: int, channel: Channel) -> Caller:
    """Return the caller that an attendee is, through a personal link or by mail."""
    roles = frozenset({Access.FOCAL_POINT})
    return Caller(Actor(ActorKind.ATTENDEE, name, str(attendee_id), roles), channel)


SERVICE = Caller(
    Actor(ActorKind.SERVICE, Channel.SERVICE.value, roles=frozenset({Access.COORDINATOR})), Channel.SERVICE
)
"""What the service does by itself."""

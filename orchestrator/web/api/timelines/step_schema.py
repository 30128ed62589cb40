"""What a step of a timeline may say, as JSON schema: one description a kind of step, from the table of kinds.

What several steps have to do with each other, no schema can tell; docs/timelines.md does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from orchestrator.domain.meetings.meeting import Need
from orchestrator.domain.meetings.needs import CONDITIONS
from orchestrator.domain.time.durations import CLOCK_PART, DAYS_PART
from orchestrator.domain.timelines.audience import KNOWN
from orchestrator.domain.timelines.kinds import STEP_RULES, ActionKind, StepRules, StepTime
from orchestrator.domain.timelines.steps import LONGEST_ID, MOST_RUNGS
from orchestrator.domain.timelines.timeline import MOST_STEPS

Schema = dict[str, Any]
_WORKING_DAYS = "([0-9]{1,2}|1[0-9]{2}|2[0-5][0-9]|260)WD"
_DAYS, _HOURS = f"P{DAYS_PART}", f"P{CLOCK_PART}"
_CLOCK = "( at (09|1[0-5]):[0-5][0-9] local| at 16:00 local)?"
_AT_ONCE: Schema = {"const": "immediately"}


def _text(pattern: str, description: str, **more: Any) -> Schema:
    return {"type": "string", "pattern": f"^{pattern}$", "description": description, **more}


def _offset(sign: str = "[+-]", *, clock: bool = True, hours: bool = True) -> Schema:
    ways = [f"({_WORKING_DAYS}|{_DAYS}){_CLOCK if clock else ''}", *([_HOURS] if hours else [])]
    return _text(
        f"{sign}({'|'.join(ways)})", "Such as -5WD, -P7D at 09:00 local, -PT1H, or + for after the end."
    )


def _or_list(one: Schema, **bounds: int) -> Schema:
    return {"anyOf": [one, {"type": "array", "items": one, **bounds}]}


_AUDIENCE: Schema = {
    "anyOf": [
        {"enum": [words for words in KNOWN if not words.endswith("CODE")]},
        _text(r"(group|delegation) [^\s]+", "Those of one group, or of one delegation, by its code."),
    ]
}
_LENGTH = _text(f"({_DAYS}|{_HOURS})", "An ISO 8601 duration, such as PT2H or P7D.")
_FIELDS: Mapping[str, Schema] = {
    "source": {"type": "string", "description": "The step to count from, such as chase:list."},
    "tentative": {"type": "boolean", "description": "The invitation is a save-the-date."},
    "to": _or_list(_AUDIENCE),
    "when": {"enum": [*CONDITIONS]},
    "escalate": {
        "type": "object",
        "propertyNames": {"pattern": "^[0-9]{1,2}$"},
        "additionalProperties": _or_list(_AUDIENCE),
        "description": "Who is told beside the others from that rung on.",
    },
    "about": _text("[a-z0-9-]+", "The key of a notice's text."),
    "ask": {"enum": [item.value for item in Need]},
    "deadline": _offset(),
    "day": _offset("-", hours=False),
    "slot": _text(
        "PT(([5-9]|[1-9][0-9]|1[0-9]{2}|2[0-3][0-9]|240)M|[1-3]H([0-5]?[0-9]M)?|4H)",
        "How long each delegation's connection test takes, from PT5M to PT4H.",
    ),
    "grace": _LENGTH,
    "alert_after": _LENGTH,
    "not_before": _offset(clock=False),
    "not_after": _offset(clock=False),
}
"""The fields beside ``do``, ``id`` and ``at``; the table of kinds says which step has which."""
_WRITTEN = {"source": "from"}


def _at(kind: ActionKind, rules: StepRules) -> Schema:
    at = {
        StepTime.AT_ONCE: _AT_ONCE,
        StepTime.FIRST_AT_ONCE: {"anyOf": [_AT_ONCE, _offset("-")]},
        StepTime.AFTER: _offset(r"\+"),
        StepTime.ANY: _offset(),
        # What counts from another step may come after that one, and yet before the meeting.
        StepTime.BEFORE: _offset("[+-]" if "source" in rules.fields else "-"),
    }[rules.moment]
    return _or_list(at, minItems=1, maxItems=MOST_RUNGS if kind is ActionKind.CHASE else 1)


def _step(kind: ActionKind, rules: StepRules) -> Schema:
    fields = {_WRITTEN.get(name, name): schema for name, schema in _FIELDS.items() if name in rules.fields}
    return {
        "title": f"Step: {kind}",
        "type": "object",
        "required": ["do", "at", *sorted(rules.needs)],
        "additionalProperties": False,
        "properties": {
            "do": {"const": kind.value},
            "id": _text("[A-Za-z0-9-]*", "Tells steps of one kind apart.", maxLength=LONGEST_ID),
            "at": _at(kind, rules),
            **fields,
        },
    }


STEP_SCHEMA: Schema = {"oneOf": [_step(kind, rules) for kind, rules in STEP_RULES.items()]}
"""A step of a timeline, by what it does."""
_DOCUMENT: dict[str, Any] = {
    "type": "object",
    "required": ["name", "title", "steps"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 64},
        "title": {"type": "string", "minLength": 1, "maxLength": 250},
        "steps": {
            "type": "array",
            "minItems": 1,
            "description": "As in a YAML file: what is done, when, to whom.",
            "maxItems": MOST_STEPS,
            "items": STEP_SCHEMA,
        },
    },
    "examples": [
        {"name": "brief", "title": "Invitations only", "steps": [{"do": "invite", "at": "publish"}]}
    ],
}
TimelineDocument = Annotated[
    dict[str, Any], WithJsonSchema(_DOCUMENT), Field(description="The same fields as in a YAML file.")
]
"""A timeline as it is written and sent; the service reads it, and names each field that is wrong."""

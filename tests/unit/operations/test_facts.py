"""Facts: stored and read again, each with English words whose named places are its parameters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import words
from orchestrator.domain.time.zones import Place, local_time
from orchestrator.facts import Fact, listed, plain

ROOT = Path(__file__).resolve().parents[3]
HA_NOI = Place("Asia/Ho_Chi_Minh", "Ha Noi")
LOCAL = local_time(datetime(2026, 12, 3, 7, tzinfo=UTC), HA_NOI)


def _parameters() -> st.SearchStrategy[object]:
    plain_ones = st.none() | st.booleans() | st.integers() | st.text() | st.dates() | st.just(LOCAL)
    return st.recursive(
        plain_ones,
        lambda inner: (
            st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(st.sampled_from("abc"), inner, max_size=2).map(
                lambda found: Fact.of("x", **found)
            )
        ),
        max_leaves=6,
    )


@given(st.dictionaries(st.sampled_from(["count", "name", "when"]), _parameters()))
def test_a_fact_comes_back_from_its_json_as_it_was(params: dict[str, object]) -> None:
    found = Fact.of("some.key", **params)
    again = Fact.from_json(found.to_json())
    assert again == found
    assert hash(again) == hash(found)


def test_an_instant_without_a_place_is_no_parameter() -> None:
    with pytest.raises(TypeError, match="datetime cannot be a parameter"):
        Fact.of("some.key", at=datetime(2026, 12, 3, tzinfo=UTC)).to_json()


def test_words_fill_the_named_places_and_follow_the_count() -> None:
    assert words.say(plain("as it was")) == "as it was"
    assert words.say(listed(["a"])) == "a"
    assert words.say(listed(["a", "b", date(2026, 12, 3)])) == ("a, b and Thursday, 3 December 2026")
    assert words.say(Fact.of("text", text=LOCAL)) == "Thursday, 3 December 2026, 14:00 Ha Noi (UTC+07:00)"
    assert words.say(Fact.of("problems", count=1)) == "There is 1 problem."
    assert words.say(Fact.of("problems", count=2)) == "There are 2 problems."
    assert words.say(Fact.of("nobody.knows", count=2)) == "nobody.knows"


def _sources() -> list[Path]:
    return [file for name in ("orchestrator", "integrations") for file in sorted((ROOT / name).rglob("*.py"))]


def _calls() -> Iterator[tuple[str, str, frozenset[str] | None]]:
    """Yield where a fact is made, its key, and the names of its parameters where they stand there."""
    for file in _sources():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Fact.of" and node.args:
                key = node.args[0]
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    names = frozenset(item.arg or "**" for item in node.keywords)
                    yield (
                        f"{file.relative_to(ROOT)}:{node.lineno}",
                        key.value,
                        None if "**" in names else names,
                    )


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_key_in_the_code_has_english_words_with_its_parameters() -> None:
    english = words.catalogue(words.ENGLISH)
    missing = [f"{where}: {key}" for where, key, _ in _calls() if key not in english]
    assert missing == []
    unfilled = [
        f"{where}: {key} does not give {sorted(lacking)}"
        for where, key, names in _calls()
        if names is not None
        for lacking in [set().union(*map(_places, english[key].forms)) - names]
        if lacking
    ]
    assert unfilled == []


def test_every_english_entry_is_used_by_some_code() -> None:
    """A key stands whole in the code, as an argument or in a table of keys, so that it can be found."""
    code = "\n".join(file.read_text("utf-8") for file in _sources())
    assert [key for key in words.catalogue(words.ENGLISH) if f'"{key}"' not in code] == []


_SENTENCE = re.compile(r"[A-Za-z]+( [a-z]+){3,}")
_FOR_PROGRAMMERS = ("ValueError", "TypeError", "KeyError", "RuntimeError", "AssertionError", "struct.error")
# Whole texts of mails are marked for their catalogue; patterns and descriptions of an API are no texts.
_NOT_SAID = ("marked", "re.compile", "_LOG.", "Field", *_FOR_PROGRAMMERS)
_KEPT = {
    "head of civil service": "a role as data files write it",
    "This is the qmail-send program": "what a foreign program writes",
    "Day off in exchange for ": "a holiday's name, as the package has it in English",
    "; attendees are told the new instant": "a line of the log",
    "The meeting takes place after all": "a mail's own words",
}
"""Sentences that stand where they are for a reason. Letters are an edge: mails are written in them."""
_OF_OTHERS = frozenset({"refusal_table.py", "event_steps.py"})
"""Files that hold what foreign servers say, or timelines write, to be read and never to be said."""


def _sentences(file: Path) -> Iterator[str]:
    """Yield the sentences of four words or more that stand in a file and may reach a reader."""
    tree = ast.parse(file.read_text("utf-8"))
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith(_NOT_SAID):
            passed |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if not isinstance(text, str) or id(node) in passed or text in _KEPT:
            continue
        if _SENTENCE.search(text):
            yield f"{file.relative_to(ROOT)}:{node.lineno}: {text[:80]}"


def test_domain_and_services_compose_no_sentence() -> None:
    folders = (ROOT / "orchestrator" / "domain", ROOT / "orchestrator" / "services")
    found = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    files = [file for file in found if file.parent.name != "letters" and file.name not in _OF_OTHERS]
    assert [sentence for file in files for sentence in _sentences(file)] == []

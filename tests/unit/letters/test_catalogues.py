"""The catalogues say what the templates, the code and the notices say: all of it, and nothing else.

After texts were added or changed, ``.venv/bin/python tests/unit/letters/test_catalogues.py`` brings the
catalogues to the same texts, in one order, and leaves what is new in them untranslated.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from config import DATA
from config.settings import Settings
from orchestrator.bootstrap import settings_problems
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.letters.message import TEXT_WIDTH
from orchestrator.domain.letters.notices import NoticeTexts, notice_texts
from orchestrator.domain.letters.wording import LANGUAGES, Review
from orchestrator.errors import ConfigurationError, InvalidInput
from orchestrator.services.letters.languages import (
    Languages,
    catalogue_file,
    codes_of,
    places_of,
    read_wordings,
)

ROOT = Path(__file__).resolve().parents[3]
LOCALES = DATA / "locales"
CODES = [code for code in LANGUAGES if code != "en"]
DIRECTORY = Directory.of(yaml.safe_load((DATA / "delegations.yaml").read_text("utf-8")))
NOTICES: NoticeTexts = notice_texts(yaml.safe_load((DATA / "notices.yaml").read_text("utf-8")))


@lru_cache(maxsize=1)
def texts() -> tuple[str, ...]:
    """Every text that people may read in their own language, in a fixed order, each once."""
    found = [*_of_templates(), *_of_code(), *_of_notices(), *_of_directory()]
    return tuple(dict.fromkeys(found))


def _of_templates() -> Iterator[str]:
    for file in sorted((DATA / "templates" / "mail").glob("*.j2")):
        with file.open("rb") as content:
            for _, _, found, _ in babel_extract(content, ["_"], [], {}):
                text = found[0] if isinstance(found, tuple) else found
                if isinstance(text, str):
                    yield text


def _of_code() -> Iterator[str]:
    for file in sorted((ROOT / "orchestrator").rglob("*.py")):
        with file.open("rb") as content:
            for _, found, _, _ in extract("python", content, {"marked": None}):
                assert isinstance(found, str)
                yield found


def _of_notices() -> Iterator[str]:
    for item in NOTICES.values():
        yield from item.texts


def _of_directory() -> Iterator[str]:
    for item in DIRECTORY.in_order(DIRECTORY.delegations):
        yield item.name
        yield item.city


def catalogue(code: str) -> Catalog:
    with catalogue_file(LOCALES, code).open("rb") as content:
        return read_po(content, locale=code, abort_invalid=True)


def translations(code: str) -> dict[str, str]:
    return {str(item.id): str(item.string) for item in catalogue(code) if item.id}


_HEADER = """{comment}
msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def written(code: str) -> bytes:
    """Return a catalogue with its own translations, every text and no other."""
    known, made, output = catalogue(code), Catalog(code), BytesIO()
    for text in texts():
        found = known.get(text)
        made.add(text, found.string if found else "")
    write_po(output, made, width=100, omit_header=True)
    header = _HEADER.format(comment=known.header_comment, code=code)
    return header.encode() + output.getvalue()


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_has_every_text_once_and_no_other(code: str) -> None:
    found = [str(item.id) for item in catalogue(code) if item.id]
    assert sorted(found) == sorted(texts())
    assert not catalogue(code).obsolete


@pytest.mark.parametrize("code", CODES)
def test_no_translation_is_empty_uncertain_or_of_other_places(code: str) -> None:
    for item in catalogue(code):
        text, translation = str(item.id), str(item.string)
        assert not item.fuzzy, text
        assert not text or translation == translation.strip(), text
        # Vietnamese is complete; a letter that another language cannot say yet is written in English.
        assert not text or translation or code != "vi", text
        assert not translation or places_of(translation) == places_of(text), text


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_is_as_the_program_writes_it(code: str) -> None:
    """A file edited by hand and one brought up to date differ in what was translated alone."""
    assert catalogue_file(LOCALES, code).read_bytes() == written(code)


def test_texts_are_found_in_templates_code_notices_and_directory() -> None:
    found = texts()
    for text in (
        "This is a reminder of:",
        "Reminder: {when} – {title}",
        "Call for papers",
        "Nay Pyi Taw",
        "Viet Nam",
        "all delegations",
        "{count} days",
    ):
        assert text in found
    assert len(found) > 100


@pytest.mark.parametrize("code", ["th", "km", "lo", "my"])
def test_a_language_of_another_script_is_written_in_it(code: str) -> None:
    """No text was left in English by mistake, and none came from the catalogue of another language."""
    name = {"th": "THAI", "km": "KHMER", "lo": "LAO", "my": "MYANMAR"}[code]
    for text, translation in translations(code).items():
        if translation and re.sub(r"\{\w+\}|\W", "", text):
            scripts = {unicodedata.name(char).split()[0] for char in translation if char.isalpha()}
            assert scripts - {"LATIN"} == {name} or text.startswith("{date}, {clock} {city}"), text


@pytest.mark.parametrize("code", CODES)
def test_plain_text_can_be_wrapped_also_where_words_are_not_parted(code: str) -> None:
    """Thai, Khmer, Lao and Burmese have spaces between clauses alone, and lines break there."""
    clauses = [item for text in translations(code).values() for item in text.split(" ")]
    assert [item for item in clauses if len(item) > TEXT_WIDTH] == []


def test_delegations_are_called_in_vietnamese_as_the_directory_has_it() -> None:
    names = translations("vi")
    for item in DIRECTORY.delegations:
        assert item.name_vi is None or names[item.name] == item.name_vi


def test_no_catalogue_claims_a_review_that_nobody_has_made() -> None:
    """Whoever reviews one changes its header and this line."""
    assert {item.code: item.review for item in read_wordings(LOCALES)} == dict.fromkeys(CODES)


# --- reading them


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(LOCALES, tmp_path / "locales")
    return tmp_path / "locales"


def changed(folder: Path, code: str, old: str, new: str) -> None:
    file = catalogue_file(folder, code)
    content = file.read_text("utf-8")
    assert old in content
    file.write_text(content.replace(old, new), "utf-8")


def test_a_review_is_read_with_who_and_when(folder: Path) -> None:
    changed(folder, "km", "native speaker: no", "native speaker: Sok Dara, 2026-12-01")
    (khmer,) = (item for item in read_wordings(folder) if item.code == "km")
    assert khmer.review == Review("Sok Dara", date(2026, 12, 1))


@pytest.mark.parametrize("header", ["yes", "Sok Dara", "Sok Dara, 2026-13-01", ", 2026-12-01", ""])
def test_a_header_that_does_not_say_who_and_when_is_refused(folder: Path, header: str) -> None:
    changed(folder, "km", "native speaker: no", f"native speaker: {header}")
    with pytest.raises(ConfigurationError) as caught:
        read_wordings(folder)
    (problem,) = caught.value.problems
    assert problem.field == "km/LC_MESSAGES/mail.po: header"
    assert "Reviewed by a native speaker: no" in problem.remedy


def test_every_broken_translation_is_named(folder: Path) -> None:
    changed(folder, "th", "ขอแจ้งเตือนการประชุม: {when} – {title}", "ขอแจ้งเตือนการประชุม: {when} – {tittle}")
    changed(folder, "lo", "{count} ຊົ່ວໂມງ", "{count ຊົ່ວໂມງ")
    with pytest.raises(ConfigurationError) as caught:
        read_wordings(folder)
    assert [(item.field, item.remedy) for item in caught.value.problems] == [
        (
            "th/LC_MESSAGES/mail.po: Reminder: {when} – {title}",
            "Use each of these as often as the English text does: {title}, {when}.",
        ),
        (
            "lo/LC_MESSAGES/mail.po: {count} h",
            "Use each of these as often as the English text does: {count}.",
        ),
    ]


def test_a_file_that_is_missing_or_no_catalogue_is_named(folder: Path) -> None:
    catalogue_file(folder, "id").unlink()
    catalogue_file(folder, "ms").write_text('msgid "x"\nnonsense\n')
    with pytest.raises(ConfigurationError) as caught:
        read_wordings(folder)
    assert [item.remedy for item in caught.value.problems] == [
        "Restore the file.",
        "Correct that line, or restore the file.",
    ]


@pytest.mark.parametrize("blank", ["", " ", "\\n"])
def test_a_text_without_a_translation_is_english_and_never_blank(folder: Path, blank: str) -> None:
    changed(folder, "vi", 'msgstr "Tham dự"', f'msgstr "{blank}"')
    changed(folder, "vi", 'msgid "Tentative"', '#, fuzzy\nmsgid "Tentative"')
    changed(folder, "vi", 'msgid "Decline"', 'msgid "Declining"')
    (vietnamese,) = (item for item in read_wordings(folder) if item.code == "vi")
    assert [vietnamese.say(text) for text in ("Accept", "Tentative", "Decline")] == [
        "Accept",
        "Tentative",
        "Decline",
    ]
    assert vietnamese.say("Agenda") == "Chương trình nghị sự"


# --- who reads which


WORDINGS = read_wordings(LOCALES)


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("ms_BN", "ms"),
        ("ms", "ms"),
        ("en_PH", "en"),
        ("fil_PH", "fil"),
        ("tl_PH", "fil"),
        ("pt_TL", "pt"),
        ("pt-TL", "pt"),
        ("VI", "vi"),
        ("vi_VN", "vi"),
        ("km", "km"),
        ("my", "my"),
        ("zh_CN", "en"),
        ("ko", "en"),
        ("", "en"),
        (None, "en"),
        ("nonsense", "en"),
        ("in", "id"),
    ],
)
def test_a_locale_is_read_in_its_language(locale: str | None, code: str) -> None:
    assert Languages(WORDINGS, codes_of("all")).wording(locale).code == code


def test_every_member_state_finds_its_language() -> None:
    languages = Languages(WORDINGS, codes_of("all"))
    assert {item.code: languages.wording(item.locale).code for item in DIRECTORY.delegations} == {
        "BN": "ms",
        "KH": "km",
        "ID": "id",
        "LA": "lo",
        "MY": "ms",
        "MM": "my",
        "PH": "en",
        "SG": "en",
        "TH": "th",
        "TL": "pt",
        "VN": "vi",
        "ASEC": "en",
        "CN": "en",
        "JP": "en",
        "KR": "en",
        "AU": "en",
        "CA": "en",
        "IN": "en",
        "NZ": "en",
    }


def test_without_a_review_only_vietnamese_is_on() -> None:
    assert [item.code for item in Languages(WORDINGS).states() if item.on] == ["vi"]
    assert [item.code for item in Languages(WORDINGS, {"th", "pt"}).states() if item.on] == ["vi", "th", "pt"]
    assert [item.code for item in Languages(WORDINGS).states()] == CODES


@pytest.mark.parametrize(
    ("setting", "codes"),
    [("", set()), ("th", {"th"}), (" TH , km,", {"th", "km"}), ("all", set(CODES)), ("vi", {"vi"})],
)
def test_the_setting_is_a_list_of_codes_or_all(setting: str, codes: set[str]) -> None:
    assert codes_of(setting) == codes


@pytest.mark.parametrize("setting", ["thai", "th,xx", "all,th", "en"])
def test_a_wrong_code_is_refused_naming_the_known_ones(setting: str) -> None:
    with pytest.raises(InvalidInput, match="Known are: vi, id, ms, th, km, lo, my, fil, pt"):
        codes_of(setting)
    (problem,) = settings_problems(Settings(unreviewed_languages=setting))
    assert problem.field == "ORCHESTRATOR_UNREVIEWED_LANGUAGES"


if __name__ == "__main__":
    for each in CODES:
        catalogue_file(LOCALES, each).write_bytes(written(each))

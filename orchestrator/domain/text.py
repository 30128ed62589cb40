"""What every text that comes from outside has to keep to.

Text that is shown beside other text must not be able to hide a part of itself, turn its neighbours around, or
become something to click on. What makes that possible is told apart here, once, for every door.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from orchestrator.errors import Unfit
from orchestrator.facts import Fact

_NO_CONTROL = (
    r"[^\u0000-\u001F\u007F-\u009F\u00AD\u034F\u0600-\u0605\u061C\u06DD\u070F\u08E2\u115F\u1160\u17B4\u17B5"
    r"\u180B-\u180F\u200B-\u200F\u2028-\u202E\u2060-\u206F\u2800\u3164\uFDD0-\uFDEF\uFE00-\uFE0F"
    r"\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF]"
)
LINE_PATTERN = rf"^{_NO_CONTROL}*{_NO_CONTROL.replace('[^', '[^' + chr(92) + 's')}{_NO_CONTROL}*$"
"""What ``single_line`` takes, as a schema tells it; it leaves out the few hidden characters that may stay.

Halves of characters (U+D800 to U+DFFF) are not named: tools that read schemas cannot write them as UTF-8, and
then ignore the whole pattern.
"""
_OWN = _NO_CONTROL.replace("[^", r"[^\uE000-\uF8FF")
FREE_LINE_PATTERN = rf"^{_OWN}*{_OWN.replace('[^', '[^' + chr(92) + 's')}{_OWN}*$"
FREE_TEXT_PATTERN = rf"^(?:{_OWN}|\n)*{_OWN.replace('[^', '[^' + chr(92) + 's')}(?:{_OWN}|\n)*$"
"""What ``own_words`` takes as one line, and as a text of several, likewise."""

# Control and format characters, halves of characters, and the separators of lines and paragraphs.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# What is drawn as nothing although its category is that of letters and marks (Default_Ignorable_Code_Point).
_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_JOINERS = frozenset("\u200c\u200d")
_EMOJI_JOINER = "\u200d"
_VIRAMA = 9
_KHMER_FIRST, _KHMER_LAST = "\u1780", "\u17d3"
_LAYOUT = frozenset("\n\t")
_BETWEEN_LETTERS = frozenset("\u200b\u200c\u200d\ufe0e\ufe0f")

# The last label of a host before its top-level domain; what stands before it changes nothing.
_HOST = r"(?:[^\W_]|-){1,63}"
_TOP = r"(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})"
# Of top-level domains those that strangers' links are made of; "focal.point" is a link to no program.
_COUNTRIES = (
    "ac|ad|ae|af|ag|ai|al|am|ao|aq|ar|as|at|au|aw|ax|az|ba|bb|bd|be|bf|bg|bh|bi|bj|bm|bn|bo|br|bs|bt|bw|by|bz|ca|cc|"
    "cd|cf|cg|ch|ci|ck|cl|cm|cn|co|cr|cu|cv|cw|cx|cy|cz|de|dj|dk|dm|do|dz|ec|ee|eg|er|es|et|eu|fi|fj|fk|fm|fo|fr|ga|gd|"
    "ge|gf|gg|gh|gi|gl|gm|gn|gp|gq|gr|gs|gt|gu|gw|gy|hk|hm|hn|hr|ht|hu|id|ie|il|im|in|io|iq|ir|is|it|je|jm|jo|jp|ke|kg|"
    "kh|ki|km|kn|kp|kr|kw|ky|kz|la|lb|lc|li|lk|lr|ls|lt|lu|lv|ly|ma|mc|md|me|mg|mh|mk|ml|mm|mn|mo|mp|mq|mr|ms|mt|mu|mv|"
    "mw|mx|my|mz|na|nc|ne|nf|ng|ni|nl|no|np|nr|nu|nz|om|pa|pe|pf|pg|ph|pk|pl|pm|pn|pr|ps|pt|pw|py|qa|re|ro|rs|ru|rw|sa|"
    "sb|sc|sd|se|sg|sh|si|sk|sl|sm|sn|so|sr|ss|st|su|sv|sx|sy|sz|tc|td|tf|tg|th|tj|tk|tl|tm|tn|to|tr|tt|tv|tw|tz|ua|ug|"
    "uk|us|uy|uz|va|vc|ve|vg|vi|vn|vu|wf|ws|ye|yt|za|zm|zw"
)
_OTHERS = (
    "academy|agency|app|art|asia|bank|bet|bid|bio|biz|blog|buzz|casa|casino|cat|center|chat|click|cloud|club|com|coop|"
    "cyou|date|dev|digital|download|edu|email|events|example|express|fit|fun|games|global|gov|group|help|host|icu|info|"
    "int|jobs|life|link|live|loan|ltd|media|men|mil|mobi|mom|monster|mov|name|net|network|news|ninja|one|online|org|"
    "page|party|pay|post|press|pro|quest|racing|rest|review|sbs|science|sex|shop|site|solutions|space|store|stream|"
    "support|surf|systems|team|tech|tel|tips|today|tokyo|top|trade|travel|uno|vip|website|win|wiki|work|world|wtf|xin|"
    "xxx|xyz|zip|zone"
)
# In capitals only these: "U.Win" and "Mr.Men" are names.
_IN_ANY_CASE = "biz|com|edu|example|gov|info|net|online|org|site|website|xyz"
_LINK = re.compile(
    "|".join(
        (
            r"\b[a-z][a-z0-9+.-]{0,20}:/",
            r"\b(?:mailto|javascript|vbscript|data|tel|sms|callto|file|blob|webcal|sip|skype|xmpp):(?=\S)",
            r"\bwww\.(?=\S)",
            # A host before a path, a query, a fragment or a port.
            rf"\b{_HOST}\.{_TOP}(?:[/?#]|:\d)(?=\S|$)",
            rf"\S@{_HOST}\.{_TOP}\b",
            rf"//{_HOST}\.{_TOP}\b",
            r"\b\d{1,3}(?:\.\d{1,3}){3}[/:](?=\S)",
        )
    ),
    re.IGNORECASE,
)
# A host that stands alone. "Dr.Nguyen" and "M.Sc" are none to any mail program, "evil.com" is to all of them.
_LONE_HOST = re.compile(
    rf"\b{_HOST}\.(?:{_COUNTRIES}|{_OTHERS}|(?i:{_IN_ANY_CASE})|xn--[a-z0-9-]{{2,59}})\b(?!\.?\w)|"
    rf"\b[A-Z0-9-]{{3,63}}\.(?:{_COUNTRIES.upper()})\b(?!\.?\w)"
)
_DOT_BETWEEN_LETTERS = re.compile(r"(?<=[A-Za-z0-9])\u3002(?=[A-Za-z0-9])")


def single_line(value: str) -> str:
    """Trim, normalise to NFC, and refuse what could inject header lines, or hide or turn around text.

    Raises ``Unfit``. Unicode calls it control, format and default-ignorable characters: bidirectional
    controls (UAX #9), zero-width ones, fillers. A joiner stays after a virama, where the scripts of South and
    South-East Asia need it (RFC 5892, appendix A), or a Khmer letter, whose signs it places, and between two
    emoji that it makes one; and a variation selector stays after what it selects.
    """
    text = unicodedata.normalize("NFC", value.strip())
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text):
        raise Unfit(Fact.of("text.control-character"))
    for before, char, after in _with_neighbours(text):
        if _hides(char, before, after):
            raise Unfit(Fact.of("text.hidden-character", code=f"U+{ord(char):04X}"))
    if not text:
        raise Unfit(Fact.of("text.empty"))
    return text


def free_line(value: str) -> str:
    """Return one line of running text, trimmed and in NFC; raises ``Unfit`` for what ``single_line`` refuses.

    Other than a name or a title it may have breaks between letters, with which Khmer, Lao, Thai and Burmese
    are written.
    """
    text = unicodedata.normalize("NFC", value.strip())
    single_line("".join(char for char in text if char not in _BETWEEN_LETTERS))
    return text


def without_nul(text: str) -> str:
    """Return a text that a database can look for; raises ``Unfit`` for another."""
    if "\x00" in text:
        raise Unfit(Fact.of("text.control-character"))
    return text


def without_link(text: str) -> str:
    """Return a text that no mail program shows as a link; raises ``Unfit`` for another.

    Programs make links of addresses without a scheme too, and browsers read the dots of other scripts as
    those of hosts (UTS #46), so compatible spellings are looked at as one.
    """
    plain = _DOT_BETWEEN_LETTERS.sub(".", unicodedata.normalize("NFKC", text))
    found = _LINK.search(plain) or _LONE_HOST.search(plain)
    if found:
        raise Unfit(Fact.of("text.link", link=found[0]))
    return text


def visible(text: str) -> str:
    """Return a text without what ``single_line`` refuses because it hides."""
    return "".join(char for before, char, after in _with_neighbours(text) if not _hides(char, before, after))


def shown(text: str) -> str:
    """Return what people wrote freely, in lines, as it may stand beside other text.

    Nothing in it is a control character or turns other text around. Joiners and possible breaks stay, for
    Khmer, Burmese and emoji are written with them.
    """
    return "".join(
        char
        for before, char, after in _with_neighbours(text)
        if char in _LAYOUT or char in _BETWEEN_LETTERS or not _hides(char, before, after)
    )


def _with_neighbours(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each character with the ones before and after it; a space stands outside."""
    return zip(" " + text, text, text[1:] + " ", strict=False)


def _hides(char: str, before: str, after: str) -> bool:
    """Whether a character is drawn as nothing, or changes the order of others, where it stands."""
    if char == _EMOJI_JOINER and _ends_emoji(before) and unicodedata.category(after) == "So":
        return False
    if char in _JOINERS:
        return unicodedata.combining(before) != _VIRAMA and not _KHMER_FIRST <= before <= _KHMER_LAST
    if _is_selector(char):
        return not _takes_selector(before)
    if unicodedata.category(char) in _HIDDEN_CATEGORIES or char in _HIDDEN:
        return True
    # The last two of each plane, and U+FDD0 to U+FDEF, are no characters at all.
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF


def _ends_emoji(char: str) -> bool:
    """Whether an emoji ends with this character: itself, its colour of skin, or how it is drawn (UTS #51)."""
    return unicodedata.category(char) == "So" or "\U0001f3fb" <= char <= "\U0001f3ff" or char == "\ufe0f"


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _takes_selector(char: str) -> bool:
    """Whether variants of a character are chosen by a selector: ideographs, Burmese letters, symbols."""
    ideographs = ("CJK ", "MYANMAR LETTER")
    return unicodedata.category(char) == "So" or unicodedata.name(char, "").startswith(ideographs)


_LONGEST_LINE, _LONGEST_NAME, _LONGEST_FORM = 250, 120, 30
_LINE_SCHEMA = {"type": "string", "pattern": LINE_PATTERN}

Line = Annotated[
    str,
    Field(max_length=_LONGEST_LINE),
    AfterValidator(single_line),
    WithJsonSchema({**_LINE_SCHEMA, "maxLength": _LONGEST_LINE}),
]
Name = Annotated[
    str,
    Field(max_length=_LONGEST_NAME),
    AfterValidator(single_line),
    AfterValidator(without_link),
    WithJsonSchema({**_LINE_SCHEMA, "maxLength": _LONGEST_NAME}),
]
"""The name of a person or a delegation, through whichever door it comes: it stands in the mails of others."""
FormOfAddress = Annotated[
    str,
    Field(max_length=_LONGEST_FORM),
    AfterValidator(single_line),
    AfterValidator(without_link),
    WithJsonSchema({**_LINE_SCHEMA, "maxLength": _LONGEST_FORM}),
]
"""What stands before a name in a letter: Mr, Dato', Bà."""
Position = Name
"""The office that a person holds, as letters to ministers name it."""
Title = Annotated[
    str,
    Field(max_length=_LONGEST_LINE),
    AfterValidator(single_line),
    AfterValidator(without_link),
    WithJsonSchema({**_LINE_SCHEMA, "maxLength": _LONGEST_LINE}),
]
"""The title of a meeting: it stands in subjects and calendars."""

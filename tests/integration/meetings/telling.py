"""Reading what people are told, and what a page of confirmation would send."""

from __future__ import annotations

import html
import re
from typing import Any

from tests.integration.conftest import World


def bodies(world: World, email: str, count: int = 1) -> tuple[str, str]:
    """The plain text and the words of the page of the last mail to a person."""
    mail = world.mailer.to(email)[-count]
    plain, page = (mail.message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and page is not None
    shown = html.unescape(re.sub(r"<[^>]+>", " ", page.get_content()))
    return " ".join(plain.get_content().split()), " ".join(shown.split())


def hidden(page: Any) -> dict[str, str]:
    """What the form of a page of confirmation sends without being typed."""
    form = page.text[page.text.index('class="confirm"') :]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}

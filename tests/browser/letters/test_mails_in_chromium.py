"""Every kind of mail as a real browser draws it, on a desk and on a telephone, light and dark."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.browser.conftest import Chromium

MAILS = sorted((Path(__file__).parents[2] / "golden").glob("*.eml"))
# Each text whose contrast is too low or that stands on no colour of the mail's own, and what is too wide.
_FAULTS = """
() => {
  const channels = (css) => css.match(/[\\d.]+/g).map(Number);
  const light = (css) => {
    const [r, g, b] = channels(css).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const css = getComputedStyle(at).backgroundColor;
      if (channels(css).length === 3) return css;
    }
    return null;
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    if (!node.data.trim()) continue;
    const under = ground(node.parentElement);
    const [a, b] = [getComputedStyle(node.parentElement).color, under || "rgb(255, 255, 255)"].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (!under || contrast < 4.5) found.push(`${node.data.trim()}: ${contrast.toFixed(2)} on ${under}`);
  }
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push(`${page.scrollWidth} px wide`);
  return found;
}
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 700])
def test_every_mail_can_be_read_whole(browser: Chromium, width: int, dark: bool) -> None:
    page = browser.open("about:blank", width=width, dark=dark)
    assert len(MAILS) > 30
    for file in MAILS:
        part = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("html",))
        assert part is not None
        page.set_content(str(part.get_content()))
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(18, 23, 30)" if dark else "rgb(255, 255, 255)"), file.stem
        assert page.evaluate(_FAULTS) == [], file.stem

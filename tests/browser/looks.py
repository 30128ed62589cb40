"""What every page has to look like, asked of the browser."""

from __future__ import annotations

from playwright.sync_api import Page

# What every visible piece of text stands out by against what lies behind it (WCAG 2, 1.4.3).
_WEAK_TEXT = """
(() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return numbers(getComputedStyle(document.documentElement).backgroundColor);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !element.checkVisibility() || element.closest("svg")) continue;
    const [a, b] = [luminance(numbers(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${contrast} ${element.className} ${element.textContent.slice(0, 40)}`);
  }
  return found;
})()
"""


def unfold(page: Page, inside: str = "") -> None:
    """Open everything that is folded, on the whole page or inside the elements of a selector."""
    page.evaluate(
        "(found) => document.querySelectorAll(found).forEach((item) => { item.open = true })",
        f"{inside} details".strip(),
    )


def weak_text(page: Page) -> list[str]:
    """The pieces of text that do not stand out enough."""
    found: list[str] = page.evaluate(_WEAK_TEXT)
    return found


def content_width(page: Page) -> int:
    """How wide a window must be for nothing to have to be scrolled sideways."""
    found: int = page.evaluate("document.scrollingElement.scrollWidth")
    return found


def background(page: Page) -> str:
    """The colour behind everything."""
    found: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return found

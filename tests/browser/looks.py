"""What every page of the portal owes its reader; one look at a page asks for all of it."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from bot.texts import translator

# What a reader who cannot see, point or scroll sideways depends on; an empty list is a good page.
FLAWS = """() => {
  const found = [], all = (query) => [...document.querySelectorAll(query)];
  const isSeen = (node) => node.checkVisibility() && !node.closest(".away");
  const wide = document.documentElement.scrollWidth - SCREEN;
  if (wide > 0) found.push(`${wide} px too wide`);
  if (!document.title.trim()) found.push("no title");
  if (all("main").length !== 1) found.push("not one main");
  if (all("h1").filter(isSeen).length !== 1) found.push("not one h1");
  for (const node of all("input:not([type=hidden]), textarea, select").filter(isSeen)) {
    const says = [...(node.labels ?? [])].map((label) => label.textContent).join("").trim();
    if (!says && !node.ariaLabel) found.push(`a field without a label: ${node.name || node.id}`);
  }
  for (const node of all("a[href], button, summary").filter(isSeen)) {
    if (!(node.ariaLabel || node.textContent.trim())) found.push(`nothing said: ${node.outerHTML}`);
  }
  for (const node of all("button, a.button, summary").filter(isSeen)) {
    const size = node.getBoundingClientRect();
    if (size.height < 40 || size.width < 40) found.push(`small: ${node.textContent.trim()}`);
    if (node.scrollWidth > node.clientWidth + 1) found.push(`cut: ${node.textContent.trim()}`);
  }
  for (const node of all("span[lang]").filter(isSeen).map((each) => each.parentElement)) {
    const pieces = [...node.childNodes].filter((each) => each.nodeType === 3 && each.data.trim());
    if (pieces.length && getComputedStyle(node).display.includes("flex")) {
      found.push(`torn at a word of another language: ${node.textContent.trim()}`);
    }
  }
  for (const node of all("img:not([alt])")) found.push(`no alt: ${node.src}`);
  const ids = all("[id]").map((node) => node.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`twice: #${id}`);
  for (const name of ["aria-describedby", "aria-labelledby", "for"]) {
    for (const node of all(`[${name}]`)) {
      for (const id of node.getAttribute(name).split(" ")) {
        if (!ids.includes(id)) found.push(`${name} of nothing: ${id}`);
      }
    }
  }
  return found;
}"""

# Every stop of the focus, and the ring around it with the ground that the ring lies on. The Tab
# key was pressed before, so that the browser shows rings as it does for people without a mouse.
FOCUS = """() => {
  const isClear = (node) => getComputedStyle(node).backgroundColor === "rgba(0, 0, 0, 0)";
  const stops = [...document.querySelectorAll("a[href], button, input, textarea, select, summary")];
  const found = [];
  for (const node of stops) {
    if (node.tabIndex < 0 || node.type === "hidden" || !node.checkVisibility()) continue;
    node.focus();
    if (document.activeElement !== node) continue;
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    let ground = node.parentElement;
    while (ground && isClear(ground)) ground = ground.parentElement;
    found.push({
      name: node.outerHTML.slice(0, 90),
      ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
      colour: style.outlineColor,
      ground: ground ? getComputedStyle(ground).backgroundColor : "rgb(255, 255, 255)",
      isInside: box.left >= -1 && box.right <= SCREEN + 1
        && box.bottom > 0 && box.top < innerHeight,
    });
  }
  document.activeElement.blur();
  return found;
}"""


def looks_right(page: Page, language: str, *, is_signed_in: bool) -> None:
    """Its language, its heading, names for all controls, nothing cut, a way out where one is in."""
    expect(page.locator("html")).to_have_attribute("lang", language)
    t = translator(language)
    names = "|".join(re.escape(t(each)) for each in ("Log Out", "Sign out"))  # portal’s, console’s
    ways_out = re.compile(f"^({names})$")
    expect(page.get_by_role("button", name=ways_out)).to_have_count(1 if is_signed_in else 0)
    assert page.evaluate(_on_screen(page, FLAWS)) == [], page.url
    can_be_walked(page)


def fits(page: Page) -> None:
    """Nothing to scroll sideways; measured with the screen, because a page may widen its window."""
    page.wait_for_load_state()  # a click comes back as soon as the next page begins
    wide = page.evaluate("document.documentElement.scrollWidth") - _width(page)
    assert wide <= 0, f"{page.url} is {wide} px too wide"


def can_be_walked(page: Page) -> None:
    """By keyboard: each stop shows a ring that stands out by 3 to 1 (WCAG 2.2, 1.4.11, 2.4.7)."""
    page.keyboard.press("Tab")
    stops = page.evaluate(_on_screen(page, FOCUS))
    assert len(stops) >= 3, f"{page.url} cannot be walked: {stops}"
    for stop in stops:
        assert stop["ring"] >= 2, f"no ring: {stop}"
        assert contrast(stop["colour"], stop["ground"]) >= 3, f"a faint ring: {stop}"
        assert stop["isInside"], f"focus out of sight: {stop}"


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2 between two colours as CSS writes them."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _on_screen(page: Page, script: str) -> str:
    return script.replace("SCREEN", str(_width(page)))


def _width(page: Page) -> int:
    size: Any = page.viewport_size
    return int(size["width"])

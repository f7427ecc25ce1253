"""Every page with letters twice as large, on dark screens, and for fingers: nothing gets lost."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.browser.clerk import Clerk
from tests.browser.looks import contrast
from tests.browser.person import PHONE, Person

pytestmark = pytest.mark.browser

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (320, 360, 480, 640)
PUBLIC = (
    *("/privacy", "/portal/advice", "/portal/sign-in", "/portal/signed-out"),
    *("/s/x", "/s/data/x", "/s/reset/x", "/s/freeze/x", "/s/email", "/s/guardian/x", "/s/stop/x"),
)

# What sticks out: the page itself, or a part that neither scrolls nor lies in one that does.
# Measured with the screen: on a phone a page may widen its window.
OUT = """(screen) => {
  const wide = document.documentElement.scrollWidth - screen;
  if (wide <= 0) return [];
  const scrolls = (node) => node.closest(".wide, .table-responsive, .row-of-cards");
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > screen + 1 && !scrolls(node))
    .slice(-2).map((node) => `${wide} px: ${node.outerHTML.slice(0, 120)}`);
}"""

# For fingers: what stands alone is 24 pixels high and wide (WCAG 2.2, 2.5.8).
SMALL = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter((node) => node.type !== "hidden" && node.checkVisibility()
    && !node.closest(".away") && !node.matches(".away, .skip, .visually-hidden"))
  .filter((node) => {
    const box = node.getBoundingClientRect();
    const beside = [...node.parentElement.childNodes].some((each) =>
      each.nodeType === 3 && each.textContent.trim().length > 3);
    const wraps = node.closest("label");
    const target = wraps ? wraps.getBoundingClientRect() : box;
    return !beside && (target.height < 24 || target.width < 24);
  }).map((node) => node.outerHTML.slice(0, 120))"""

DRESSED = """(scheme) => matchMedia(`(prefers-color-scheme: ${scheme})`).matches
  && [undefined, scheme].includes(document.documentElement.dataset.bsTheme)"""

# Every text with its colour and the ground below it.
TEXTS = """() => {
  const clear = (node) => getComputedStyle(node).backgroundColor === "rgba(0, 0, 0, 0)";
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility()) continue;
    if (node.closest("svg, .skip, .visually-hidden, .phone, option")) continue;
    let ground = node;
    while (ground && clear(ground)) ground = ground.parentElement;
    const canvas = isDark ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)";
    found.push({
      text: node.outerHTML.slice(0, 100), colour: getComputedStyle(node).color,
      ground: ground ? getComputedStyle(ground).backgroundColor : canvas,
    });
  }
  return found;
}"""


def pages_from(page: Page, origin: str, prefix: str, most: int) -> list[str]:
    """The pages that links lead to from here, one of each kind."""
    found, kinds = [], set()
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.href)")
    for link in links:
        path = link.removeprefix(origin).split("#")[0]
        kind = "/".join("*" if len(part) > 25 else part for part in path.split("?")[0].split("/"))
        if path.startswith(prefix) and kind not in kinds and "keep=1" not in path:
            kinds.add(kind)
            found.append(path)
    return found[:most]


def faults_of(page: Page, path: str) -> list[str]:
    """What is wrong with a page, in both colours and with letters of both sizes."""
    found = [f"{path}: small: {each}" for each in page.evaluate(SMALL)]
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour in between
        page.wait_for_function(DRESSED, arg=scheme)
        for text in page.evaluate(TEXTS):
            ratio = contrast(text["colour"], text["ground"])
            if ratio < 4.5:
                found.append(f"{path}: {scheme} {ratio:.1f}: {text}")
    size: Any = page.viewport_size
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": size["height"]})
        found += [f"{path}: at {width}: {each}" for each in page.evaluate(OUT, width)]
    page.set_viewport_size(size)
    return found


def test_the_learners_pages(someone: Callable[..., Person]) -> None:
    person = someone("th", PHONE)
    person.gets_in()
    origin, seen, faults = person.product.url, list[str](), list[str]()
    waiting = ["/portal", "/portal/password", "/portal/rights/erase", "/portal/rights/withdraw"]
    while waiting:
        path = waiting.pop(0)
        person.goes_to(path)
        seen.append(path)
        waiting += [
            each
            for each in pages_from(person.page, origin, "/portal", 9)
            if each not in [*seen, *waiting]
            and (each.count("/") < 4 or "greetings" in each or "account" in each)
        ]
        faults += faults_of(person.page, path)
        person.shoot(path, person.page)
    person.context.clear_cookies()
    for path in PUBLIC:
        person.goes_to(path)
        faults += faults_of(person.page, path)
        person.shoot(path, person.page)
    assert len(seen) >= 15
    assert not faults, "\n".join(faults)


def test_the_staffs_pages(clerk: Callable[..., Clerk]) -> None:
    member = clerk("admin", PHONE, at="/console")
    origin, seen, faults = member.product.url, list[str](), list[str]()
    waiting = ["/console"]
    while waiting:
        path = waiting.pop(0)
        member.goes_to(path)
        seen.append(path)
        depth = path.count("/")
        waiting += [
            each
            for each in pages_from(member.page, origin, "/console", 14)
            if each not in [*seen, *waiting] and depth < 3 and "files" not in each
        ]
        faults += faults_of(member.page, path)
        if member.shots is not None:
            tidy = path.strip("/").replace("/", "-").split("?")[0]
            member.page.screenshot(path=member.shots / f"{tidy}.png", full_page=True)
    assert len(seen) >= 10
    assert not faults, "\n".join(faults)

"""Colours that can be read on light and on dark screens, and errors that say whose they are."""

import re
from pathlib import Path

from tests.browser.looks import contrast

CSS = Path("handlers/portal/static/portal.css")
TEMPLATES = (Path("handlers/portal/templates/portal"), Path("handlers/console/templates/console"))
# What is written or drawn in the first colour lies on the second; a line needs 3 to 1.
TEXTS = [
    *((ink, ground) for ink in ("ink", "soft", "act") for ground in ("paper", "ground")),
    *(("ink", ground) for ground in ("good", "bad", "note", "field", "hover")),
    *(("head", ground) for ground in ("paper", "ground")),
    *(("act", ground) for ground in ("hover", "note", "good", "bad")),
    *(("soft", ground) for ground in ("hover", "note")),
    *(("on-act", "act"), ("on-act", "act-down"), ("on-danger", "danger")),
    *(("on-danger", "danger-down"), ("danger", "paper"), ("danger", "hover"), ("on-bar", "bar")),
    *(("on-tint", "tint"), ("on-second", "second"), ("on-done", "done"), ("note-edge", "bar")),
]
LINES = [
    *((edge, ground) for edge in ("edge", "ring", "bad-edge") for ground in ("paper", "ground")),
    *(("bar-edge", "bar"), ("danger", "ground"), ("act", "ground")),
]


def colours(scheme: str) -> dict[str, str]:
    """The named colours of a scheme as `rgb(...)`."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS.read_text(encoding="utf-8"), re.S)
    named = re.findall(r"--([\w-]+): #([0-9a-f]{6});", light + (dark if scheme == "dark" else ""))
    return {
        name: f"rgb({int(code[:2], 16)}, {int(code[2:4], 16)}, {int(code[4:], 16)})"
        for name, code in named
    }


def test_every_pair_of_colours_stands_out() -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11."""
    faint = [
        (scheme, ink, ground, round(ratio, 2))
        for scheme in ("light", "dark")
        for least, pairs in ((4.5, TEXTS), (3, LINES))
        for ink, ground in pairs
        for ratio in [contrast(colours(scheme)[ink], colours(scheme)[ground])]
        if ratio < least
    ]
    assert faint == []


def test_both_schemes_name_the_same_colours_and_no_rule_has_one_of_its_own() -> None:
    css = CSS.read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.S)
    assert re.findall(r"--([\w-]+):", light) == re.findall(r"--([\w-]+):", dark)
    rules = css[css.index("* { box-sizing") :]
    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == ["#ffffff"]  # below a code for cameras
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) <= colours("light").keys()


def tags(name: str) -> list[tuple[str, str]]:
    """Every tag of a kind in our templates, with the file's name."""
    return [
        (path.name, tag)
        for folder in TEMPLATES
        for path in sorted(folder.glob("*.html"))
        for tag in re.findall(
            rf"<(?:{name})\b(?:\{{%.*?%\}}|\{{\{{.*?\}}\}}|[^>])*>", path.read_text("utf-8")
        )
    ]


def test_a_field_that_is_wrong_says_so_and_takes_the_focus() -> None:
    fields = tags("input|select|textarea")
    wrong = [each for each in fields if "is-invalid" in each[1] or "aria-invalid" in each[1]]
    assert len(wrong) > 20
    # A group says what is wrong at its fieldset, and a macro of the editor at its summary.
    faults = [
        (name, tag)
        for name, tag in wrong
        if not ("aria-invalid" in tag or "flags(" in tag)
        or (
            not ("aria-describedby" in tag or "flags(" in tag or 'type="checkbox"' in tag)
            and 'type="radio"' not in tag
        )
    ]
    assert faults == []


def test_what_scrolls_sideways_has_a_name_and_a_key() -> None:
    found = [each for each in tags("div") if re.search(r"\bwide\b|table-responsive", each[1])]
    assert len(found) >= 5
    wanted = ('role="region"', "aria-label=", 'tabindex="0"')
    assert [each for each in found if not all(part in each[1] for part in wanted)] == []


def test_what_cannot_be_undone_looks_it() -> None:
    buttons = tags("button")
    assert sum('class="danger"' in tag for _, tag in buttons) == 3
    page = Path("handlers/portal/templates/portal/close.html").read_text(encoding="utf-8")
    assert '<button class="danger">' in page

"""The pictures of the rich menus: drawn from their tiles as PNG, within LINE's limits.

Limits: https://developers.line.biz/en/reference/messaging-api/#upload-rich-menu-image-requirements
(PNG or JPEG, 800 to 2,500 pixels wide, ratio at least 1.45, at most 1 MB).
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, features

from bot.errors import BotError
from bot.line import menu_icons
from bot.line.menus import Menu
from bot.line.messages import GREEN, INK, PAPER

GROUND, SHADOW = "#E6F0EB", "#CFE0D8"
# Icon and the disc below it; the first tile is green, with white on it.
FIRST = (PAPER, "#2E8B6D")
PAIRS = (("#0B6E4F", "#DCF1E7"), ("#14507F", "#DFECF8"), ("#9A6200", "#FCEFCF"),
         ("#8A2F5C", "#F8E3EE"), ("#4A3F99", "#E7E5F8"), ("#0F6674", "#D9EFF2"))  # fmt: skip
EDGE, GAP, ROUND = 44, 20, 64  # around all, half the space between cards, a card's corner
DISC, ICON, DISC_TOP = 312, 190, 82
MAX_LETTERS, MIN_LETTERS, STEP = (
    112,
    92,
    4,
)  # a caption's letters; 92 are 13 pixels on a 360-pixel phone
MARGIN = 44  # between a caption and the edge of its card


Box = tuple[int, int, int, int]  # left, top, right, bottom


class MenuPictureError(BotError):
    """The pictures cannot be drawn on this machine; the text names the cure."""


@dataclass(frozen=True)
class CaptionLine:
    """One line of a caption: its words, and where its baseline's middle stands."""

    words: str
    place: tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Where everything of a menu stands: the cards, and the captions in one size of letters."""

    cards: tuple[Box, ...]
    captions: tuple[tuple[CaptionLine, ...], ...]
    letters: int


def draw_menu(menu: Menu) -> bytes:
    """The picture of a menu as PNG; the same tiles give the same bytes."""
    cards = tuple(card_of(menu, index) for index in range(len(menu.tiles)))
    return drawn(menu.size, cards, tuple((tile.icon, tile.caption) for tile in menu.tiles))


def layout(cards: tuple[Box, ...], captions: tuple[str, ...]) -> Layout:
    """The largest letters in which every caption fits its card, and the places that follow."""
    narrowest = min(right - left for left, _, right, _ in cards) - 2 * MARGIN
    lines = [line for caption in captions for line in caption.split("\n")]
    for letters in range(MAX_LETTERS, MIN_LETTERS - 1, -STEP):
        font = thai_font(letters)
        if max(font.getlength(line) for line in lines) <= narrowest:
            placed = zip(cards, captions, strict=True)
            return Layout(cards, tuple(_placed(*one, letters) for one in placed), letters)
    longest = max(lines, key=thai_font(MIN_LETTERS).getlength)
    raise MenuPictureError(f"“{longest}” is too long for its button. Break or shorten the caption.")


def _placed(card: Box, caption: str, letters: int) -> tuple[CaptionLine, ...]:
    left, top, right, bottom = card
    lines = caption.split("\n")
    leading = letters * (1.34 if any("ก" <= char <= "๛" for char in caption) else 1.18)
    # The words stand in the middle of what the disc leaves; marks go above and below a line.
    centre = (top + DISC_TOP + DISC + bottom - 30) / 2
    first = centre - leading * (len(lines) - 1) / 2 + letters * 0.34
    return tuple(
        CaptionLine(words, ((left + right) // 2, round(first + leading * number)))
        for number, words in enumerate(lines)
    )


def card_of(menu: Menu, index: int) -> Box:
    """The card of a tile: its bounds, less the space around."""
    x, y, width, height = menu.bounds(index)
    right, bottom = x + width, y + height
    return (
        x + (GAP if x else EDGE),
        y + (GAP if y else EDGE),
        right - (GAP if right < menu.size[0] else EDGE),
        bottom - (GAP if bottom < menu.size[1] else EDGE),
    )


@cache
def drawn(
    size: tuple[int, int], cards: tuple[Box, ...], tiles: tuple[tuple[str, str], ...]
) -> bytes:
    image = Image.new("RGB", size, GROUND)
    draw = ImageDraw.Draw(image)
    found = layout(cards, tuple(caption for _, caption in tiles))
    font = thai_font(found.letters)
    for index, (card, (icon, _)) in enumerate(zip(cards, tiles, strict=True)):
        left, top, right, bottom = card
        _paste(image, SHADOW, (left, top + 12), _card((right - left, bottom - top)))
        _paste(
            image, GREEN if index == 0 else PAPER, (left, top), _card((right - left, bottom - top))
        )
        strokes, disc = FIRST if index == 0 else PAIRS[index % len(PAIRS)]
        x, y, inset = (left + right - DISC) // 2, top + DISC_TOP, (DISC - ICON) // 2
        _paste(image, disc, (x, y), _disc(DISC))
        _paste(image, strokes, (x + inset, y + inset), menu_icons.mask(icon, ICON))
        for line in found.captions[index]:
            ink = PAPER if index == 0 else INK
            draw.text(line.place, line.words, font=font, fill=ink, anchor="ms")
    file = BytesIO()
    # Few colours: the file is small and the edges stay smooth.
    few = image.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


@cache
def thai_font(size: int) -> ImageFont.FreeTypeFont:
    """Sarabun, which has Thai and Latin letters; laid out so that tone marks stand where they
    belong, which Pillow does by libraqm."""
    if not features.check("raqm"):
        raise MenuPictureError("Pillow lacks libraqm. Install Pillow’s own wheel from PyPI.")
    file = resources.files("fontpkg_sarabun").joinpath("files", "Sarabun-Bold.ttf")
    with resources.as_file(file) as path:
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)


@cache
def _card(size: tuple[int, int]) -> Image.Image:
    large = Image.new("L", (size[0] * 2, size[1] * 2))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, size[0] * 2 - 1, size[1] * 2 - 1), ROUND * 2, fill=255
    )
    return large.resize(size, Image.Resampling.BOX)


@cache
def _disc(size: int) -> Image.Image:
    large = Image.new("L", (size * 4, size * 4))
    ImageDraw.Draw(large).ellipse((0, 0, size * 4 - 1, size * 4 - 1), fill=255)
    return large.resize((size, size), Image.Resampling.BOX)


def _paste(image: Image.Image, colour: str, place: tuple[int, int], shape: Image.Image) -> None:
    image.paste(colour, (*place, place[0] + shape.width, place[1] + shape.height), shape)

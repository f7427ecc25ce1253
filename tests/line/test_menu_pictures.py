"""The rich menus: within LINE's limits, and every word whole on its button."""

from io import BytesIO
from urllib.parse import parse_qs

import pytest
from PIL import Image, ImageDraw

from bot.line import menu_pictures, menus
from bot.line.menu_pictures import MenuPictureError, draw_menu, layout, thai_font
from bot.line.menus import Menu, Tile, one_line, payload
from bot.line.messages import entry
from bot.presentation.menus import all_menus
from bot.services.chat.rich_menus import DEFAULT
from handlers.line import build_dispatcher
from simulator.characters import grapheme_count
from simulator.problems import Problems
from simulator.rich_menus import ALIAS_ID, check_rich_menu

ALL = all_menus()
each_menu = pytest.mark.parametrize("menu", ALL, ids=lambda menu: menu.key)


def cards_of(menu: Menu) -> tuple[tuple[int, int, int, int], ...]:
    return tuple(menu_pictures.card_of(menu, index) for index in range(len(menu.tiles)))


def test_there_are_three_menus_in_two_languages() -> None:
    assert {menu.key for menu in ALL} == {
        f"{who}-{language}" for who in ("guest", "learner", "staff") for language in ("th", "en")
    }
    assert ALL[0].key == DEFAULT == "guest-th"


@each_menu
def test_a_picture_is_what_line_takes(menu: Menu) -> None:
    data = draw_menu(menu)
    assert len(data) <= 1024 * 1024
    with Image.open(BytesIO(data)) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.size == menu.size
        width, height = picture.size
    assert 800 <= width <= 2500
    assert height >= 250
    assert width / height >= 1.45


@each_menu
def test_the_same_menu_gives_the_same_picture(menu: Menu) -> None:
    first = draw_menu(menu)
    menu_pictures.drawn.cache_clear()
    assert draw_menu(menu) == first


@each_menu
def test_every_word_stands_whole_on_its_card(menu: Menu) -> None:
    """Marks above and below the letters included; nothing touches the disc or another line."""
    found = layout(cards_of(menu), tuple(tile.caption for tile in menu.tiles))
    font = thai_font(found.letters)
    probe = ImageDraw.Draw(Image.new("L", menu.size))
    for card, lines in zip(found.cards, found.captions, strict=True):
        above = card[1] + menu_pictures.DISC_TOP + menu_pictures.DISC
        for line in lines:
            left, top, right, bottom = probe.textbbox(
                line.place, line.words, font=font, anchor="ms"
            )
            assert left >= card[0] + 20, line.words
            assert right <= card[2] - 20, line.words
            assert top > above, line.words
            assert bottom < card[3], line.words
            above = bottom


@each_menu
def test_words_are_readable_on_a_small_phone(menu: Menu) -> None:
    """At 360 pixels of width a letter's body has at least 13 of them."""
    found = layout(cards_of(menu), tuple(tile.caption for tile in menu.tiles))
    assert found.letters * 360 / menu.size[0] >= 13


def test_tone_marks_stack_above_vowels() -> None:
    """Without complex layout they would stand in one height, one through the other."""
    font = thai_font(100)
    tops = [font.getbbox(word, anchor="ls")[1] for word in ("ทน", "ทีนี", "ที่นี่")]
    assert tops[0] > tops[1] > tops[2]


def test_every_letter_has_a_shape() -> None:
    font = thai_font(40)
    missing = bytes(font.getmask("\uffff"))
    for menu in ALL:
        for tile in menu.tiles:
            for letter in tile.caption.replace("\n", "").replace(" ", ""):
                assert bytes(font.getmask(letter)) != missing, letter


def test_a_caption_that_does_not_fit_is_refused() -> None:
    caption = "ข้อความที่ยาวเกินกว่าจะอยู่บนปุ่มเดียว"
    with pytest.raises(MenuPictureError, match="too long"):
        draw_menu(Menu("x-th", "เมนู", (Tile("book", entry(caption, "menu")),) * 3))


@each_menu
def test_the_payload_passes_the_check(menu: Menu) -> None:
    problems = Problems()
    check_rich_menu(payload(menu, f"{menus.PREFIX}{menu.key}/{'0' * 24}"), problems)
    assert problems.details == []
    assert ALIAS_ID.fullmatch(menu.key)


@each_menu
def test_the_buttons_cover_the_picture_without_overlap(menu: Menu) -> None:
    width, height = menu.size
    covered = [[0] * (width // 10) for _ in range(height // 10)]
    for index in range(len(menu.tiles)):
        x, y, across, down = menu.bounds(index)
        for row in covered[y // 10 : (y + down) // 10]:
            for column in range(-(-x // 10), (x + across) // 10):
                row[column] += 1
    counts = [count for row in covered for count in row]
    assert max(counts) == 1
    assert counts.count(0) < len(counts) / 100  # what falls between two raster points


@each_menu
def test_every_button_says_in_words_what_it_does(menu: Menu) -> None:
    entries = build_dispatcher().entries
    for area in payload(menu, "x")["areas"]:
        action = area["action"]
        assert 0 < grapheme_count(action["label"]) <= 20, action["label"]
        assert "\n" not in action["label"]
        assert action["displayText"] == action["label"]
        data = parse_qs(action["data"])
        assert data["a"][0] in entries
        assert data["m"] == [menu.key]


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("Privacy\npolicy", "Privacy policy"),
        ("นโยบาย\nความเป็นส่วนตัว", "นโยบายความเป็นส่วนตัว"),
        ("บทเรียน\nE-Learning", "บทเรียน E-Learning"),
    ],
)
def test_a_caption_is_said_in_one_line(caption: str, said: str) -> None:
    assert one_line(caption) == said

"""The rich menu of a person follows their state and language, behind the reply and for nothing."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest

from bot.line.menus import one_line
from bot.presentation.menus import guest_tiles, learner_tiles
from bot.runtime import Bot
from bot.runtime.menu_deployment import Deployment
from bot.services.chat import rich_menus
from bot.texts import translator
from models.conversation import Conversation
from models.inquiry import Inquiry
from models.learner import Learner, LearnerState
from simulator.platform import Platform
from tests.chat import Chat, words
from tests.scenarios.story import register, tap

MENUS = {"richmenu/user:link", "richmenu/user:unlink"}


@pytest.fixture(autouse=True)
def deployed(bot: Bot, line: Platform) -> None:
    Deployment(bot).run()


def links(platform: Platform) -> list[str]:
    return [call.endpoint for call in platform.calls if call.endpoint in MENUS]


def shown(chat: Chat) -> str:
    """The key of the menu below this person's chat."""
    menu = chat.platform.rich_menus.shown_to(chat.user_id)
    assert menu is not None
    return str(menu.definition["name"]).split("/")[1]


def tap_menu(chat: Chat, label: str) -> str:
    """Tap a button of the menu below the chat; what is answered, as text."""
    menu = chat.platform.rich_menus.shown_to(chat.user_id)
    assert menu is not None
    found = {area["action"]["label"]: area["action"] for area in menu.definition["areas"]}
    chat.platform.tap(chat.user_id, found[label])
    return words(chat.heard())


@pytest.mark.parametrize(("language", "guest"), [("th", "guest-th"), ("en", "guest-en")])
def test_a_stranger_has_the_guests_menu_in_their_language(
    someone: Callable[..., Chat], language: str, guest: str
) -> None:
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    assert shown(chat) == guest


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_learner_has_the_learners_menu(someone: Callable[..., Chat], language: str) -> None:
    chat = someone("มะลิ", language)
    register(chat)
    assert shown(chat) == f"learner-{language}"


def test_the_menu_speaks_the_language_that_was_chosen(someone: Callable[..., Chat]) -> None:
    chat = someone("มะลิ")
    chat.adds_the_account()
    assert shown(chat) == "guest-th"
    tap_menu(chat, "English")
    assert shown(chat) == "guest-en"
    tap_menu(chat, "ภาษาไทย")
    assert shown(chat) == "guest-th"
    register(chat)
    chat.says("English")
    assert shown(chat) == "learner-en"


def test_who_has_the_default_is_not_linked(someone: Callable[..., Chat], line: Platform) -> None:
    chat = someone("มะลิ")
    chat.adds_the_account()
    chat.says("สวัสดี")
    assert links(line) == []
    tap_menu(chat, "English")
    tap_menu(chat, "ภาษาไทย")
    assert links(line) == ["richmenu/user:link", "richmenu/user:unlink"]
    assert chat.user_id not in line.rich_menus.of_person


def test_nothing_is_linked_twice(someone: Callable[..., Chat], line: Platform) -> None:
    chat = someone("Ben", "en")
    register(chat)
    assert links(line) == ["richmenu/user:link"] * 2, "as a guest, then as a learner"
    line.calls.clear()
    for said in ("hello", "account", "courses", "what is this", "privacy"):
        chat.says(said)
    tap_menu(chat, "My account")
    assert links(line) == []


def test_the_reply_comes_before_the_menu(someone: Callable[..., Chat], line: Platform) -> None:
    chat = someone("Ben", "en")
    chat.adds_the_account()
    order = [c.endpoint for c in line.calls if c.endpoint in MENUS | {"reply"}]
    assert order == ["reply", "richmenu/user:link"]


@pytest.mark.parametrize("kind", ["500", "429_rate"])
def test_a_refusal_costs_nobody_their_answer_and_is_made_good(
    someone: Callable[..., Chat], line: Platform, kind: str
) -> None:
    chat = someone("Ben", "en")
    line.faults.add("richmenu/user:link", kind)
    assert chat.adds_the_account()
    assert shown(chat) == "guest-th"
    chat.says("hello")
    assert shown(chat) == "guest-en"


def test_closing_and_withdrawing_bring_the_guests_menu_back(
    someone: Callable[..., Chat], bot: Bot, line: Platform
) -> None:
    for state in (LearnerState.CLOSED, LearnerState.WITHDRAWN):
        chat = someone(f"Ben {state}", "en")
        register(chat)

        def close(session: Any, of: str = chat.user_id, to: LearnerState = state) -> None:
            found = [one for one in session.query(Learner) if one.line_user_id == of]
            found[0].state = to

        bot.database.write(close)
        chat.says("account")
        assert shown(chat) == "guest-en"
        line.calls.clear()
        for said in ("hello", "account", "privacy"):
            chat.says(said)
        assert links(line) == []


def test_withdrawing_in_chat_changes_the_menu_at_once(someone: Callable[..., Chat]) -> None:
    chat = someone("มะลิ")
    register(chat)
    chat.says("ถอนความยินยอม")
    assert shown(chat) == "learner-th"
    tap(chat, "Withdraw")
    assert shown(chat) == "guest-th"


@pytest.mark.parametrize(("language", "guest"), [("th", "guest-th"), ("en", "guest-en")])
def test_somebody_who_was_erased_is_a_guest_again(
    someone: Callable[..., Chat], language: str, guest: str
) -> None:
    chat = someone("มะลิ", language)
    register(chat)
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")
    assert shown(chat) == guest
    chat.says("สวัสดี")
    assert shown(chat) == guest


def test_a_tap_tells_that_line_shows_another_menu_than_we_remember(
    someone: Callable[..., Chat], bot: Bot, line: Platform
) -> None:
    """Somebody was forgotten here while LINE still showed them the learners' menu."""
    chat = someone("มะลิ")
    chat.adds_the_account()
    line.rich_menus.link([chat.user_id], bot.database.read(rich_menus.ids)["learner-th"])
    tap_menu(chat, "บัญชีของฉัน")
    assert shown(chat) == "guest-th"


def test_a_menu_that_was_replaced_elsewhere_is_noticed(
    someone: Callable[..., Chat], bot: Bot, line: Platform, clock: Any
) -> None:
    """The old menu is refused once; then the new one is known, without waiting for the minute."""
    chat = someone("Ben", "en")
    chat.says("ภาษาไทย")
    remembered = bot.menus.ids
    line.rich_menus.delete(remembered["guest-en"])
    Deployment(bot).run()
    bot.menus.know(remembered, clock())
    chat.says("English")
    assert shown(chat) == "guest-th"
    chat.says("hello")
    assert shown(chat) == "guest-en"


def test_a_deployment_by_another_process_is_seen_within_a_minute(
    someone: Callable[..., Chat], bot: Bot, clock: Any
) -> None:
    chat = someone("Ben", "en")
    bot.menus.know({}, clock())
    chat.adds_the_account()
    assert shown(chat) == "guest-th"
    clock.advance(seconds=61)
    chat.says("hello")
    assert shown(chat) == "guest-en"


def test_what_is_linked_is_remembered(
    someone: Callable[..., Chat], bot: Bot, rows: Callable[..., list[Any]]
) -> None:
    chat = someone("Ben", "en")
    chat.adds_the_account()
    assert rows(Conversation)[0].menu == bot.database.read(rich_menus.ids)["guest-en"]


def test_somebody_who_leaves_is_not_linked(someone: Callable[..., Chat], line: Platform) -> None:
    chat = someone("Ben", "en")
    line.faults.add("richmenu/user:link", "500")
    chat.adds_the_account()
    line.calls.clear()
    line.unfollow(chat.user_id)
    assert links(line) == []


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_button_of_the_guests_menu_is_answered(
    someone: Callable[..., Chat], language: str
) -> None:
    for tile in guest_tiles(translator(language)):
        chat = someone(f"Somebody {tile.icon} {language}", language)
        chat.adds_the_account()
        assert tap_menu(chat, one_line(tile.caption)), tile.caption


def test_a_guest_asks_first_and_reads_the_law_in_one_cell() -> None:
    starts = [tile.action["data"] for tile in guest_tiles(translator("en"))]
    wanted = ["a=register", "a=courses", "a=human", "a=contact", "a=policy", "a=thai"]
    assert starts == wanted


def test_contact_says_how_to_reach_the_school_and_notes_no_wish(
    someone: Callable[..., Chat], rows: Callable[[type], list[Any]]
) -> None:
    chat = someone("Ben", "en")
    chat.adds_the_account()
    said = chat.says("contact details")
    assert "Contact the school" in str(said)
    assert rows(Inquiry) == []
    tap_menu(chat, "Contact the school")
    assert rows(Inquiry) == []
    tap_menu(chat, "Ask our staff")
    assert len(rows(Inquiry)) == 1


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_button_of_the_learners_menu_is_answered(
    someone: Callable[..., Chat], language: str
) -> None:
    chat = someone("มะลิ", language)
    register(chat)
    for tile in learner_tiles(translator(language)):
        chat.says("ยกเลิก")
        assert tap_menu(chat, one_line(tile.caption)), tile.caption


def test_a_forged_button_links_nothing_that_is_not_due(
    someone: Callable[..., Chat], line: Platform
) -> None:
    chat = someone("มะลิ")
    chat.adds_the_account()
    for seen in ("staff-th", "learner-en", "nothing", ""):
        chat.posts(f"a=menu&m={seen}")
        assert shown(chat) == "guest-th"
    assert dict(parse_qsl("a=menu&m=")) == {"a": "menu"}
    assert "richmenu/user:link" not in links(line)

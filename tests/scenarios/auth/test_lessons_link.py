"""From the chat into the lessons: a link in the answer, for whoever may sign in."""

import pytest
from sqlalchemy import update

from bot.services.accounts import freezing, provisioning
from bot.texts import translator
from models.account import Account, AccountState
from models.conversation import Conversation
from models.portal import PortalStay
from models.secret_link import LinkPurpose, SecretLink
from tests.chat import actions, words
from tests.scenarios.auth.resetting import ORIGIN, OWN_PASSWORD, Browser, path_of, settle, shown
from tests.scenarios.learners.relinking import code_of
from tests.scenarios.story import language_of, register, tap

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
GO = "Go to E-Learning"


def links(rows):
    return rows(SecretLink, SecretLink.purpose == LinkPurpose.LESSONS)


@LANGUAGES
def test_from_the_word_into_a_lesson(language, someone, app, all_words, rows):
    chat = someone("มะลิ", language)
    register(chat)
    t = language_of(chat)
    said = words(chat.says({"th": "คอร์ส", "en": "courses"}[language]))
    assert t("Our courses") in said
    path = path_of(chat, GO)
    assert path.startswith("/s/lessons/")
    assert path.endswith(f"?lang={language}")

    phone = Browser(app.test_client())
    assert phone.get(path).status_code == 200
    assert phone.post(path).location == f"/portal?lang={language}"
    lesson = "/portal/courses/everyday-english/greetings"
    assert phone.submit(lesson, f"{lesson}/done").status_code == 303
    assert phone.get("/portal/account").location.startswith("/portal/prove")

    token = path.removeprefix("/s/lessons/").split("?")[0]
    assert token not in all_words()
    assert phone.post(path).status_code == 410


def test_somebody_without_any_password_learns_and_is_led_to_one(someone, app, rows):
    """The first password was never looked at: nothing can be chosen in its place."""
    chat = someone("มะลิ")
    register(chat)
    first = path_of(chat, "Show my password")
    chat.posts("a=courses")
    phone = Browser(app.test_client())
    phone.post(path_of(chat, GO))
    assert phone.get("/portal").status_code == 200
    prove = "/portal/prove"
    assert phone.submit(prove, prove, current="").status_code == 422
    assert phone.submit(prove, prove, current=OWN_PASSWORD).status_code == 422
    assert shown(Browser(app.test_client()).post(first).text).password, "that link still lives"


def test_a_link_that_lives_is_given_again_and_a_new_one_kills_it(someone, app, bot, rows, clock):
    settle(someone("มะลิ"), app)
    wish = {"account": rows(Account)[0].id, "person": rows(Conversation)[0].person}

    def asked():
        said = bot.dispatcher.afters["lessons"](bot, wish, translator("th"))
        assert "/s/lessons/" not in str(said.later)
        (address,) = [a["uri"] for each in said.now for a in actions(each) if a["type"] == "uri"]
        return address.removeprefix(ORIGIN)

    first, again = asked(), asked()
    assert first == again
    clock.advance(minutes=6)
    other = asked()
    assert other != first
    assert len(links(rows)) == 2
    assert Browser(app.test_client()).post(first).status_code == 410
    assert Browser(app.test_client()).post(other).status_code == 303


def test_a_push_in_its_place_carries_no_link(someone, app, engine, platform, rows):
    """What waits in a queue has a button that asks anew."""
    chat = someone("มะลิ")
    settle(chat, app)
    platform.faults.add("reply", "token_expired")
    chat.posts("a=courses")
    engine.drain_pushes()
    chat.heard()
    t = language_of(chat)
    assert len(links(rows)) == 1
    assert t("Go to my lessons") in chat.labels()
    assert t(GO) not in chat.labels()
    chat.taps(t("Go to my lessons"))
    assert path_of(chat, GO).startswith("/s/lessons/")


@LANGUAGES
def test_in_the_middle_of_a_question_there_is_a_button_and_the_question_stays(
    language, someone, app, rows
):
    chat = someone("มะลิ", language)
    settle(chat, app)
    chat.posts("a=change&item=phone")
    asked = words(chat.newest())
    chat.posts("a=courses")
    assert asked.splitlines()[-1] in words(chat.newest())
    assert links(rows) == []
    t = language_of(chat)
    chat.taps(t("Go to my lessons"))
    assert path_of(chat, GO).startswith("/s/lessons/")


def test_who_has_no_account_is_offered_to_register(someone, rows):
    chat = someone("คนแปลกหน้า")
    chat.adds_the_account()
    t = language_of(chat)
    for entry in ("courses", "lessons"):
        chat.posts(f"a={entry}")
        assert t("Register") in chat.labels()
        assert t(GO) not in chat.labels()
    assert links(rows) == []


@pytest.mark.parametrize("state", [AccountState.PENDING, AccountState.FROZEN, AccountState.CLOSED])
def test_there_is_no_link_where_nobody_can_sign_in(state, someone, app, bot, rows):
    chat = someone("มะลิ")
    settle(chat, app)
    bot.database.write(
        lambda session: session.execute(update(Account).values(state=state)) and None
    )
    t = language_of(chat)
    for entry in ("courses", "lessons"):
        chat.posts(f"a={entry}")
        assert t(GO) not in chat.labels()
    assert links(rows) == []


def test_a_freeze_kills_the_link_and_ends_what_it_opened(someone, app, engine, rows):
    chat = someone("มะลิ")
    settle(chat, app)
    chat.posts("a=courses")
    phone = Browser(app.test_client())
    phone.post(path_of(chat, GO))
    chat.posts("a=courses")
    unused = path_of(chat, GO)
    bot = engine.bot
    (account,) = rows(Account)
    seal = freezing.authority(bot.keyring, account.id, bot.clock())
    bot.database.write(lambda session: freezing.freeze(session, seal, "chat", bot.clock()))
    provisioning.suspend(bot.database, bot.provider, account.id, bot.clock)
    assert phone.get("/portal").location.startswith("/portal/sign-in")
    assert phone.post(unused).status_code == 410


def test_a_moved_account_leaves_no_link_and_no_stay_behind(someone, app, bot, rows):
    chat = someone("มะลิ")
    first, browser = settle(chat, app)
    phone = Browser(app.test_client())
    assert phone.sign_in(first.username, OWN_PASSWORD, stay="1").status_code == 303
    chat.posts("a=courses")
    unused = path_of(chat, GO)
    other = someone("กุหลาบ")
    other.adds_the_account()
    t = language_of(other)
    other.posts("a=relink")
    tap(other, "I have the code")
    other.says(code_of(browser))
    assert rows(PortalStay) == []
    assert Browser(app.test_client()).post(unused).status_code == 410
    phone.forget()
    assert "come-back" not in phone.get("/portal/sign-in").text
    chat.posts("a=courses")
    assert t(GO) not in chat.labels(), "the old chat has no account any more"

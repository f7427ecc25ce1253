"""Every entry in every state of a person, in both languages: an answer, sensible, never a crash."""

import pytest
from sqlalchemy import update

from bot.runtime.answering import sorry
from bot.services.accounts import holds
from bot.texts import translator
from handlers.line import FLOWS
from models.account import Account, AccountState
from models.inbox import EventState, WebhookEvent
from models.learner import Learner
from models.secret_link import SecretLink
from tests.chat import words
from tests.samples import sampled
from tests.scenarios.guardians.guardian_story import agrees, asks, finishes, opens
from tests.scenarios.story import register, tap

SILENT = {"unfollow", "unsend", "follow"}  # said by LINE only
ENTRIES = sorted({entry for flow in FLOWS for entry in flow.entries} - SILENT)
# Last, because they change what the others find.
LATE = ("news_off", "rights_object", "rights_restrict", "guardian_stop", "english", "thai")
ORDER = [*(entry for entry in ENTRIES if entry not in LATE), *LATE]
# Ids as a forger would make them up; the purposes are those of real buttons.
DATA = "p=line_news&g={g}&c=0&k=x&topic=courses&on=1&item=name&from=0"
BOTH = (translator("th"), translator("en"))
# What nobody may be offered who cannot sign in, and nobody who cannot change anything.
WAYS_IN = ("Go to E-Learning", "Go to my lessons", "New sign-in link", "Get my link")
OWNERS = ("Get the code", "Close account", "Start")


def _set(bot, model, **values):
    bot.database.write(lambda session: session.execute(update(model).values(**values)) and None)


def stranger(chat, stage):
    chat.adds_the_account()


def active(chat, stage):
    register(chat)


def pending(chat, stage):
    register(chat)
    _set(stage.bot, Account, state=AccountState.PENDING)


def frozen(chat, stage):
    register(chat)
    _set(stage.bot, Account, state=AccountState.FROZEN)


def restricted(chat, stage):
    register(chat)
    chat.posts("a=rights_restrict")


def objected(chat, stage):
    register(chat)
    chat.posts("a=rights_object")


def held(chat, stage):
    """An order stands against the erasure that was asked for."""
    register(chat)

    def place(session):
        (learner,) = session.query(Learner).all()
        holds.place(session, learner.id, "x", may_tell=True, actor="staff", now=stage.bot.clock())

    stage.bot.database.write(place)
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")


def closed(chat, stage):
    register(chat)
    chat.posts("a=close")
    tap(chat, "Close account")


def withdrawn(chat, stage):
    register(chat)
    chat.posts("a=withdraw")
    tap(chat, "Withdraw")


def erased(chat, stage):
    register(chat)
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")


def waiting_child(chat, stage):
    """Under 20, and the guardian has not looked yet."""
    asks(chat, "from_11_to_19")


def read_about_child(chat, stage):
    """The guardian is reading."""
    code = asks(chat, "from_11_to_19")
    parent = stage.someone("แม่")
    parent.adds_the_account()
    opens(parent, code)


def agreed_child(chat, stage):
    """The guardian has agreed; nothing is registered yet."""
    agrees(stage.someone("แม่"), asks(chat, "from_11_to_19"))


def enrolled_teenager(chat, stage):
    agreed_child(chat, stage)
    finishes(chat)


def enrolled_child(chat, stage):
    agrees(stage.someone("แม่"), asks(chat, "up_to_10"), "yes", "yes")
    finishes(chat)


def orphan(chat, stage):
    """A registered child whose guardian had everything about themselves erased."""
    parent = stage.someone("แม่")
    agrees(parent, asks(chat, "up_to_10"), "yes", "yes")
    finishes(chat)
    parent.posts("a=rights_erase")
    tap(parent, "Erase everything")


def guardian(chat, stage):
    """Of a registered child."""
    child = stage.someone("น้ำผึ้ง")
    agrees(chat, asks(child, "from_11_to_19"))
    finishes(child)


STATES = {
    state.__name__: state
    for state in (
        stranger,
        active,
        pending,
        frozen,
        restricted,
        objected,
        held,
        closed,
        withdrawn,
        erased,
        waiting_child,
        read_about_child,
        agreed_child,
        enrolled_teenager,
        enrolled_child,
        orphan,
        guardian,
    )
}
CANNOT_SIGN_IN = {"stranger", "frozen", "closed", "withdrawn", "erased", "waiting_child"}
HAVE_LEFT = {"closed", "withdrawn"}


# In every run each state is asked a third of the entries, in one language; two are asked all.
EVERYTHING = 1
PRODUCT = [(state, language, EVERYTHING) for state in STATES for language in ("th", "en")]
THIRDS = [
    (state, ("th", "en")[number % 2], 3)
    for number, state in enumerate(STATES)
    if state not in {"stranger", "active"}
]
SAMPLE = [("stranger", "th", EVERYTHING), ("active", "en", EVERYTHING), *THIRDS]


class Stage:
    def __init__(self, bot, someone):
        self.bot, self.someone = bot, someone


def test_the_sample_asks_each_entry_in_several_states():
    asked = [
        entry for state, _, share in THIRDS for entry in ORDER[list(STATES).index(state) % 3 :: 3]
    ]
    assert {state for state, *_ in SAMPLE} == set(STATES)
    assert min(asked.count(entry) for entry in ORDER) >= 4


@pytest.mark.parametrize(("state", "language", "share"), sampled([*PRODUCT, *THIRDS], SAMPLE))
def test_every_entry_is_answered(state, language, share, someone, bot, line, rows):
    chat = someone("มะลิ", language)
    STATES[state](chat, Stage(bot, someone))
    chat.heard()
    before = len(rows(SecretLink))
    for entry in ORDER[list(STATES).index(state) % share :: share]:
        said = chat.posts(f"a={entry}&{DATA.format(g='0' * 32)}")
        told = words(said)
        assert told.strip(), entry
        assert sorry("th") not in told, entry
        assert sorry("en") not in told, entry
        assert "{" not in told, entry
        # Of passwords everybody is told the same, whoever they are to us.
        barred = WAYS_IN if state in CANNOT_SIGN_IN and entry != "password" else ()
        barred += OWNERS if state in HAVE_LEFT else ()
        assert not set(chat.labels()) & {say(label) for label in barred for say in BOTH}, entry
        chat.posts("a=cancel")
    if state in CANNOT_SIGN_IN:
        assert len(rows(SecretLink)) == before, "no link for whoever cannot use it"
    assert [call.error for call in line.calls if call.status >= 400] == []
    assert [row.id for row in rows(WebhookEvent, WebhookEvent.state == EventState.FAILED)] == []

"""News of one's choice on a page: the same wishes as in chat, in the same number of presses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation import questions
from bot.presentation.labels import label
from bot.services.consent.consents import GUARDIAN, MUST_AGREE, ConsentStatement
from bot.services.subscriptions import opt_in, subscriptions, topics
from bot.services.subscriptions.opt_in import OptInState
from bot.services.subscriptions.subscriptions import CHANNEL_OF, NEWS, PURPOSE_OF
from bot.settings import Settings
from bot.texts.dates import shown_day
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web.language import link, translate
from handlers.web.parts import the_bot
from models.account import Account
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import Learner, LearnerState

PORTAL = "portal"


@dataclass(frozen=True)
class NewsWish:
    """What a form asks for, as plain values: the work may be done by another thread."""

    purpose: Purpose
    said: str  # the words on the button
    card: str  # which question stood above it
    topics: frozenset[str]


@dataclass(frozen=True)
class NewsAct:
    """One unit of work: a wish, whose it is, and when."""

    session: Session
    learner: Learner
    conversation: Conversation
    wish: NewsWish
    settings: Settings
    now: datetime


@portal.get("/news")
def news() -> Response:
    """What comes on which channel, and a form for each wish."""
    bot, now, t, key = the_bot(), the_bot().clock(), translate(), _key()

    def read(session: Session) -> dict[str, Any] | None:
        found = _find(session, key)
        if found is None:
            return None
        learner, conversation = found
        channels = [
            {
                "purpose": purpose,
                "is_line": purpose is Purpose.LINE_NEWS,
                "standing": opt_in.standing(session, conversation.id, purpose, now),
                "chosen": subscriptions.chosen(session, conversation.id, channel),
                "question": questions.news_question(t, purpose),
                "card": questions.card_id(questions.news_text(t, purpose)),
            }
            for channel, purpose in PURPOSE_OF.items()
        ]
        until = learner.news_paused_until
        return {
            "channels": channels,
            "may_start": opt_in.may_start(learner),
            "needs_guardian": GUARDIAN in MUST_AGREE[learner.age_band],
            "is_confirmed": learner.email_verified_at is not None,
            "is_any_on": any(each["standing"] is not OptInState.OFF for each in channels),
            "paused_until": shown_day(until, t.language) if until and now < until else None,
        }

    values = bot.database.read(read) or abort(404)
    return page(
        "news",
        topics=topics.load(bot.settings.news_dir),
        most=bot.settings.news_per_month,
        label=label,
        is_saved=request.args.get("saved") == "1",
        **values,
    )


@portal.post("/news")
def choose_news() -> AnyResponse:
    """One wish: start or stop a channel, its topics, a pause, or its end."""
    do = WISHES.get(request.form.get("wish", ""))
    purpose = request.form.get("purpose", str(Purpose.LINE_NEWS))
    if do is None or purpose not in set(NEWS):
        abort(400)
    wish = NewsWish(
        Purpose(purpose),
        translate()("Stop"),
        request.form.get("card", ""),
        frozenset(request.form.getlist("topic")),
    )
    bot, now, key = the_bot(), the_bot().clock(), _key()

    def work(session: Session) -> bool | None:
        found = _find(session, key, lock=True)
        return None if found is None else do(NewsAct(session, *found, wish, bot.settings, now))

    is_done = bot.database.write(work)
    if is_done is None:
        abort(404)
    return redirect(link("portal.news", **({"saved": "1"} if is_done else {})), 303)


def _start(act: NewsAct) -> bool:
    seen = questions.seen_news(act.wish.purpose, act.wish.card)
    if seen is None or not opt_in.may_start(act.learner):
        return False
    said = ConsentStatement(*seen, channel=PORTAL)
    opt_in.take(act.session, act.conversation, act.wish.purpose, said, act.settings, act.now)
    return True


def _stop(act: NewsAct) -> bool:
    said, school = ConsentStatement(act.wish.said, channel=PORTAL), act.settings.school
    subscriptions.stop(act.session, act.conversation, act.wish.purpose, said, school, act.now)
    return True


def _topics(act: NewsAct) -> bool:
    subject_id, purpose = act.conversation.id, act.wish.purpose
    standing = opt_in.standing(act.session, subject_id, purpose, act.now)
    if standing is OptInState.OFF:
        return False
    for topic in topics.load(act.settings.news_dir):
        subscriptions.choose(
            act.session,
            subject_id,
            CHANNEL_OF[purpose],
            topic.id,
            act.now,
            is_on=topic.id in act.wish.topics,
            settings=act.settings,
        )
    return True


def _pause(act: NewsAct) -> bool:
    subscriptions.pause(act.session, act.learner, act.now)
    return True


def _go_on(act: NewsAct) -> bool:
    subscriptions.resume(act.session, act.learner, act.now)
    return True


WISHES: dict[str, Callable[[NewsAct], bool]] = {
    "start": _start,
    "stop": _stop,
    "topics": _topics,
    "pause": _pause,
    "go_on": _go_on,
}


def _key() -> str:
    key: str = g.visit.signed_in.external_key
    return key


def _find(session: Session, key: str, *, lock: bool = False) -> tuple[Learner, Conversation] | None:
    """The learner behind a visit, if there is still one."""
    account = session.get(Account, key)
    learner = session.get(Learner, account.learner_id) if account is not None else None
    if learner is None or learner.state is not LearnerState.ACTIVE:
        return None
    return learner, session.get_one(Conversation, learner.conversation_id, with_for_update=lock)

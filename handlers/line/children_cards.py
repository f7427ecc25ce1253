"""A card for each child of a guardian: what was agreed, and what can be done about it."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation import request_words
from bot.presentation.labels import label
from bot.services.consent import consents
from bot.services.consent.consents import GUARDIAN
from bot.services.people import people
from bot.texts.dates import shown_time
from models.account import AccountState
from models.consent import Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship
from models.learner import Learner, LearnerState

MAX_CARDS = 4  # cards in one answer; LINE takes five messages


def child_card(ctx: Context, row: Guardianship) -> Message:
    """One child; named as the guardian knows them."""
    t, learner = ctx.t, _learner(ctx, row)
    title = row.nickname or t("My child")
    return line.card(
        title,
        [
            line.fact(t("E-Learning"), _enrolment(ctx, row, learner)),
            line.separator(),
            _news(ctx, row, Purpose.LINE_NEWS, label(Purpose.LINE_NEWS, t)),
            _news(ctx, row, Purpose.EMAIL_NEWS, label(Purpose.EMAIL_NEWS, t)),
            *_limits(ctx, row, learner),
            line.separator(),
            line.fact(t("You agreed on"), shown_time(row.decided_at or row.created_at, t.language)),
        ],
        [
            line.entry(t("See and download data"), "child_data", g=row.id),
            line.entry(t("Have data corrected"), "child_correct", g=row.id),
            line.entry(t("Withdraw"), "child_withdraw", g=row.id),
            line.entry(t("Erase"), "child_erase", g=row.id),
            line.entry(t("My requests"), "requests"),
        ],
        even=True,
    )


def _learner(ctx: Context, row: Guardianship) -> Learner | None:
    child = ctx.session.get(Conversation, row.child_id)
    return people.learner_of(ctx.session, child) if child is not None else None


def _limits(ctx: Context, row: Guardianship, learner: Learner | None) -> list[dict[str, object]]:
    """Objecting to all news, and stopping the use: of whoever has registered (PDPA ss.32, 34)."""
    t = ctx.t
    if learner is None or learner.state is not LearnerState.ACTIVE:
        return []
    objecting, using = t("Object to all news"), t("Stop the use of data")
    objection = line.fact(
        objecting,
        t("All news stops at once, and nobody asks again."),
        line.entry(t("Object"), "child_object", g=row.id),
    )
    restriction = line.fact(
        using,
        t("We keep it but use it for nothing else, while something is being checked."),
        line.entry(t("Stop use"), "child_restrict", g=row.id),
    )
    if learner.objected_at is not None:
        objection = line.fact(objecting, t("Objected: no news, and nobody asks again."))
    if learner.restricted_at is not None:
        since = request_words.day(t, learner.restricted_at)
        words = t("Stopped since {day}: we keep it and use it for nothing else.", day=since)
        restriction = line.fact(using, words, line.entry(t("Lift"), "child_unrestrict", g=row.id))
    return [line.separator(), objection, restriction]


def _enrolment(ctx: Context, row: Guardianship, learner: Learner | None) -> str:
    t = ctx.t
    if learner is None:
        until = shown_time(row.expires_at, t.language)
        return t("You agreed; the child has until {when} to register", when=until)
    return (
        t("Registered") if learner.state is LearnerState.ACTIVE else label(AccountState.CLOSED, t)
    )


def _news(ctx: Context, row: Guardianship, purpose: Purpose, label: str) -> dict[str, object]:
    """The guardian's own yes, and whether it is enough: from 11 years the child decides too."""
    t = ctx.t
    if not consents.is_agreed_by(ctx.session, row.child_id, purpose, GUARDIAN, ctx.now):
        return line.fact(
            label, t("No"), line.entry(t("Start"), "child_news_on", g=row.id, p=purpose)
        )
    flows = consents.holds(ctx.session, row.child_id, purpose, ctx.now)
    said = t("Yes") if flows else t("Yes from you; the child has not agreed")
    return line.fact(label, said, line.entry(t("Stop"), "child_news_off", g=row.id, p=purpose))


def no_children(ctx: Context) -> Message:
    """Nobody here yet, and how a child gets here."""
    t = ctx.t
    nobody = t(
        "Nobody is here. When a child registers, their chat gives them a code for you; send it "
        "here."
    )
    return line.card(
        t("My children"),
        [nobody],
        [line.entry(t("I have a code"), "guardian"), line.entry(t("Ask our staff"), "human")],
    )

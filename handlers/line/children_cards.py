"""A card for each child of a guardian: what was agreed, and what can be done about it."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation import child_words, request_words
from bot.presentation.labels import label
from bot.services.guardians import guardians
from bot.texts.dates import shown_time
from models.consent import Purpose
from models.guardianship import Guardianship
from models.learner import Learner, LearnerState

MAX_CARDS = 4  # cards in one answer; LINE takes five messages


def child_card(ctx: Context, row: Guardianship) -> Message:
    """One child; named as the guardian knows them."""
    t, learner = ctx.t, guardians.child_of(ctx.session, row)
    title = row.nickname or t("My child")
    return line.card(
        title,
        [
            line.fact(t("E-Learning"), child_words.enrolment(t, row, learner)),
            line.separator(),
            _news(ctx, row, Purpose.LINE_NEWS),
            _news(ctx, row, Purpose.EMAIL_NEWS),
            *_limits(ctx, row, learner),
            line.separator(),
            line.fact(t("You agreed on"), shown_time(row.decided_at or row.created_at, t.language)),
            line.paragraph(child_words.told(t), small=True),
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


def _news(ctx: Context, row: Guardianship, purpose: Purpose) -> dict[str, object]:
    t, name = ctx.t, label(purpose, ctx.t)
    is_on, said = child_words.news(t, ctx.session, row, purpose, ctx.now)
    if is_on:
        return line.fact(name, said, line.entry(t("Stop"), "child_news_off", g=row.id, p=purpose))
    return line.fact(name, said, line.entry(t("Start"), "child_news_on", g=row.id, p=purpose))


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

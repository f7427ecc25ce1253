"""Cards about rights: what there is, what was asked for, the way to one's data."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Action, Message
from bot.presentation import request_words
from bot.services.auth import resets, tokens
from bot.services.guardians import guardians
from bot.services.people import subjects
from bot.services.privacy import requests
from bot.texts import Translator
from bot.texts.dates import shown_span
from handlers.line.shared import children_button
from models.learner import Learner, LearnerState

MAX_REQUESTS = 6  # requests on one card: a phone's height


def rights_card(ctx: Context) -> Message:
    """Each right in plain words with its button (PDPA ss.19, 30 to 36, 73)."""
    t, learner = ctx.t, ctx.learner
    blocks = _for_strangers(t) if learner is None else _for_learners(t, learner)
    complaint = t(
        "You may also complain to the Personal Data Protection Committee (PDPC) at any time."
    )
    return line.card(
        t("My rights"),
        [*blocks, line.separator(), line.paragraph(complaint, small=True)],
        [
            line.entry(t("My requests"), "requests"),
            *children_button(ctx),
            line.entry(t("Privacy policy"), "policy"),
            line.entry(t("Ask our staff"), "human", topic="account"),
        ],
    )


def _for_strangers(t: Translator) -> list[dict[str, object]]:
    return [
        line.paragraph(
            t(
                "You have not registered, so we keep little: where this chat stands, its language, "
                "and what you asked of us or agreed to here. “Download” shows all of it."
            )
        ),
        _download(t),
        line.fact(
            t("Erase my data"),
            t("We forget this chat at once."),
            line.entry(t("Erase"), "rights_erase"),
        ),
    ]


def _for_learners(t: Translator, learner: Learner) -> list[dict[str, object]]:
    blocks = [
        line.paragraph(t("You decide about your data. All of this is free of charge.")),
        _download(t),
        line.fact(
            t("Correct my data"),
            t("Change it yourself, or tell us what is wrong."),
            line.entry(t("Correct"), "rights_correct"),
        ),
        _objection(t, learner),
        _restriction(t, learner),
    ]
    if learner.state is not LearnerState.WITHDRAWN:
        blocks.append(
            line.fact(
                t("Withdraw my consent"),
                t("Your account closes at once; your details are erased after that."),
                line.entry(t("Withdraw"), "withdraw"),
            )
        )
    blocks.append(
        line.fact(
            t("Erase my data"),
            t("Everything goes, at once and for good."),
            line.entry(t("Erase"), "rights_erase"),
        )
    )
    return blocks


def _download(t: Translator) -> dict[str, object]:
    return line.fact(
        t("See and download my data"),
        t("Everything that we keep about you, in one file."),
        line.entry(t("Download"), "rights_download"),
    )


def _objection(t: Translator, learner: Learner) -> dict[str, object]:
    name = t("Object to all news")
    if learner.objected_at is not None:
        return line.fact(name, t("You have objected: no news, and nobody asks you again."))
    words = t("All news stops at once, and nobody asks you again.")
    return line.fact(name, words, line.entry(t("Object"), "rights_object"))


def _restriction(t: Translator, learner: Learner) -> dict[str, object]:
    name = t("Stop the use of my data")
    if learner.restricted_at is not None:
        since = request_words.day(t, learner.restricted_at)
        words = t("Stopped since {day}: we keep it and use it for nothing else.", day=since)
        return line.fact(name, words, line.entry(t("Lift"), "rights_unrestrict"))
    words = t("We keep it but use it for nothing else, while something is being checked.")
    return line.fact(name, words, line.entry(t("Stop use"), "rights_restrict"))


def requests_card(ctx: Context) -> Message:
    """Somebody's requests with their state, deadlines, and the reason of a refusal.

    What a guardian asked stands in the guardian's list and in the child's, under its own name.
    """
    t = ctx.t
    mine, subject = ctx.conversation.id, subjects.subject_of(ctx.session, ctx.conversation)
    found = requests.seen_by(ctx.session, subject, most=MAX_REQUESTS)
    children = guardians.names_of_children(ctx.session, mine)
    blocks: list[dict[str, object]] = []
    for request in found:
        what = request_words.name(t, request, mine, children)
        stands = f"{what}: {request_words.state_name(t, request, mine)}"
        blocks.append(line.fact(request_words.clock_line(t, request), stands))
        if reason := request_words.reason_shown(t, request, mine, children):
            blocks.append(line.paragraph(reason, small=True))
    if not blocks:
        blocks.append(line.paragraph(t("You have not asked for anything yet.")))
    return line.card(t("My requests"), blocks, [line.entry(t("My rights"), "rights")])


def data_card(t: Translator, url: str, is_for_guardian: bool) -> Message:
    """The only message that carries the link to somebody's data."""
    title = t("The child’s data is ready") if is_for_guardian else t("Your data is ready")
    if is_for_guardian:
        words = t(
            "The button opens a page where you get everything that we keep about the child, as one "
            "file. It asks for the last {digits} digits of the child’s phone number, as it was "
            "registered.",
            digits=resets.DIGITS,
        )
    else:
        words = t(
            "The button opens a page where you get everything that we keep, as one file. "
            "It asks for the last {digits} digits of the phone number that was registered.",
            digits=resets.DIGITS,
        )
    return line.card(
        title,
        [
            words,
            line.paragraph(
                t(
                    "It works once and for {span}. Keep the file where only you get.",
                    span=shown_span(t, tokens.LINK_LIFE),
                ),
                small=True,
            ),
        ],
        [
            line.link(t("Get the data") if is_for_guardian else t("Get my data"), url),
            _again(t, t("Get another link"), is_for_guardian),
        ],
    )


def data_later(t: Translator, is_for_guardian: bool) -> Message:
    """What may be pushed in its place: a push waits in a queue, and no link may do that."""
    if is_for_guardian:
        title = t("The child’s data is ready")
        words = t(
            "Tap the button, then “See and download data”: you get a link to the child’s data."
        )
    else:
        title = t("Your data is ready")
        words = t("Tap the button to get a link to your data.")
    return line.card(title, [words], [_again(t, t("Get my link"), is_for_guardian)])


def _again(t: Translator, label: str, is_for_guardian: bool) -> Action:
    """The way to another link; a guardian's way leads by the card of the child."""
    if is_for_guardian:
        return line.entry(t("My children"), "children")
    return line.entry(label, "rights_download")

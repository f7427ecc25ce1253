"""Campaigns in people's words: states, reasons and what is wrong with a field."""

from collections import Counter
from collections.abc import Mapping

from bot.presentation.labels import label
from bot.services.campaigns.content import pictures
from bot.services.campaigns.content.pictures import Oddity
from bot.services.campaigns.content.problems import FieldProblem
from bot.services.campaigns.sending import batches
from bot.services.campaigns.workflow import campaigns
from bot.services.shared import quiet_hours
from bot.services.subscriptions.topics import NewsKind
from bot.texts import Translator
from bot.texts.dates import shown_span
from models.campaign import CampaignAction, CampaignState, RolloutStage
from models.conversation import Language
from models.recipient import BatchState, ExclusionReason


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


STATES: dict[CampaignState, str] = {
    CampaignState.DRAFT: _("Draft"),
    CampaignState.IN_REVIEW: _("In review"),
    CampaignState.APPROVED: _("Approved"),
    CampaignState.SCHEDULED: _("Scheduled"),
    CampaignState.SENDING: _("Sending"),
    CampaignState.PAUSED: _("Paused"),
    CampaignState.STOPPED: _("Stopped"),
    CampaignState.DONE: _("Done"),
    CampaignState.FAILED: _("Failed"),
}
# What says more than the state: bot/services/campaigns/reporting/listing.py, standings().
STANDINGS: dict[str, str] = {
    **{state.value: said for state, said in STATES.items()},
    "sent_back": _("Sent back to be changed"),
    "discarded": _("Thrown away"),
    "nobody": _("Nobody got it"),
}
KINDS: dict[str, str] = {
    NewsKind.NEWS: _("News"),
    NewsKind.ARTICLE: _("Article"),
    NewsKind.VIDEO: _("Video"),
    NewsKind.COURSE_INFO: _("Course information"),
}
PARTS: dict[str, str] = {
    "text": _("Text"),
    "picture": _("Picture"),
    "card": _("Card"),
    "cards": _("Set of cards"),
}
# In a sentence about what goes out at present.
WAVES_AT_PRESENT: dict[RolloutStage, str] = {
    RolloutStage.STAFF: _("to our staff first"),
    RolloutStage.FIRST: _("to {percent} percent"),
    RolloutStage.REST: _("to everybody else"),
}
WAVES: dict[RolloutStage, str] = {
    RolloutStage.STAFF: _("Staff first"),
    RolloutStage.FIRST: _("The first one percent"),
    RolloutStage.REST: _("Everybody else"),
}
VERDICTS: dict[CampaignAction, str] = {
    CampaignAction.ASKED: _("Asked for approval"),
    CampaignAction.APPROVED: _("Approved"),
    CampaignAction.SENT_BACK: _("Back to the draft"),
    CampaignAction.PAUSED: _("Paused"),
    CampaignAction.WENT_ON: _("Went on"),
    CampaignAction.STOPPED: _("Stopped"),
}
EXCLUSIONS: dict[ExclusionReason, str] = {
    ExclusionReason.CLOSED: _("Account closed or frozen"),
    ExclusionReason.OBJECTED: _("Objected to news"),
    ExclusionReason.RESTRICTED: _("Use of their data restricted"),
    ExclusionReason.PAUSED: _("Paused all news"),
    ExclusionReason.NOT_CHOSEN: _("Did not choose this topic on these channels"),
    ExclusionReason.NO_CONSENT: _("No consent to news"),
    ExclusionReason.GUARDIAN: _("No consent of the guardian"),
    ExclusionReason.BLOCKED: _("Blocked us on LINE"),
    ExclusionReason.NO_ADDRESS: _("E-mail address not confirmed"),
    ExclusionReason.SUPPRESSED: _("Earlier mails came back"),
    ExclusionReason.ENOUGH: _("Has had enough news this month"),
    ExclusionReason.GONE: _("Erased or no longer a learner"),
    ExclusionReason.MOVED: _("E-mail address changed"),
    ExclusionReason.ANSWERED: _("Has answered already"),
    ExclusionReason.TOPIC_GONE: _("The topic no longer exists"),
    ExclusionReason.UNREADABLE: _("Their row cannot be read"),
    ExclusionReason.NO_CHAT: _("Has not joined us on LINE yet"),
    ExclusionReason.HAS_STAFF_COPY: _("Has it as a member of staff"),
    ExclusionReason.REFUSED_BY_LINE: _("LINE does not know them"),
    ExclusionReason.UNNAMED: _("Nobody’s consent is named"),
    ExclusionReason.STOPPED: _("The announcement was stopped"),
}
# Whoever stood on the frozen list had agreed and chosen: it is said what they did since.
CHANGED_THEIR_MIND: dict[ExclusionReason, str] = {
    ExclusionReason.NO_CONSENT: _("Withdrew their consent"),
    ExclusionReason.NOT_CHOSEN: _("Left the topic"),
}
BATCHES: dict[BatchState, str] = {
    BatchState.QUEUED: _("Waiting"),
    BatchState.SENT: _("Sent"),
    BatchState.ACCEPTED_BEFORE: _("Sent at an earlier try"),
    BatchState.REFUSED: _("Refused"),
    BatchState.UNKNOWN: _("Unknown"),
    BatchState.EMPTY: _("Nobody was left"),
    BatchState.STOPPED: _("Not sent: stopped"),
}
# Why a campaign paused by itself: what happened, and what a person does now.
PAUSES: dict[str, tuple[str, str]] = {
    "late": (
        _("Its time passed by more than {late} while the system was down."),
        _("Read it once more: is it still right now? Then let it go on, or stop it."),
    ),
    "quota": (
        _("The month’s messages on LINE do not suffice."),
        _(
            "Buy messages in LINE Official Account Manager, or wait for the new month if it "
            "begins within {list_life}. Then go on."
        ),
    ),
    "errors": (
        _("LINE refused too many requests."),
        _("Look at the errors below. If it is not your text, call whoever runs the server."),
    ),
    "blocks": (
        _("Unusually many people blocked us after they got it."),
        _("Think again whether it should go to the others. Going on cannot be taken back."),
    ),
    "changed": (
        _("It is no longer what was approved."),
        _("Nothing can go out like this. Send it back to the draft and have it approved again."),
    ),
    "restored": (
        _("The system was restored from a backup: this may have gone out since it was made."),
        _("Ask whether it arrived. LINE recognises a repeat for one day only: in doubt, stop it."),
    ),
    "series": (
        _("The series that it belongs to was held or sent back."),
        _("Look at the series first. Then let this one go on, or stop it."),
    ),
}
_FIELDS: dict[str, str] = {
    "name": _("Name"),
    "topic": _("Topic"),
    "title": _("Title"),
    "parts": _("Parts"),
    "text": _("Text"),
    "picture": _("Picture"),
    "cards": _("Cards"),
    "buttons": _("Buttons"),
    "label": _("Words on the button"),
    "url": _("Address that it opens, or a phone number that it calls"),
    "send_at": _("Time of sending"),
    "channels": _("Channels"),
    "course": _("Course"),
    "active_days": _("Signed in within the last (days)"),
    "quiet_days": _("Not signed in for so many days"),
    "tags": _("Groups"),
    "repeat": _("Repetition"),
    "rule": _("Repetition"),
    "time": _("Time"),
    "weekdays": _("Days of the week"),
    "month_day": _("Day of the month"),
    "until": _("Until"),
    "language": _("Language"),
    "send": _("Time of sending"),
    "send_day": _("Day"),
    "send_time": _("Time"),
}


# What is wrong with one field, and with any, in a sentence that says what to do.
_OF_FIELD: dict[tuple[str, str], str] = {
    ("quota", "short"): _(
        "It does not fit: {most} messages are left for announcements this month."
    ),
    ("quota", "short_later"): _(
        "It does not fit: {most} messages are left for announcements in the month in which"
        " it goes out."
    ),
    ("approver", "needed"): _("It paused by itself. Somebody who approves has to let it go on."),
    ("list", "empty"): _("What nobody gets cannot be approved."),
    ("list", "old"): _("Its list is older than {span}. Please take it back and ask again."),
    ("list", "old_begun"): _(
        "It was to go out more than {span} ago, and its list is out of date. Please stop "
        "it. A copy can be approved anew; it goes to those who have had it, too."
    ),
    ("approver", "own"): _("Whoever wrote it or asked for it cannot approve it."),
    ("parts", "needed"): _("Please add a text, a picture or a card."),
    ("cards", "too_few"): _("A set needs at least {most} cards."),
    ("cards", "too_large"): _(
        "These cards are too large together. Please shorten texts and addresses."
    ),
    ("picture", "needed"): _("Please choose a picture."),
    ("picture", "no_file"): _("Please choose a file first, then press “Put it in”."),
    ("picture", "gone"): _("This picture is no longer there. Please choose another."),
    ("topic", "unknown"): _("Please choose a topic."),
    ("send_at", "past"): _("This time has passed. Please choose a later one."),
    ("until", "past"): _("Nothing would be sent before this day."),
}
_OF_ANY: dict[str, str] = {
    "needed": _("Please fill this in."),
    "too_long": _("Too long: at most {most} characters."),
    "too_many": _("Too many: at most {most}."),
    "choose_one": _("Please choose at least one."),
    "out_of_range": _("Please give a whole number from 1 to {most}."),
    "not_https": _(
        "Please give a whole address that begins with https://, or a phone number to be called."
    ),
    "quiet": _("Nothing is sent from {begin} to {end}. Please choose another time."),
    "not_told": _(
        "The e-learning system in use does not tell us this about its learners. Please leave"
        " it empty."
    ),
    "empty": _("This file is empty."),
    "large": _("This file is too large: at most {most} MB."),
    "pixels": _("This picture has too many pixels. Please make it smaller."),
    "not_picture": _("This is no picture that we can read: JPEG, PNG, WebP or GIF."),
    "heic": _(
        "This is a HEIC photograph of an iPhone, which other phones cannot show. On the iPhone "
        "choose Settings > Camera > Formats > Most Compatible and take it again, or open it in "
        "Photos, make a screenshot and choose that."
    ),
    "not_phone": _("This is not a phone number that can be called."),
}
ODDITIES: dict[Oddity, str] = {
    Oddity.STILL: _("This picture moves. On LINE and in mails it stands still: its first frame."),
    Oddity.TINY: _("This picture is very small and may look blurred. A larger one is better."),
    Oddity.LONG: _(
        "This picture is very long or very wide: on a card its ends are cut off. Please look at "
        "the preview."
    ),
}


def said(t: Translator, problem: FieldProblem) -> str:
    """What is wrong with a field, in one sentence that says what to do."""
    key = (problem.where.rsplit(".", 1)[-1], problem.code)
    sentence = _OF_FIELD.get(key) or _OF_ANY.get(problem.code)
    if sentence is None:
        return t("This cannot be used. Please check it.")
    return t(
        sentence,
        most=pictures.MAX_UPLOAD_BYTES // 1024**2 if problem.code == "large" else problem.most,
        span=shown_span(t, campaigns.LIST_LIFE),
        begin=quiet_hours.shown_begin(),
        end=quiet_hours.shown_end(),
    )


def named(t: Translator, problem: FieldProblem) -> str:
    """The same with the field's name and place in front, for a list above a form."""
    return f"{place(t, problem.where)}: {said(t, problem)}"


def place(t: Translator, where: str) -> str:
    """A field's path in words: `th.parts.0.cards.1.title` is “Thai, part 1, card 2, title”."""
    found, steps = [], where.split(".")
    for at, step in enumerate(steps):
        number = int(step) + 1 if step.isdecimal() else 0
        before = steps[at - 1] if at else ""
        following = steps[at + 1] if at + 1 < len(steps) else ""
        if step in {"th", "en"}:
            found.append(label(Language(step), t))
        elif number and before == "parts":
            found.append(t("part {number}", number=number))
        elif number and before == "cards":
            found.append(t("card {number}", number=number))
        elif number and before == "buttons":
            found.append(t("button {number}", number=number))
        elif not following.isdecimal() and step in _FIELDS:
            found.append(t(_FIELDS[step]))
    return ", ".join(found) or t("This announcement")


def paused(t: Translator, reason: str | None) -> tuple[str, str]:
    """Why it is paused, and what to do; a person's own pause has no reason of the system's."""
    key = (reason or "").split(":")[0].split(" ")[0]
    if key in PAUSES:
        happened, cure = PAUSES[key]
        return _filled(t, happened), _filled(t, cure)
    return t("A member of staff paused it."), t("It goes on where it stood.")


def _filled(t: Translator, sentence: str) -> str:
    return t(
        sentence, late=shown_span(t, batches.LATE), list_life=shown_span(t, campaigns.LIST_LIFE)
    )


def excluded(t: Translator, reason: ExclusionReason) -> str:
    """Why somebody does not get it."""
    return t(EXCLUSIONS[reason])


def dropped(t: Translator, reason: ExclusionReason) -> str:
    """Why somebody on the list is not sent it after all."""
    return t(CHANGED_THEIR_MIND.get(reason, EXCLUSIONS[reason]))


def left_out(t: Translator, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Everybody who was left out, by reason in words, the most frequent first."""
    people = Counter[ExclusionReason]()
    for key, times in counts.items():
        kind, _dot, reason = key.partition(".")
        if kind == "left_out":
            people[ExclusionReason(reason)] += times
    listed = [(excluded(t, reason), people[reason]) for reason in ExclusionReason]
    return sorted(((said, times) for said, times in listed if times), key=lambda each: -each[1])


def note(t: Translator, verdict: CampaignAction, written: str | None) -> str:
    """What stands beside a decision: a person's words, or the system's reason in ours."""
    if not written:
        return ""
    of_system = {CampaignAction.PAUSED, CampaignAction.STOPPED}
    if written in PAUSES and (verdict in of_system or written == "restored"):
        return _filled(t, PAUSES[written][0])
    if verdict is CampaignAction.APPROVED and written == "series":
        return t("The approval of its series covers it.")
    return "" if written == "person" else written

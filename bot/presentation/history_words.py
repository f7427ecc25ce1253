"""The history in people's words: one short sentence for each entry."""

from collections.abc import Mapping

from bot.presentation import request_words
from bot.presentation.labels import label
from bot.services.audit.audit import Action
from bot.services.courses import courses
from bot.services.people.fields import FIELDS, Item
from bot.services.privacy.history import HistoryEntry, HistoryKind
from bot.services.subscriptions import topics
from bot.settings import Settings
from bot.texts import Translator
from models.consent import ConsentState, Purpose
from models.privacy import PrivacyRequest, RequestKind, RequestState

Titles = Mapping[str, str]


def titles(settings: Settings, language: str) -> Titles:
    """What courses, lessons and topics are called; what has vanished goes by its id."""
    found = {}
    for course in courses.load(settings.courses_dir):
        found[f"course {course.id}"] = course.title[language]
        for lesson in course.lessons:
            found[f"lesson {course.id}/{lesson.id}"] = lesson.title[language]
    found |= {f"topic {one.id}": one.title[language] for one in topics.load(settings.news_dir)}
    return found


def sentence(t: Translator, entry: HistoryEntry, named: Titles) -> str:
    """What happened."""
    detail = entry.detail
    match entry.kind:
        case HistoryKind.COURSE:
            course = named.get(f"course {detail['course']}", detail["course"])
            return t("{course}: {done} lessons done", course=course, done=detail["done"])
        case HistoryKind.ACCOUNT:
            return _act(t, Action(detail["what"]), is_again=bool(detail.get("is_again")))
        case HistoryKind.CHANGE:
            return _change(t, detail)
        case HistoryKind.CONSENT:
            return _consent(t, detail)
        case HistoryKind.NEWS:
            return _news(t, detail, named)
        case HistoryKind.REQUEST:
            return _request(t, detail)
        case HistoryKind.DISCLOSURE:
            recipient, items = detail["recipient"], detail["items"]
            return t("Data given to {recipient}: {items}", recipient=recipient, items=items)


def _act(t: Translator, action: Action, *, is_again: bool) -> str:
    if action is Action.PASSWORD_ISSUED and is_again:
        return t("A new temporary password was shown to you; the old one ended")
    return {
        Action.LEARNER_CREATED: t("You registered"),
        Action.ACCOUNT_CREATED: t("Your E-Learning account was made"),
        Action.ACCOUNT_CLOSED: t("Your E-Learning account was closed"),
        Action.ACCOUNT_FROZEN: t("Your account was frozen"),
        Action.ACCOUNT_UNFROZEN: t("Your account was opened again"),
        Action.LINK_ISSUED: t("A one-time link to a password was sent in the chat"),
        Action.PASSWORD_ISSUED: t("Your first temporary password was shown to you"),
        Action.PASSWORD_CHANGED: t("You chose a password of your own"),
        Action.STAY_OPENED: t("You asked to stay signed in on a phone or computer"),
        Action.LEARNER_RELINKED: t("Your account moved to another LINE account"),
    }[action]


def _change(t: Translator, detail: Mapping[str, str]) -> str:
    if detail["what"] == Action.EMAIL_VERIFIED:
        return t("You confirmed your e-mail address")
    return t(FIELDS[Item(detail["item"])].changed)


def _consent(t: Translator, detail: Mapping[str, str]) -> str:
    purpose = label(Purpose(detail["purpose"]), t)
    state = ConsentState(detail["state"])
    if detail["actor"] == "guardian":
        said = {  # another one than the reader
            ConsentState.GIVEN: t("your guardian agreed"),
            ConsentState.REFUSED: t("your guardian declined"),
            ConsentState.WITHDRAWN: t("your guardian withdrew"),
        }.get(state)
        if said:
            return f"{purpose}: {said}"
    return f"{purpose}: {label(state, t)}"


def _news(t: Translator, detail: Mapping[str, str], named: Titles) -> str:
    if detail["what"] == Action.NEWS_PAUSED:
        return t("You paused the news") if detail["until"] else t("You ended the pause of the news")
    topic = named.get(f"topic {detail['topic']}", detail["topic"])
    if detail["channel"] == "line":
        return t("News on LINE: {topic}", topic=topic)
    return t("News by e-mail: {topic}", topic=topic)


def _request(t: Translator, detail: Mapping[str, str]) -> str:
    row = PrivacyRequest(kind=RequestKind(detail["what"]), state=RequestState(detail["state"]))
    what, state = label(row.kind, t), request_words.state_name(t, row)
    if detail["asked_by"] == "guardian":
        if not detail.get("is_for_child"):  # what is ready is not ready for the child
            state = label(row.state, t)
        what = t(request_words.OF_A_CHILD[row.kind])
        if detail.get("is_for_child"):
            return t("You asked for your child: {what} ({state})", what=what, state=state)
        return t("Your guardian asked: {what} ({state})", what=what, state=state)
    return t("You asked: {what} ({state})", what=what, state=state)

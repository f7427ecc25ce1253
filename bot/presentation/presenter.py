"""The presenter that app.py hands to services: what is to be told, as LINE takes it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from bot.line.messages import Message
from bot.line.sending import multicast_body, push_body
from bot.presentation import (
    campaign_cards,
    campaign_messages,
    mail_trouble_words,
    notices,
    preview_banners,
    questions,
    request_words,
    work_words,
)
from bot.services.accounts.notices import AccountMoved, PasswordReset, Welcomed
from bot.services.campaigns.content.rendered import Announcement
from bot.services.campaigns.workflow.alerts import AnnouncementCard, AnnouncementPaused
from bot.services.campaigns.workflow.rollout import StaffCopy
from bot.services.campaigns.workflow.test_sends import TrialCopy
from bot.services.delivery.mail_trouble import MailTrouble
from bot.services.delivery.presenter import Notice
from bot.services.learners.invitations import Invitation, WayToPassword
from bot.services.learners.merging import AccountsMerged, AccountsParted
from bot.services.privacy.answers import RequestClosed
from bot.services.privacy.rights import GuardianActed, RequestReceived
from bot.services.statistics.waiting import WorkWaits
from bot.services.subscriptions.renewals import ConsentRanOut
from bot.texts import Translator, translator

CHAT: Mapping[type[Notice], Callable[[Any, Translator], list[Message]]] = {
    PasswordReset: notices.reset_card,
    AccountMoved: notices.moved_card,
    AccountsMerged: notices.merged_card,
    AccountsParted: notices.parted_card,
    RequestClosed: request_words.closed,
    GuardianActed: request_words.acted,
    WayToPassword: notices.way_card,
    ConsentRanOut: questions.again,
    Announcement: campaign_messages.announcement,
    TrialCopy: preview_banners.trial,
    StaffCopy: preview_banners.for_staff,
    WorkWaits: work_words.card,
}
LETTERS: Mapping[type[Notice], Callable[[Any, Translator], dict[str, str]]] = {
    Welcomed: notices.welcome_letter,
    PasswordReset: notices.letter,
    AccountMoved: notices.letter,
    AccountsMerged: notices.merged_letter,
    RequestReceived: request_words.received_letter,
    RequestClosed: request_words.closed_letter,
    GuardianActed: request_words.acted_letter,
    Invitation: notices.invitation_letter,
    AnnouncementPaused: campaign_cards.paused_letter,
    MailTrouble: mail_trouble_words.letter,
    WorkWaits: work_words.letter,
}


class LinePresenter:
    """Says everything as messages and requests of LINE (bot/services/delivery/presenter.py)."""

    def messages(self, session: Session, notice: Notice, language: str) -> list[Message]:
        t = translator(language)
        if isinstance(notice, AnnouncementCard):  # the one that looks more up
            return campaign_cards.alert(session, notice, t)
        return CHAT[type(notice)](notice, t)

    def values(self, notice: Notice, language: str) -> dict[str, str]:
        return LETTERS[type(notice)](notice, translator(language))

    def push(self, to: str, messages: bytes) -> bytes:
        return push_body(to, messages)

    def multicast(self, to: Sequence[str], messages: bytes, unit: str | None) -> bytes:
        return multicast_body(to, messages, unit)

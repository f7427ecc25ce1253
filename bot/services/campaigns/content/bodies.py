"""What campaigns say, made once for the many batches that say it."""

import threading
from collections import OrderedDict

from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.services.campaigns.content import mail, rendered
from bot.services.subscriptions import topics
from bot.services.subscriptions.topics import Topic
from bot.settings import Settings
from bot.texts.letters import Letter
from models.campaign import Campaign

MAX_KEPT = 32


class TopicGoneError(BotError):
    """The topic of a campaign is not in the owner's file any more."""


class ChangedError(BotError):
    """What would be said is not what was approved: a topic's title or the school's name is new."""


class Bodies:
    """LINE's messages as JSON, and the letter, of a campaign as it was approved, by language."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, ...], bytes | Letter] = OrderedDict()

    def messages(
        self, session: Session, campaign_id: str, digest: str | None, language: str
    ) -> bytes:
        """The same bytes each time, as long as what was approved is the same."""
        key = ("line", campaign_id, digest or "", language)
        found = self._found(key)
        if not isinstance(found, bytes):
            campaign, topic = self._campaign(session, campaign_id, digest)
            found = rendered.messages(session, campaign, language, topic, self._settings)
            self._keep(key, found)
        return found

    def letter(
        self, session: Session, campaign_id: str, digest: str | None, language: str
    ) -> Letter:
        """The mail of a campaign; `{unsubscribe}` is still open in it."""
        key = ("mail", campaign_id, digest or "", language)
        found = self._found(key)
        if not isinstance(found, Letter):
            campaign, topic = self._campaign(session, campaign_id, digest)
            found = mail.letter(campaign.content, language, topic, self._settings)
            self._keep(key, found)
        return found

    def _campaign(
        self, session: Session, campaign_id: str, digest: str | None
    ) -> tuple[Campaign, Topic]:
        campaign = session.get_one(Campaign, campaign_id)
        topic = topics.find(self._settings.news_dir, campaign.topic)
        if topic is None:
            raise TopicGoneError
        if digest != rendered.digest(session, campaign, self._settings):
            raise ChangedError
        return campaign, topic

    def _found(self, key: tuple[str, ...]) -> bytes | Letter | None:
        with self._lock:
            return self._made.get(key)

    def _keep(self, key: tuple[str, ...], made: bytes | Letter) -> None:
        with self._lock:
            self._made[key] = made
            while len(self._made) > MAX_KEPT:
                self._made.popitem(last=False)

"""A repeated announcement with its author, its approver and three readers."""

from datetime import timedelta

from bot.runtime import campaign_calendar, campaigning, quota_reading
from bot.runtime.campaign_sending import CampaignSending
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft
from models.base import new_id
from models.campaign import Campaign
from models.staff import Role
from models.subscription import Channel
from tests.factories import make_staff
from tests.news import Subscriber

OLD, NEW = "ราคาเดิม", "ราคาที่แก้แล้ว"
MONDAYS = "0 10 * * mon"


def draft(said, rule=MONDAYS):
    content = {"th": {"title": said, "parts": [{"type": "text", "text": said}]}}
    return Draft("รายสัปดาห์", "courses", content, Audience(), rule=rule)


class Series:
    """A pattern of one author, approved by somebody else, with three readers."""

    def __init__(self, bot, line, rows, rule=MONDAYS):
        self.bot, self.line, self.rows, self.author = bot, line, rows, new_id()
        for number in range(3):
            Subscriber(bot, line, Channel.LINE, name=f"คนที่ {number}")
        self.approver = bot.database.write(
            lambda session: make_staff(session, bot.clock(), roles={Role.APPROVER}).id
        )
        made = draft(OLD, rule)
        self.id = bot.database.write(
            lambda session: (
                campaigns.create(session, made, self.author, bot.settings, bot.clock()).id
            )
        )
        self.is_approved()
        self.time = self.row().due_at

    def row(self, campaign_id=None):
        return self.bot.database.read(
            lambda session: session.get_one(Campaign, campaign_id or self.id)
        )

    def does(self, verb, *arguments, to=None):
        def work(session):
            verb(session, campaigns.locked(session, to or self.id), *arguments, self.bot.clock())

        self.bot.database.write(work)

    def is_approved(self):
        """Asked for, counted, and allowed by the approver."""
        self.does(campaigns.request_approval, self.author, self.bot.settings)
        campaigning.count(self.bot)
        self.does(campaigns.approve, self.approver, self.row().digest, self.bot.settings)

    def is_corrected(self, said=NEW):
        """Sent back, written anew and approved again."""
        self.does(campaigns.send_back, self.approver, "ราคาผิด")
        self.bot.database.write(
            lambda session: (
                campaigns.edit(
                    session,
                    self.id,
                    draft(said),
                    self.row().revision,
                    self.author,
                    self.bot.settings,
                    self.bot.clock(),
                )
                and None
            )
        )
        self.is_approved()

    def before_its_time(self, minutes):
        self.bot.clock.time = self.time - timedelta(minutes=minutes)
        self.tick()

    def tick(self):
        """What the clock calls."""
        quota_reading.read(self.bot)
        campaign_calendar.tick(self.bot)
        campaigning.count(self.bot)
        campaign_calendar.tick(self.bot)
        campaigning.move_on(self.bot)
        CampaignSending(self.bot, senders=2).drain()

    def runs(self, minutes):
        for _ in range(minutes):
            self.tick()
            self.bot.clock.advance(minutes=1)

    @property
    def members(self):
        found = self.rows(Campaign, Campaign.series_id == self.id)
        return sorted(found, key=lambda member: member.id)

    @property
    def told(self):
        """What LINE was given to say, once for each call."""
        calls = [call for call in self.line.calls if call.endpoint == "multicast"]
        return [call.body["messages"][0]["text"] for call in calls]

"""The overview: who comes, how far they get, who reads what, what it costs, what goes out next."""

from dataclasses import replace
from datetime import date, timedelta

from babel.dates import get_month_names
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation import mail_trouble_words
from bot.services.campaigns.reporting.month import Use
from bot.services.delivery import mail_trouble
from bot.services.staff.permissions import Permission
from bot.services.statistics import dashboard, small_numbers
from bot.services.statistics.dashboard import Dashboard, Week
from bot.services.statistics.small_numbers import Cell, Mark
from bot.services.subscriptions import topics
from bot.texts import Translator
from bot.texts import marked as _
from bot.texts.dates import shown_day
from handlers.console import charts
from handlers.console.charts import Bar, Chart
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.campaign import CampaignState
from models.subscription import Channel

LATE = timedelta(hours=1)  # older figures are marked as such


USES: dict[Use, str] = {
    Use.ANNOUNCEMENTS: _("Announcements to learners"),
    Use.STAFF_COPIES: _("Copies of announcements for colleagues"),
    Use.TESTS: _("Tests while writing"),
    Use.ANSWERS: _("Late answers in the chat"),
    Use.NOTICES: _("Notices about somebody’s own account"),
}
STEPS = (_("Greeted"), _("Consented"), _("Registered"), _("Signed in"))
# In a line about the next ones, where campaign_words.STATES has headings.
NEXT_ONES: dict[CampaignState, str] = {
    CampaignState.APPROVED: _("approved"),
    CampaignState.SCHEDULED: _("scheduled"),
    CampaignState.SENDING: _("is going out"),
}


@console.get("/overview", endpoint="dashboard")
@allow(Permission.SEE_DASHBOARD)
def overview() -> AnyResponse:
    """Everything on one page; nothing is counted while somebody waits for it."""
    bot, t = the_bot(), language.translate()
    now, settings = bot.clock(), bot.settings
    found = bot.database.read(lambda session: dashboard.dashboard(session, settings, now))
    known = topics.load(settings.news_dir)
    steps = list(zip(STEPS, found.funnel, strict=True))
    if not settings.system.is_embedded:
        steps.pop()  # who has signed in: only the embedded system tells us
    return page(
        "dashboard",
        title=t("Overview"),
        found=found,
        is_late=found.counted_at is not None and now - found.counted_at > LATE,
        cell=lambda cell: _said(t, cell),
        day=lambda day: shown_day(day, t.language),
        days=_days(found, t),
        weeks=_weeks(found, t),
        steps=[(t(name), cell) for name, cell in steps],
        share=charts.share,
        widest=next((cell.value for cell in found.funnel if cell.value), None),
        topics=[
            (
                topic.title[t.language],
                _subscribers(found, topic.id, Channel.LINE),
                _subscribers(found, topic.id, Channel.EMAIL),
                found.reached.get(topic.id, small_numbers.alone(0)),
            )
            for topic in known
        ],
        uses=[(t(name), found.by_use[use]) for use, name in USES.items() if found.by_use[use]],
        least=small_numbers.MIN_SHOWN,
        plan=settings.line_included,
        reserve=settings.quota_reserve,
        states=NEXT_ONES,
        may_open=member().may(Permission.SEE_CAMPAIGNS),
        mail_trouble=_mail_trouble(t),
    )


def _mail_trouble(t: Translator) -> list[str]:
    """What is wrong with our mails, for whoever can do something about it."""
    bot = the_bot()
    if not member().may(Permission.SEE_RETURNED_MAILS):
        return []
    mailbox = bot.bounce_mailbox.name if bot.bounce_mailbox else None
    found = bot.database.read(
        lambda session: mail_trouble.of(session, mailbox, bot.settings, bot.clock())
    )
    # The letters that wait stand with what waits for this member.
    return mail_trouble_words.lines(t, replace(found, letters=0))


def _said(t: Translator, cell: Cell) -> str:
    """A figure, or why it does not stand there."""
    if cell.mark is Mark.SMALL:
        return t("fewer than {least}", least=small_numbers.MIN_SHOWN)
    if cell.mark is Mark.WITHHELD:
        return t("withheld")
    return f"{cell.value:,}"


def _subscribers(found: Dashboard, topic: str, channel: Channel) -> Cell:
    return found.subscribers.get((channel, topic), small_numbers.alone(0))


def _short(day: date, t: Translator) -> str:
    """A day as a chart has room for it."""
    return f"{day.day} {get_month_names('abbreviated', locale=t.language)[day.month]}"


def _days(found: Dashboard, t: Translator) -> Chart:
    cells = [pair for week in found.weeks for pair in week.days]
    return charts.columns([Bar(_short(day, t), cell.value) for day, cell in cells], labels=4)


def _weeks(found: Dashboard, t: Translator) -> Chart:
    return charts.columns([_week(week, t) for week in found.weeks], labels=4)


def _week(week: Week, t: Translator) -> Bar:
    return Bar(_short(week.monday, t), week.total.value)

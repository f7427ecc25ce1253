"""What a restored database would send by itself, held: since the backup it may have gone out.

Better one notice too few than one twice; the operator is told what was kept back.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.services.audit.audit import Action
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.decisions import log_event, record
from bot.services.delivery.outbox import KEY_LIFE
from bot.services.learners import imports as csv_imports
from models.campaign import ON_THE_WAY, Campaign, CampaignAction, CampaignState
from models.inbox import EventState, WebhookEvent
from models.mail import Mail, MailState
from models.outbox import Push, PushState

RESTORED = "restored"  # what a page says of it: campaign_words.PAUSES
_REQUEST = "request:"  # with its number: an answer, or the word that it arrived


class HeldSendings(NamedTuple):
    """How many announcements are held or drafts again, and what waited and is not sent.

    mails: by template. requests: the numbers of those that an unsent push or mail was about.
    imports: files of learners that were being gone through.
    """

    campaigns: int
    drafts: int
    pushes: int
    mails: Mapping[str, int]
    requests: tuple[str, ...]
    imports: int


def hold(session: Session, made_at: datetime, now: datetime) -> HeldSendings:
    """made_at: when the backup was made, or a little before."""
    held, drafts = _hold_campaigns(session, now)
    pushes, of_pushes = _end_pushes(session, made_at, now)
    mails, of_mails = _end_mails(session, made_at)
    _end_answers(session)
    imports = csv_imports.forget_running(session, now)
    about = tuple(sorted(of_pushes | of_mails))
    return HeldSendings(held, drafts, pushes, mails, about, imports)


def _hold_campaigns(session: Session, now: datetime) -> tuple[int, int]:
    """What goes out, will go out or waits for a yes has to be let go by an approver, by hand.

    Their batches and mails wait with them.
    """
    states = ON_THE_WAY | {CampaignState.IN_REVIEW}
    query = select(Campaign).where(Campaign.state.in_(states)).order_by(Campaign.id)
    held = drafts = 0
    for campaign in session.scalars(query).all():
        if campaign.state is CampaignState.IN_REVIEW:
            campaigns.send_back(session, campaign, None, RESTORED, now)
            drafts += 1
            continue
        if campaign.state is CampaignState.PAUSED:  # or with its series, a moment ago
            campaign.pause_reason = RESTORED
            log_event(session, campaign, CampaignAction.PAUSED, None, RESTORED, now)
            record(session, Action.CAMPAIGN_PAUSED, campaign, None, now)
        else:
            campaigns.pause(session, campaign, None, RESTORED, now)
        held += 1
    return held, drafts


def _end_pushes(session: Session, made_at: datetime, now: datetime) -> tuple[int, set[str]]:
    """LINE knows a repeat by its retry key for a day: within it a notice may be tried again.

    News may not: whoever it is for may have said no since. A try since the backup is taken for
    granted, so that nothing is tried after the day.
    """
    is_known = Push.purpose.is_(None) & (
        func.coalesce(Push.first_tried_at, made_at) > now - KEY_LIFE
    )
    queued = Push.state == PushState.QUEUED
    session.execute(
        update(Push)
        .where(queued, is_known)
        .values(
            attempts=Push.attempts + 1,
            first_tried_at=func.coalesce(Push.first_tried_at, made_at),
            worker=None,
            lease_until=None,
        )
        .execution_options(synchronize_session=False)
    )
    ended = session.execute(
        update(Push)
        .where(queued, ~is_known)
        .values(
            state=PushState.UNKNOWN,
            reason=RESTORED,
            first_tried_at=func.coalesce(Push.first_tried_at, made_at),
            to_sealed=None,
            messages_sealed=None,
            lease_until=None,
        )
        .returning(Push.cause)
        .execution_options(synchronize_session=False)
    )
    causes = ended.scalars().all()
    return len(causes), _about(causes)


def _end_mails(session: Session, made_at: datetime) -> tuple[dict[str, int], set[str]]:
    """No mail server knows a repeat. What was written stays to be read, sealed, in the archive."""
    ended = session.execute(
        update(Mail)
        .where(Mail.state == MailState.QUEUED, Mail.campaign_id.is_(None))
        .values(
            state=MailState.UNKNOWN,
            reason=RESTORED,
            first_tried_at=func.coalesce(Mail.first_tried_at, made_at),
            lease_until=None,
        )
        .returning(Mail.template, Mail.cause)
        .execution_options(synchronize_session=False)
    ).all()
    templates = Counter(row.template for row in ended)
    return dict(sorted(templates.items())), _about([row.cause for row in ended])


def _end_answers(session: Session) -> None:
    """What was said in the chat took effect before the backup, and has been answered since."""
    session.execute(
        update(WebhookEvent)
        .where(WebhookEvent.state == EventState.ANSWERING)
        .values(state=EventState.DONE, payload_sealed=None, answer_sealed=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _about(causes: Sequence[str]) -> set[str]:
    """The numbers of the requests among what caused pushes or mails."""
    return {cause.split(":")[1] for cause in causes if cause.startswith(_REQUEST)}

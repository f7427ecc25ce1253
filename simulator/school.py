"""The demo's school: some hundred invented people and what happened with them in the last months.

Everybody is made up, from the same seed each time; addresses end in example.com, and no phone of
the simulator belongs to them, so that nothing sent to them arrives anywhere. The past is in its
final states: no job has anything to do about it.
"""

import hashlib
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.errors import BotError
from bot.logs import failure
from bot.runtime import Bot, campaigning, counting, quota_reading
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.reporting import month
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft
from bot.services.campaigns.workflow.decisions import log_event
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.courses import courses
from bot.services.learners import tags
from bot.services.learners.invitations import IMPORTED
from bot.services.people import people
from bot.services.people.subjects import Subject
from bot.services.privacy import requests
from bot.services.privacy.requests import Asked
from bot.services.shared import quiet_hours
from bot.services.subscriptions import topics
from bot.services.subscriptions.subscriptions import PURPOSE_OF
from bot.services.subscriptions.topics import NewsKind
from models.account import Account, AccountState
from models.base import new_id
from models.campaign import Campaign, CampaignAction, CampaignState, RolloutStage
from models.consent import ConsentState, Purpose
from models.conversation import Conversation, Language
from models.imports_exports import ExportRequest, ExportState, Import, ImportState
from models.inquiry import Inquiry
from models.learner import AgeBand, Learner, PossibleDuplicate
from models.outbox import Push, PushState
from models.portal import LessonProgress, PortalAccount
from models.privacy import RequestKind, RequestState
from models.recipient import Batch, BatchState, ExclusionReason, Recipient
from models.subscription import Channel, Subscription
from models.tag import LearnerTag
from simulator import console_door
from simulator.platform import Platform
from simulator.sample_news import SAMPLES

SEED = "English Planet"
LEARNERS, IMPORTED_ONES, GREETED, CONSENTED = 420, 24, 60, 20
QUOTA = 15_000  # messages a month, as a school of this size has them
WEEK = timedelta(days=7)
DAYS = 80  # how far back the first of them came
GROUPS = ("ห้อง A1", "ห้อง B2", "กลุ่มวันเสาร์")
PATIENCE = 60  # tries, a second apart, until our own LINE answers
THAI_NAMES = (
    "กมล", "กานดา", "จิราพร", "ชนิดา", "ณัฐพล", "ธนากร", "ธิดา", "นภัสสร", "นิรันดร์", "บุญมา",
    "ปรียา", "พิมพ์ใจ", "ภูผา", "มานี", "มานะ", "รัตนา", "วรรณา", "วิชัย", "ศิริพร", "สมชาย",
    "สมหญิง", "สุดา", "อรุณ", "อารีย์",
)  # fmt: skip
THAI_SURNAMES = (
    "แก้วใส", "คงมั่น", "ใจดี", "จันทร์งาม", "ชื่นบาน", "ดวงดี", "ทองสุข", "นาคำ", "บุญมี", "พงษ์ไพร",
    "มีสุข", "รักเรียน", "ศรีสุข", "สายทอง", "แสนดี",
)  # fmt: skip
ENGLISH_NAMES = ("Alice", "Ben", "Chloe", "Daniel", "Emma", "Frank", "Grace", "Henry")
ENGLISH_SURNAMES = ("Brown", "Carter", "Evans", "Green", "Hill", "Moore", "Turner", "Walker")


def open_school(bot: Bot, platform: Platform) -> None:
    """Fill an empty database with the school's past, then let its present go the usual ways.

    Runs beside the server, which has begun to answer. A database with people in it stays as it is.
    """
    with platform.lock:
        platform.usage.quota = QUOTA
    try:
        if bot.database.write(lambda session: found_school(session, bot)):
            counting.count(bot)
            _count_past(bot, platform)
            present(bot)
        else:
            _count_past(bot, platform)
    except BotError as error:
        bot.log.warning("school.not_opened", **failure(error))


def _count_past(bot: Bot, platform: Platform) -> None:
    """LINE's own count of the month: the simulator forgets it at each start."""
    sent = bot.database.read(lambda session: month.by_use(session, bot.clock()))
    with platform.lock:
        platform.usage.count_paid("multicast", sum(sent.values()), bot.clock())


def found_school(session: Session, bot: Bot) -> bool:
    """Everything that has happened, in one transaction; False where somebody is here already."""
    if session.scalars(select(Conversation.id).limit(1)).first() is not None:
        return False
    chance, now = random.Random(SEED), bot.clock()  # noqa: S311 - invented data, each time the same
    author, approver = (console_door.member(session, key, now) for key in ("author", "approver"))
    support = console_door.member(session, "support", now)
    for word in GROUPS:
        tags.make(session, word, support, now)
    school = _School(session, bot, chance, now)
    enrolled = school.people()
    _send_past(school, enrolled, author, approver)
    _ask_things(school, enrolled)
    _pushes(school, enrolled)
    _files(session, support, now)
    return True


@dataclass(frozen=True)
class Enrolled:
    """A learner and the chat that they registered in."""

    learner: Learner
    chat: Conversation
    channels: tuple[Channel, ...]
    topics: tuple[str, ...]


def _user_id(number: int) -> str:
    """Of nobody: no phone of the simulator has it."""
    return "U" + hashlib.sha256(f"{SEED} {number}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class _School:
    """What everybody is made with."""

    session: Session
    bot: Bot
    chance: random.Random
    now: datetime

    def people(self) -> list[Enrolled]:
        """In the order in which they came: more and more, on some days nobody.

        In three passes, each written at once: chats, learners, and what hangs on a learner.
        """
        kinds = (
            ["learner"] * LEARNERS
            + ["imported"] * IMPORTED_ONES
            + ["greeted"] * GREETED
            + ["consented"] * CONSENTED
        )
        came = sorted(
            (self.now - timedelta(days=self._days_ago(kind), minutes=self.chance.randrange(600)), n)
            for n, kind in enumerate(kinds)
        )
        with self.session.no_autoflush:
            chats = [(n, self._chat(n, kinds[n], at)) for at, n in came]
            self.session.flush()
            for n, chat in chats:
                if kinds[n] != "greeted":
                    self._says_yes(chat, Purpose.ENROLMENT)
            learners = [
                (n, chat, self._learner(n, chat))
                for n, chat in chats
                if kinds[n] in {"learner", "imported"}
            ]
            self.session.flush()
            accounts = [self._account(n, learner) for n, _, learner in learners]
            self.session.flush()
            for (_, _, learner), account in zip(learners, accounts, strict=True):
                self._use(learner, account)
            return [self._wishes(chat, learner) for _, chat, learner in learners]

    def _days_ago(self, kind: str) -> float:
        if kind == "imported":
            return 40
        if kind == "learner":
            return float(DAYS * self.chance.random() ** 1.2 + 0.3)
        return self.chance.uniform(0.5, 28)

    def _chat(self, number: int, kind: str, at: datetime) -> Conversation:
        is_imported = kind == "imported"
        is_gone = self.chance.random() < 0.06 and not is_imported
        person = people.pseudonym(self.bot.keyring, _user_id(number))
        chat = Conversation(
            id=new_id(),
            person=f"{IMPORTED}{new_id()}" if is_imported else person,
            language=Language.ENGLISH if self.chance.random() < 0.12 else Language.THAI,
            created_at=at,
            seen_at=at,
            blocked_at=self._later(at) if is_gone else None,
        )
        self.session.add(chat)
        return chat

    def _learner(self, number: int, chat: Conversation) -> Learner:
        at, has_chat = chat.created_at, not chat.person.startswith(IMPORTED)
        uses = self.chance.random() < 0.72 and has_chat
        learner = Learner(
            id=new_id(),
            conversation_id=chat.id,
            age_band=AgeBand.FROM_20,
            language=chat.language,
            created_at=at,
            used_at=self._later(at) if uses else None,
            email_verified_at=at if self.chance.random() < 0.8 else None,
        )
        self.session.add(learner)
        learner.line_user_id = _user_id(number) if has_chat else ""
        learner.name = self._name(chat.language)
        learner.phone = f"+668{number % 10}0000{number:03d}"
        learner.email = f"{chr(97 + number % 26)}{number}@example.com"
        learner.line_id = f"demo.{number}" if self.chance.random() < 0.7 else None
        chat.learner_id = learner.id
        return learner

    def _name(self, language: Language) -> str:
        thai = language is Language.THAI
        names = (THAI_NAMES, THAI_SURNAMES) if thai else (ENGLISH_NAMES, ENGLISH_SURNAMES)
        return " ".join(self.chance.choice(each) for each in names)

    def _account(self, number: int, learner: Learner) -> PortalAccount:
        """Nobody gets in: there is no password."""
        at, is_frozen = learner.created_at, number % 97 == 1
        account = Account(
            id=new_id(),
            learner_id=learner.id,
            provider=self.bot.provider.name,
            username=f"demo{number:04d}",
            state=AccountState.FROZEN if is_frozen else AccountState.ACTIVE,
            created_at=at,
            issued_at=at,
        )
        portal = PortalAccount(
            id=new_id(),
            external_key=account.id,
            username=account.username,
            created_at=at,
            suspended_at=at if is_frozen else None,
        )
        self.session.add_all((account, portal))
        return portal

    def _use(self, learner: Learner, account: PortalAccount) -> None:
        if self.chance.random() < 0.5:
            word = self.chance.choice(GROUPS)
            self.session.add(LearnerTag(learner_id=learner.id, tag=word, put_at=learner.created_at))
        if learner.used_at is None:
            return
        course = self.chance.choice(courses.load(self.bot.settings.courses_dir))
        for lesson in course.lessons[: self.chance.randrange(len(course.lessons) + 1)]:
            self.session.add(
                LessonProgress(
                    id=new_id(),
                    account_id=account.id,
                    course=course.id,
                    lesson=lesson.id,
                    done_at=self._later(learner.created_at),
                )
            )

    def _wishes(self, chat: Conversation, learner: Learner) -> Enrolled:
        channels = tuple(
            channel
            for channel, share in ((Channel.LINE, 0.62), (Channel.EMAIL, 0.35))
            if self.chance.random() < share and (channel is Channel.EMAIL or learner.line_user_id)
        )
        known = [topic.id for topic in topics.load(self.bot.settings.news_dir)]
        chosen = tuple(topic for topic in known if self.chance.random() < 0.7)
        for channel in channels:
            self._says_yes(chat, PURPOSE_OF[channel])
            for topic in chosen:
                self.session.add(
                    Subscription(
                        id=new_id(),
                        subject_id=chat.id,
                        channel=channel,
                        topic=topic,
                        chosen_at=chat.created_at,
                    )
                )
        return Enrolled(learner, chat, channels, chosen)

    def _says_yes(self, chat: Conversation, purpose: Purpose) -> None:
        said, school = ConsentStatement("ตัวอย่างของระบบสาธิต"), self.bot.settings.school
        given, at = ConsentState.GIVEN, chat.created_at
        consents.record(self.session, chat, purpose, given, said, school, at)

    def _later(self, at: datetime) -> datetime:
        return at + (self.now - at) * self.chance.random()


def _send_past(school: _School, enrolled: Sequence[Enrolled], author: str, approver: str) -> None:
    """Announcements that went out, one that was stopped on its way, one that LINE refused."""
    kinds = list(NewsKind)
    for turn, (days, ends) in enumerate(
        (
            (68, CampaignState.DONE),
            (55, CampaignState.DONE),
            (47, CampaignState.FAILED),
            (41, CampaignState.DONE),
            (33, CampaignState.STOPPED),
            (12, CampaignState.DONE),
        )
    ):
        kind = kinds[turn % len(kinds)]
        known = topics.load(school.bot.settings.news_dir)
        topic = next((each for each in known if each.kind is kind), known[0])
        at = quiet_hours.next_open(
            (school.now - timedelta(days=days))
            .astimezone(BANGKOK)
            .replace(hour=10, minute=0, second=0, microsecond=0)
        )
        readers = [
            each for each in enrolled if topic.id in each.topics and each.learner.created_at < at
        ]
        _past(school, kind, topic.id, readers, ends, at, (author, approver))


def _past(
    school: _School,
    kind: NewsKind,
    topic: str,
    readers: Sequence[Enrolled],
    ends: CampaignState,
    at: datetime,
    by: tuple[str, str],
) -> None:
    session, sample = school.session, SAMPLES[kind]
    author, approver = by
    row_id = new_id()
    by_channel = {
        Channel.LINE: [each for each in readers if Channel.LINE in each.channels],
        Channel.EMAIL: [each for each in readers if each.channels == (Channel.EMAIL,)],
    }
    over = at + timedelta(minutes=25)
    campaign = Campaign(
        id=row_id,
        name=sample.title["th"],
        kind=kind,
        topic=topic,
        content=sample.content,
        audience=Audience().stored(),
        state=ends,
        author_id=author,
        created_at=at - timedelta(days=1),
        changed_at=at - timedelta(days=1),
        asked_at=at - timedelta(hours=20),
        asked_by=author,
        writers=[author],
        frozen_at=at - timedelta(hours=20),
        counts={channel.value: len(found) for channel, found in by_channel.items()},
        cost_messages=len(by_channel[Channel.LINE]),
        cost_satang=0,
        approved_digest="demo",
        approved_by=approver,
        approved_at=at - timedelta(hours=1),
        digest="demo",
        due_at=at,
        started_at=at,
        ended_at=over,
        alive_at=over,
        wave=RolloutStage.REST,
        unit=f"c{row_id[:29]}",
        results=_opens(by_channel[Channel.LINE], over) if ends is CampaignState.DONE else {},
    )
    session.add(campaign)
    session.flush()
    log_event(session, campaign, CampaignAction.ASKED, author, None, at - timedelta(hours=20))
    log_event(session, campaign, CampaignAction.APPROVED, approver, None, at - timedelta(hours=1))
    if ends is CampaignState.STOPPED:
        log_event(session, campaign, CampaignAction.STOPPED, approver, "พบคำผิดในหัวเรื่อง", over)
    for number, (channel, wave, members) in enumerate(_waves(by_channel)):
        _batch(school, campaign, number, channel, wave, members, over)


def _opens(readers: Sequence[Enrolled], over: datetime) -> dict[str, Any]:
    """What LINE told of it a day later; of few people it tells nothing."""
    seen = len(readers) * 7 // 10
    return {
        "read_at": (over + timedelta(days=1)).isoformat(),
        "unique_impression": seen if seen >= 20 else None,
        "unique_click": None,
        "clicks": [],
    }


def _pushes(school: _School, enrolled: Sequence[Enrolled]) -> None:
    """Messages that were sent to single people: notices, answers that came late, tests."""
    for number, each in enumerate(enrolled):
        if number % 3 or each.learner.used_at is None:
            continue
        at = max(each.learner.created_at, school.now - timedelta(days=number % 28))
        cause = (f"account-ready:{new_id()}", f"01{new_id()[:24].upper()}", f"test:{new_id()}")
        school.session.add(
            Push(
                id=new_id(),
                cause=cause[number % 5 % 3],
                person=each.chat.person,
                retry_key=new_id(),
                state=PushState.SENT,
                created_at=at,
                due_at=at,
                attempts=1,
                sent_at=at,
            )
        )


def _waves(
    by_channel: dict[Channel, list[Enrolled]],
) -> Iterator[tuple[Channel, RolloutStage, list[Enrolled]]]:
    for channel, found in by_channel.items():
        first = max(1, len(found) // 100)
        for wave, members in (
            (RolloutStage.FIRST, found[:first]),
            (RolloutStage.REST, found[first:]),
        ):
            if members:
                yield channel, wave, members


def _batch(
    school: _School,
    campaign: Campaign,
    number: int,
    channel: Channel,
    wave: RolloutStage,
    members: Sequence[Enrolled],
    over: datetime,
) -> None:
    states = {CampaignState.DONE: BatchState.SENT, CampaignState.FAILED: BatchState.REFUSED}
    state = states.get(campaign.state)
    if state is None:
        state = BatchState.SENT if wave is RolloutStage.FIRST else BatchState.STOPPED
    off = [each for each in members if each.chat.blocked_at and each.chat.blocked_at < over]
    off = off if channel is Channel.LINE and state is not BatchState.STOPPED else []
    school.session.add(
        Batch(
            campaign_id=campaign.id,
            number=number,
            wave=wave,
            channel=channel,
            language=Language.THAI,
            size=len(members),
            reached=None if state is BatchState.STOPPED else len(members) - len(off),
            state=state,
            retry_key=new_id(),
            due_at=over,
            attempts=1,
            reason="HTTP 400" if state is BatchState.REFUSED else None,
            settled_at=over,
        )
    )
    for each in members:
        school.session.add(
            Recipient(
                campaign_id=campaign.id,
                subject_id=each.chat.id,
                learner_id=each.learner.id,
                language=each.chat.language,
                channel=channel,
                wave=wave,
                batch=number,
                revision=each.learner.revision or 0,
                dropped=ExclusionReason.BLOCKED if each in off else None,
            )
        )


def _ask_things(school: _School, enrolled: Sequence[Enrolled]) -> None:
    """Requests in several states, people who want a person, pairs that may be one."""
    session, now = school.session, school.now
    with_chat = [each for each in enrolled if each.learner.line_user_id]
    for each, kind, days, state in zip(
        with_chat[10:],
        (RequestKind.ACCESS, RequestKind.CORRECT, RequestKind.ACCESS, RequestKind.OBJECT),
        (2, 6, 25, 38),
        (
            RequestState.RECEIVED,
            RequestState.ACKNOWLEDGED,
            RequestState.DONE,
            RequestState.DONE,
        ),
        strict=False,
    ):
        at = now - timedelta(days=days)
        asked = Asked(Subject(each.chat.id, each.learner.id))
        request = requests.open_request(session, asked, kind, at)
        request.state = state
        if state is not RequestState.RECEIVED:
            request.acknowledged_at = at + timedelta(hours=3)
        if state is RequestState.DONE:
            request.closed_at = at + timedelta(days=4)
    for number, topic in enumerate(("register", "news", "account")):
        chat = with_chat[20 + number].chat
        at = now - timedelta(hours=5 * number + 1)
        session.add(Inquiry(id=new_id(), conversation_id=chat.id, topic=topic, created_at=at))
    for one, other in ((with_chat[30], with_chat[31]), (with_chat[40], with_chat[44])):
        session.add(
            PossibleDuplicate(
                id=new_id(),
                learner_id=other.learner.id,
                other_id=one.learner.id,
                matched="phone",
                found_at=now - timedelta(days=3),
            )
        )
        other.learner.phone = one.learner.phone


def _files(session: Session, support: str, now: datetime) -> None:
    """Files that came in and went out, and one wish that waits for an answer."""
    for days, lines, refused in ((40, 26, 2), (18, 8, 8)):
        at = now - timedelta(days=days)
        session.add(
            Import(
                id=new_id(),
                member_id=support,
                digest=hashlib.sha256(f"{SEED} {days}".encode()).hexdigest(),
                state=ImportState.DONE,
                uploaded_at=at,
                expires_at=at + timedelta(days=1),
                columns={},
                lines=lines,
                position=lines,
                enrolled=lines - refused,
                refused=refused,
                finished_at=at + timedelta(minutes=2),
            )
        )
    approver = console_door.member(session, "privacy", now)
    for days, state in (
        (0, ExportState.WAITING),
        (20, ExportState.TAKEN),
        (9, ExportState.REFUSED),
    ):
        at = now - timedelta(days=days, hours=1)
        row = ExportRequest(
            id=new_id(),
            member_id=support,
            state=state,
            columns=["name", "phone"],
            in_full=False,
            chosen={},
            rows=LEARNERS,
            asked_at=at,
            expires_at=at + timedelta(days=1),
            decided_by=None if state is ExportState.WAITING else approver,
            decided_at=None if state is ExportState.WAITING else at + timedelta(hours=2),
            taken_at=at + timedelta(hours=3) if state is ExportState.TAKEN else None,
        )
        with session.no_autoflush:
            session.add(row)
            row.reason = "ทำรายชื่อเข้าห้องเรียนของเทอมหน้า"


def present(bot: Bot) -> None:
    """Drafts, one that was sent back, one that waits, one for later, a series: by the real ways."""
    now = bot.clock()
    tomorrow = quiet_hours.next_open(
        (now + timedelta(days=1))
        .astimezone(BANGKOK)
        .replace(hour=10, minute=0, second=0, microsecond=0)
    )
    waiting = bot.database.write(lambda session: _written(session, bot, tomorrow))
    if not waiting or not _answers(bot):
        return
    quota_reading.read(bot)
    campaigning.count(bot)
    bot.database.write(lambda session: _decided(session, bot, waiting))


def _written(session: Session, bot: Bot, tomorrow: datetime) -> dict[str, str]:
    """What is written and asked for; the ids of what is to be decided, by what is decided."""
    now, settings = bot.clock(), bot.settings
    author, approver = (console_door.member(session, key, now) for key in ("author", "approver"))
    known = {topic.kind: topic.id for topic in topics.load(settings.news_dir)}

    def write(name: str, kind: NewsKind | None, **plan: object) -> Campaign:
        content = SAMPLES[kind].content if kind else {}
        topic = known.get(kind, "") if kind else ""
        draft = Draft(name, topic, content, Audience(), **plan)  # type: ignore[arg-type]
        made = campaigns.create(session, draft, author, settings, now)
        session.flush()
        return made

    write("ร่าง: แบบทดสอบวัดระดับ", None)
    asked = {
        "back": write("ชวนเพื่อนมาเรียน (แก้ไขก่อนส่ง)", NewsKind.NEWS),
        "wait": write("บทความประจำสัปดาห์", NewsKind.ARTICLE),
        "later": write("คอร์สใหม่เดือนหน้า", NewsKind.COURSE_INFO, send_at=tomorrow),
        "paused": write("ปิดเรียนวันหยุดยาว", NewsKind.COURSE_INFO, send_at=tomorrow + WEEK),
        "series": write("วิดีโอทุกวันเสาร์", NewsKind.VIDEO, rule="0 10 * * sat"),
    }
    for campaign in asked.values():
        if campaign.topic:
            campaigns.request_approval(session, campaign, author, settings, now)
    campaigns.send_back(session, asked.pop("back"), approver, "เพิ่มวันสิ้นสุดโปรโมชันด้วย", now)
    return {name: campaign.id for name, campaign in asked.items() if campaign.topic}


def _decided(session: Session, bot: Bot, waiting: dict[str, str]) -> None:
    approver = console_door.member(session, "approver", bot.clock())
    for name in ("later", "series", "paused"):
        campaign = campaigns.locked(session, waiting[name]) if name in waiting else None
        if campaign is not None and campaign.digest is not None:
            seen = campaign.digest
            campaigns.approve(session, campaign, approver, seen, bot.settings, bot.clock())
            if name == "paused":
                campaigns.pause(
                    session, campaign, approver, campaigns.BY_PERSON, bot.clock(), "รอยืนยันวันหยุด"
                )


def _answers(bot: Bot) -> bool:
    """Wait until our own LINE answers: it begins a moment after us."""
    for _ in range(PATIENCE):
        try:
            bot.gateway.bot_info()
        except BotError:
            time.sleep(1)
        else:
            return True
    return False

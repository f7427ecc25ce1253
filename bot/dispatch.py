"""Flow, HandlerResult, Context, Dispatcher: from an event to its handler, and on to the state."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Action, Message
from bot.presentation import frequent_words, staff_words, words
from bot.presentation.words import Heard
from bot.services.campaigns.reporting import listing
from bot.services.chat import drafts, frequent_questions
from bot.services.courses import courses
from bot.services.courses.courses import Course, CoursesError
from bot.services.people import people
from bot.services.staff import chats
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from bot.services.subscriptions import subscriptions
from bot.settings import Settings
from bot.texts import Translator, periods, translator
from models.conversation import Conversation
from models.learner import Learner

HAPPENINGS = {"follow", "unfollow", "unsend"}
STAY = {"english", "thai"}  # asked again in the other language
# What else is meant by words that end whatever is open, where nothing is.
LEADS_TO = {words.STOP: "news_stop", words.UNREGISTER: "withdraw"}
PROTECTS = {"freeze", "news_stop"}  # entries that end something for the person's safety or will
COUNTS = {"misses", "tries"}  # keys of a draft that hold no answer
MAX_MISSES = 2  # texts at a button step, after which the ways on are said
DRAFT_LIFE = periods.DRAFT
SHOW_AGAIN = "show"  # a button of any step that asks once more what the step asks

Draft = dict[str, Any]


@dataclass(frozen=True)
class PostCommitTask:
    """Work that needs the network, done once the handler's transaction is committed."""

    name: str
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HandlerResult:
    """What a handler wants: messages, and where the conversation stands then.

    state is None where nothing changes; a flow without a step means the conversation is free.
    """

    messages: tuple[Message, ...] = ()
    state: "FlowState | None" = None
    after: PostCommitTask | None = None

    def then(self, after: PostCommitTask) -> "HandlerResult":
        """The same result, followed by work outside the transaction."""
        return HandlerResult(self.messages, self.state, after)


@dataclass(frozen=True)
class FlowState:
    """A place in a flow; flow None is the open menu."""

    flow: str | None = None
    step: str | None = None
    draft: Draft = field(default_factory=dict)


@dataclass
class Context:
    """What a handler may use: one transaction, one person, one moment."""

    session: Session
    conversation: Conversation
    user_id: str
    settings: Settings
    now: datetime
    provider: str
    draft: Draft = field(default_factory=dict)
    # What the open step asks, once more: for entries that answer and then lead back.
    asked: Callable[[], list[Message]] = list

    @property
    def t(self) -> Translator:
        """Says a sentence in the person's language."""
        return translator(self.conversation.language)

    @cached_property
    def learner(self) -> Learner | None:
        """The learner behind the conversation, if they registered."""
        return people.learner_of(self.session, self.conversation)

    @cached_property
    def member(self) -> Member | None:
        """The member of staff who writes from this LINE account; few events ask."""
        return chats.member_of(self.session, self.user_id)

    @property
    def staff(self) -> Member:
        """The member of staff, in a flow that only they can be in."""
        if self.member is None:
            raise LookupError("the flow lacks is_for_staff")
        return self.member

    @property
    def is_at_work(self) -> bool:
        """Whether this event had to do with their work; nobody else is looked up for it."""
        return self.__dict__.get("member") is not None

    def become(self, conversation: Conversation) -> None:
        """The person has proven to be somebody whom we know: from here on it is their chat."""
        self.conversation, self.draft = conversation, {}
        self.__dict__.pop("learner", None)

    def page(self, path: str) -> str:
        """The address of one of our pages in the person's language, from settings only."""
        return f"{self.settings.public_url}{path}?lang={self.conversation.language}"


@dataclass(frozen=True)
class Reaction:
    """What a HandlerResult came to: its words, what is left to do, what can be tapped below."""

    messages: list[Message]
    after: PostCommitTask | None
    menu: list[Action]


Handler = Callable[[Event, Context], HandlerResult]
LateHandler = Callable[[Event, Context], HandlerResult | None]
Prompt = Callable[[Context], list[Message]]
AfterWork = Callable[[Any, dict[str, str], Translator], "PostCommitReply"]


@dataclass(frozen=True)
class PostCommitReply:
    """What a post-commit task has to say now, and what may be pushed later in its place.

    now may hold a one-time link and is never stored; later is what a push carries instead.
    """

    now: list[Message]
    later: list[Message]


class FlowError(BotError):
    """Two handlers claim the same thing, or a step has none: found at import."""


class Flow:
    """One conversation: its entry actions, its steps, and what each step says and does.

    Every step has exactly one prompt (what is asked) and one handler (what the answer does).
    A light flow is a passing question: whatever else the person asks for leaves it, while the
    others keep their place and come back to it. A flow for staff is not there for anybody else:
    its words are just words, and its buttons lead nowhere. takes: by step, what an answer is.
    """

    def __init__(
        self,
        name: str,
        steps: type[StrEnum] | None = None,
        *,
        is_light: bool = False,
        is_for_staff: bool = False,
    ) -> None:
        self.name = name
        self.steps = steps
        self.is_light = is_light
        self.is_for_staff = is_for_staff
        self.cancelled: Handler | None = None
        self.entries: dict[str, Handler] = {}
        self.handlers: dict[str, Handler] = {}
        self.takes: dict[str, Heard] = {}
        self.own: dict[str, frozenset[str]] = {}
        self.prompts: dict[str, Prompt] = {}
        self.afters: dict[str, AfterWork] = {}
        self.lates: dict[str, LateHandler] = {}

    def entry(self, action: str) -> Callable[[Handler], Handler]:
        """Declare what an entry action does, from wherever the person stands."""
        return self._claim(self.entries, action)

    def step(
        self, step: StrEnum, takes: Heard = Heard.TAP, *, own: Iterable[str] = ()
    ) -> Callable[[Handler], Handler]:
        """Declare what an answer at a step does, and whether it is a tap or something typed.

        own: commands that mean something else there when they are typed; the step hears them.
        """
        self.takes[str(step)] = takes
        self.own[str(step)] = frozenset(own)
        return self._claim(self.handlers, str(step))

    def late(self, step: StrEnum, value: str) -> Callable[[LateHandler], LateHandler]:
        """Declare what a button of a step still does when that step is over, from anywhere.

        The handler returns None where it comes too late: then it is an old button like others.
        """
        return self._claim(self.lates, f"{self.mark(step)}={value}")

    def prompt(self, step: StrEnum) -> Callable[[Prompt], Prompt]:
        """Declare what a step asks."""
        return self._claim(self.prompts, str(step))

    def after(self, name: str) -> Callable[[AfterWork], AfterWork]:
        """Declare work that is done after the commit."""
        return self._claim(self.afters, name)

    def cancel(self, handler: Handler) -> Handler:
        """Declare what "cancel" does while this flow is open."""
        if self.cancelled is not None:
            raise FlowError(f"{self.name}: cancel is claimed twice")
        self.cancelled = handler
        return handler

    def _claim(self, table: dict[str, Any], key: str) -> Callable[[Any], Any]:
        def declare(function: Any) -> Any:
            if key in table:
                raise FlowError(f"{self.name}: {key} is claimed twice")
            table[key] = function
            return function

        return declare

    def to(self, ctx: Context, step: StrEnum, *said: Message | str) -> HandlerResult:
        """Go to a step and ask what it asks."""
        asked = self.prompts[str(step)](ctx)
        return HandlerResult((*_messages(said), *asked), FlowState(self.name, str(step), ctx.draft))

    def stay(self, ctx: Context, *said: Message | str) -> HandlerResult:
        """Stay where we are and keep what the draft holds now."""
        return HandlerResult(
            _messages(said), FlowState(self.name, ctx.conversation.step, ctx.draft)
        )

    @staticmethod
    def say(*said: Message | str) -> HandlerResult:
        """Say something and leave everything as it is."""
        return HandlerResult(_messages(said))

    @staticmethod
    def end(*said: Message | str) -> HandlerResult:
        """Say something and leave the flow; the draft is erased."""
        return HandlerResult(_messages(said), FlowState())

    def mark(self, step: StrEnum) -> str:
        """What the buttons of a step carry."""
        return f"{self.name}.{step}"

    def check(self) -> None:
        """Raise FlowError where a step lacks its handler or its prompt."""
        steps = {str(step) for step in self.steps} if self.steps else set()
        for kind, table in (("handler", self.handlers), ("prompt", self.prompts)):
            if set(table) != steps:
                raise FlowError(f"{self.name}: {kind}s {sorted(set(table) ^ steps)} do not match")


def _messages(said: Iterable[Message | str]) -> tuple[Message, ...]:
    """What a handler says: bare text is a text message."""
    return tuple(line.text(each) if isinstance(each, str) else each for each in said)


def _fitting(first: Iterable[Message], then: Iterable[Message]) -> tuple[Message, ...]:
    """As many messages as one answer holds."""
    return (*first, *then)[: line.MAX_MESSAGES]


def _offered(ctx: Context) -> tuple[Course, ...]:
    """The courses, by whose names people speak of them; none while their file is wrong."""
    try:
        return courses.load(ctx.settings.courses_dir)
    except CoursesError:
        return ()


def _is_frequent(said: str, ctx: Context, heard: Heard | None) -> bool:
    """Whether the owner has answered what was said, where the open step hears a question."""
    if heard is None:
        return False
    questions = frequent_questions.load(ctx.settings.answers_dir)
    return frequent_words.heard_as(said, heard, questions) is not None


def _led(action: str | None, ctx: Context, flow: Flow | None) -> str | None:
    """The action that typed words mean here, where they end whatever is open.

    Whoever has no account and speaks of ending it ends the conversation that would lead to one.
    """
    if action == words.STOP and flow is not None and not _has_news_come(ctx):
        return "cancel"
    is_on_the_way = flow is not None and not flow.is_light and not flow.is_for_staff
    if action in {words.UNREGISTER, "close"} and is_on_the_way and ctx.learner is None:
        return "cancel"
    return LEADS_TO.get(action or "", action)


def _has_news_come(ctx: Context) -> bool:
    """Whether the last thing in the chat is a piece of news, and not what the open step asked."""
    until = ctx.conversation.expires_at
    if until is None or ctx.learner is None:
        return False
    asked_at, own = until - DRAFT_LIFE, ctx.conversation.id
    return subscriptions.last_sent(ctx.session, own, ctx.settings, ctx.now, asked_at) is not None


def _is_overtaken(event: Event, ctx: Context) -> bool:
    """Whether LINE delivers again what was said before the open question was asked.

    LINE keeps no order once it delivers again; the timestamp stays that of the event ("Webhook
    redelivery"). What came in time is no answer to what was asked after it.
    """
    until = ctx.conversation.expires_at
    return event.is_redelivery and until is not None and event.happened_at < until - DRAFT_LIFE


def ignored(event: Event, ctx: Context) -> HandlerResult:
    """Say nothing and change nothing: the person took this message back, or it came too late."""
    return HandlerResult()


def shown_again(event: Event, ctx: Context) -> HandlerResult:
    """Ask once more what the open step asks."""
    return HandlerResult(tuple(ctx.asked()))


class Dispatcher:
    """Entry action, then open step, then fallback; every entry works from every step.

    An entry that answers leaves the place in the open flow as it is, and what the step asks follows
    once more. An entry that begins another conversation ends the open one as "cancel" would, and
    says so: nobody has two at a time. "Stop" cancels what is open; elsewhere it is about news.
    """

    def __init__(
        self,
        flows: Iterable[Flow],
        *,
        menu: Callable[[Context], list[Action]],
        fallback: Handler,
        in_group: Callable[[], list[Message]],
        nobody: Callable[[], list[Message]],
        ways_on: Callable[[Context], Message],
        account_ready: Callable[[Session, str, datetime], None],
        undelivered: Prompt,
    ) -> None:
        self.flows = {flow.name: flow for flow in flows}
        self.menu = menu
        self.fallback = fallback
        self.ways_on = ways_on  # said where buttons are asked and words came, twice
        self.in_group = in_group  # said once to a group or room
        self.undelivered = undelivered  # said before an answer where a mail did not arrive
        self.account_ready = account_ready  # an account was made later than its owner waited
        self.nobody = nobody  # said where LINE does not tell from whom an event is
        self.entries: dict[str, Handler] = {}
        self.afters: dict[str, AfterWork] = {}
        self.lates: dict[str, LateHandler] = {}
        self.for_staff: set[str] = set()
        for flow in self.flows.values():
            flow.check()
            self.lates |= flow.lates
            self.for_staff |= set(flow.entries) if flow.is_for_staff else set()
            for table, mine in ((self.entries, flow.entries), (self.afters, flow.afters)):
                for key, function in mine.items():
                    if key in table:
                        raise FlowError(f"{key} is claimed by two flows")
                    table[key] = function  # type: ignore[assignment]

    def handle(self, event: Event, ctx: Context) -> "Reaction":
        """Run the handler of an event and apply its result to the conversation."""
        load(ctx)
        has_asked = False

        def asked() -> list[Message]:
            nonlocal has_asked
            has_asked = True
            return self.prompt(ctx)

        ctx.asked = asked
        handler = self._choose(event, ctx)
        flow, step = self.flows.get(ctx.conversation.flow or ""), ctx.conversation.step
        before = _kept(ctx.draft)
        draft = ctx.draft
        turn = handler(event, ctx)
        if flow is None or step not in flow.handlers or event.kind in HAPPENINGS:
            pass
        elif handler is flow.handlers[step]:
            is_missed = event.text is not None and flow.takes[step] is Heard.TAP
            if is_missed and _kept(ctx.draft) == before:  # otherwise something was taken from it
                turn = self._counted(ctx, turn, flow, step)
        elif turn.state is None and turn.after is None and turn.messages and not has_asked:
            turn = replace(turn, messages=_fitting(turn.messages, self.prompt(ctx)))
        elif turn.state is not None and turn.state.flow not in {None, flow.name}:
            ctx.draft = draft  # what ends is ended with its own draft; the next one has begun its
            ended = flow.cancelled(event, ctx) if flow.cancelled is not None else HandlerResult()
            turn = replace(turn, messages=_fitting(ended.messages, turn.messages))
        if turn.state is not None:
            enter(ctx, turn.state)
        turn = self._told_of_mail(event, ctx, turn)
        return Reaction(list(turn.messages), turn.after, self.menu(ctx))

    def _told_of_mail(self, event: Event, ctx: Context, turn: HandlerResult) -> HandlerResult:
        """The result after the news that a mail did not arrive: once, and where it costs nothing.

        Not with what only happens, nor where an answer has no room or its words come later.
        """
        has_room = 0 < len(turn.messages) < line.MAX_MESSAGES
        if ctx.conversation.undelivered is None or event.kind in HAPPENINGS or not has_room:
            return turn
        told = self.undelivered(ctx)
        ctx.conversation.undelivered = None
        return replace(turn, messages=_fitting(told, turn.messages))

    def _counted(self, ctx: Context, turn: HandlerResult, flow: Flow, step: str) -> HandlerResult:
        """The result, with the ways on where buttons were asked and words came again."""
        state = turn.state or FlowState(flow.name, step, ctx.draft)
        if (state.flow, state.step) != (flow.name, step):
            return turn
        at, misses = state.draft.get("misses", ("", 0))
        misses = misses + 1 if at == step else 1
        state.draft["misses"] = [step, misses]
        said = turn.messages
        if misses >= MAX_MISSES:
            said = _fitting((self.ways_on(ctx),), said)
        return replace(turn, messages=said, state=state)

    def _choose(self, event: Event, ctx: Context) -> Handler:
        flow = self.flows.get(ctx.conversation.flow or "")
        if flow is not None and flow.is_for_staff and ctx.member is None:
            enter(ctx, FlowState())  # whoever was shut out meanwhile is anybody
            flow = None
        if event.kind in HAPPENINGS:
            return self.entries[event.kind]
        if event.message_id is not None and event.message_id in ctx.draft.get("unsent", ()):
            return ignored
        if event.action in HAPPENINGS:  # only LINE can say it: a forged button
            return self.entries["stale"]
        if flow is not None and _is_overtaken(event, ctx):
            # What protects somebody counts however late it comes; the rest was meant before.
            late = self._action(event, ctx, None)
            return self.entries[late] if late in PROTECTS else ignored
        action = self._action(event, ctx, flow)
        if action in self.entries:
            if action == "cancel" and flow is not None and flow.cancelled is not None:
                return flow.cancelled
            if flow is not None and flow.is_light and action not in STAY:
                enter(ctx, FlowState())
            return self.entries[action]
        return self._answered(event, ctx, flow)

    def _action(self, event: Event, ctx: Context, flow: Flow | None) -> str | None:
        """The entry action that a button or a text means, if the person may use it."""
        action = event.action
        if action is None and event.text is not None:
            is_inside = flow is not None and not flow.is_light
            heard = flow.takes.get(ctx.conversation.step or "") if flow is not None else None
            action = self._staff_action(event.text, ctx, is_inside=is_inside)
            action = action or words.command(event.plain, heard, _offered(ctx))
            if action is None and flow is not None and not flow.is_for_staff:
                action = "question" if _is_frequent(event.plain, ctx, heard) else None
            action = _led(action, ctx, flow)
            if flow is not None and action in flow.own.get(ctx.conversation.step or "", ()):
                return None
        return None if action in self.for_staff and ctx.member is None else action

    def _answered(self, event: Event, ctx: Context, flow: Flow | None) -> Handler:
        """The handler of an answer: the open step's, where the answer is one to it."""
        is_button = event.kind == "postback"
        if flow is None or ctx.conversation.step not in flow.handlers:
            return self._old_button if is_button else self.fallback
        chosen = event.choice(f"{flow.name}.{ctx.conversation.step}")
        if is_button and chosen in {None, SHOW_AGAIN}:
            return self._old_button if chosen is None else shown_again
        if event.message_kind not in {None, "text"}:
            return self.entries["attachment"]
        return flow.handlers[ctx.conversation.step]

    def _old_button(self, event: Event, ctx: Context) -> HandlerResult:
        """What a button of a step does that is not the open one."""
        late = self.lates.get(f"{event.postback.get('s')}={event.postback.get('v')}")
        done = late(event, ctx) if late is not None else None
        return done if done is not None else self.entries["stale"](event, ctx)

    @staticmethod
    def _staff_action(text: str, ctx: Context, *, is_inside: bool) -> str | None:
        """What a member of staff means; who writes is asked where the words could be theirs.

        Inside a flow only "stop" counts, and only while there is an announcement to be stopped.
        """
        action = staff_words.command(text, inside=is_inside)
        member = ctx.member if action is not None else None
        if member is None or action != staff_words.STOP:
            return action if member is not None else None
        has_any = not is_inside or bool(listing.on_the_way(ctx.session, 1))
        return action if has_any and member.may(Permission.STOP_CAMPAIGN) else None

    def prompt(self, ctx: Context) -> list[Message]:
        """What the open step asks, once more; nothing where no step is open."""
        flow = self.flows.get(ctx.conversation.flow or "")
        if flow is None or ctx.conversation.step not in flow.prompts:
            return []
        return flow.prompts[ctx.conversation.step](ctx)


def _kept(draft: Draft) -> str:
    """What a draft holds of answers: how often somebody missed is none."""
    return json.dumps({key: each for key, each in draft.items() if key not in COUNTS})


def load(ctx: Context) -> None:
    """Read the draft; what was left for longer than 24 hours is forgotten first."""
    conversation = ctx.conversation
    if conversation.expires_at is not None and conversation.expires_at <= ctx.now:
        drafts.expire(ctx.session, conversation, ctx.settings.school, ctx.now)
    ctx.draft = json.loads(conversation.draft_json or "{}")


def enter(ctx: Context, standing: FlowState) -> None:
    """Put the conversation where a HandlerResult says."""
    conversation = ctx.conversation
    if standing.flow is None:
        drafts.clear(conversation)
        return
    conversation.flow, conversation.step = standing.flow, standing.step
    conversation.draft_json = json.dumps(standing.draft, ensure_ascii=False)
    conversation.expires_at = ctx.now + DRAFT_LIFE

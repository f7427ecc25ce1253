"""From a stored event to LINE's receipt of the answer: one function for the door and the sweep."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.clock import stopwatch
from bot.dispatch import Context
from bot.errors import DeliveryError
from bot.line import messages as line
from bot.line.events import Event, read_event
from bot.line.messages import Message
from bot.logs import failure
from bot.runtime.linking import MenuLinker
from bot.runtime.outcomes import AnswerOutcome, LostRaceError, NeedsProfile, Next, ToSay
from bot.runtime.parts import Bot
from bot.services.chat import inbox
from bot.services.chat.inbox import OpenEvent
from bot.services.chat.replies import Answer
from bot.services.chat.rich_menus import Linking
from bot.services.delivery import outbox
from bot.services.people import people
from bot.texts import LANGUAGES, THAI, translator
from models.conversation import Conversation
from models.inbox import EventState

# A reply token is good for one minute after the webhook came (LINE, "Send reply message"). Within
# a little less, "Invalid reply token" after a try without an outcome means that the try arrived.
TOKEN_LIFE = timedelta(seconds=50)
# After this an event is too old for its token even when LINE delivered it again.
TOKEN_END = timedelta(minutes=20)
SHORT_WAIT = timedelta(seconds=2)
MILLISECOND = timedelta(milliseconds=1)


class Answering:
    """Works on one person until nothing of theirs is open.

    In one transaction: the next event is found, its handler runs, and the new state, the side
    rows and the answer are committed together. Then, with no transaction open, the network:
    reply with the free token, or else the same words as a push in the outbox.
    """

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.linker = MenuLinker(bot)

    def work(self, person: str, swept: bool = False) -> None:
        """Answer a person's open events in order; swept: a crash or a refusal left them.

        Raises nothing: what fails here stays open, and the sweep takes it up again.
        """
        try:
            self.linker.refresh()
            linking = self._work(person, swept=swept)
        except LostRaceError:
            return
        except Exception as error:
            self.bot.log.error("person.postponed", **failure(error))
            return
        if linking is not None:
            self.linker.link(linking)

    def _work(self, person: str, *, swept: bool) -> Linking | None:
        """Answer all that is open; returns the rich menu that the last answer left to be linked."""
        outcome: AnswerOutcome | None = None
        linking: Linking | None = None
        language: str | None = None
        took = stopwatch()
        while True:
            found = self._transaction(person, outcome, language, swept=swept)
            outcome, swept = None, False
            if isinstance(found, NeedsProfile):
                language = self._language(found.user_id)
            elif isinstance(found, ToSay):
                outcome, linking = self._deliver(found.answer), found.linking
                self._tell(outcome, took())
                took = stopwatch()
                if found.is_last and outcome.is_plain:
                    inbox.finish_soon(self.bot.database, found.answer, self.bot.worker)
                    return linking
            elif found is Next.IDLE:
                return linking
            else:
                took = stopwatch()

    def _tell(self, outcome: AnswerOutcome, ms: int) -> None:
        """Log how an answer ended: how long we worked, and how long the person has waited."""
        answer = outcome.answer
        waited = int((self.bot.clock() - answer.received_at) / MILLISECOND)
        self.bot.log.info(
            "answer.done", event_id=answer.event_id, ms=ms, waited_ms=waited, way=outcome.way
        )

    def _transaction(
        self, person: str, outcome: AnswerOutcome | None, language: str | None, *, swept: bool
    ) -> ToSay | NeedsProfile | Next:
        def step(session: Session) -> ToSay | NeedsProfile | Next:
            if outcome is not None:
                self._settle(session, outcome)
            return self._next(session, person, language, swept=swept)

        try:
            return self.bot.database.write(step)
        except (LostRaceError, DBAPIError):
            raise  # the sweep takes it up
        except Exception as error:
            self.bot.log.error("event.handler_failed", **failure(error))
            return self.bot.database.write(
                lambda session: self._apologise(session, person, outcome)
            )

    def _settle(self, session: Session, outcome: AnswerOutcome) -> None:
        answer, bot = outcome.answer, self.bot
        if outcome.wait is not None:
            inbox.leave(session, answer, bot.worker, outcome.wait)
            return
        state = EventState.FAILED if outcome.given_up else EventState.DONE
        if not inbox.finish(session, answer, bot.worker, state):
            return  # our lease ran out; whoever has it now decides
        if outcome.push and answer.user_id:
            outbox.queue(
                session,
                cause=answer.event_id,
                person=answer.person,
                to=answer.user_id,
                messages=outcome.push,
                now=bot.clock(),
            )

    def _next(
        self, session: Session, person: str, language: str | None, *, swept: bool
    ) -> ToSay | NeedsProfile | Next:
        # Lock the person first: whoever comes second must see what the first one did.
        conversation = people.find(session, person, lock=True)
        found = inbox.earliest(session, person, self.bot.worker)
        if found is None or not found.is_free:
            return Next.IDLE
        if found.attempts >= inbox.MAX_ATTEMPTS:
            self._give_up(session, found, person, conversation)
            return Next.AGAIN
        if found.state is EventState.ANSWERING or swept:
            if not inbox.take_over(session, found, self.bot.worker):
                return Next.IDLE
            if found.answer is None:
                return Next.AGAIN  # the attempt is counted for good before its handler runs
            return ToSay(replace(found.answer, attempts=found.attempts + 1, is_repeat=True))
        event, now = _event(found), self.bot.clock()
        if event is None:
            return self._handled(session, found, None)
        if event.group_id is not None or event.user_id is None:
            said = self._outside(session, event, person, now)
            return self._handled(session, found, self._answer(found, event, person, THAI, said))
        conversation = conversation or people.adopt(session, event.user_id)
        if conversation is None and event.is_standby:
            return self._handled(session, found, None)
        if conversation is None:
            if language is None:
                return NeedsProfile(event.user_id)
            person = people.pseudonym(self.bot.keyring, event.user_id)
            conversation = people.open_conversation(session, person, language, now)
        people.touch(conversation, now)
        if event.kind in {"message", "postback"}:
            people.reached(conversation, event.happened_at)
        return self._react(session, found, event, person, conversation, now)

    def _react(
        self,
        session: Session,
        found: OpenEvent,
        event: Event,
        person: str,
        conversation: Conversation,
        now: datetime,
    ) -> ToSay | Next:
        """Run the event's handler and keep what it answers."""
        linked = conversation.menu
        ctx = Context(
            session=session,
            conversation=conversation,
            user_id=event.user_id or "",
            settings=self.bot.settings,
            now=now,
            provider=self.bot.provider.name,
        )
        reaction = self.bot.dispatcher.handle(event, ctx)
        session.flush()
        if event.is_standby:
            return self._handled(session, found, None)
        language = ctx.conversation.language  # a handler may find out who this is
        answer = self._answer(found, event, person, language, reaction.messages)
        answer = replace(answer, menu=reaction.menu)
        if reaction.after:
            answer = replace(answer, after=(reaction.after.name, reaction.after.arguments))
        step = self._handled(session, found, answer)
        if isinstance(step, ToSay):
            return replace(step, linking=self.linker.missing(session, event, ctx, linked))
        return step

    def _give_up(
        self, session: Session, found: OpenEvent, person: str, conversation: Conversation | None
    ) -> None:
        """Close what failed too often; the person is told, by the paid way if it must be."""
        self.bot.log.error("event.given_up", event_id=found.id, attempts=found.attempts)
        inbox.give_up(session, found)
        words = found.answer.messages if found.answer else []
        event = _event(found)
        user_id = found.answer.user_id if found.answer else event and event.user_id
        if not user_id:
            return
        language = conversation.language if conversation else THAI
        outbox.queue(
            session,
            cause=found.id,
            person=person,
            to=user_id,
            messages=words or [line.text(sorry(language))],
            now=self.bot.clock(),
        )

    def _outside(self, session: Session, event: Event, person: str, now: datetime) -> list[Message]:
        dispatcher = self.bot.dispatcher
        if event.group_id is None:
            return dispatcher.nobody()
        if inbox.greets_first(session, person, now):
            return dispatcher.in_group()
        return []

    def _handled(self, session: Session, found: OpenEvent, answer: Answer | None) -> ToSay | Next:
        if answer is not None and not (answer.messages or answer.after):
            answer = None
        if not inbox.handled(session, found, answer, self.bot.worker):
            raise LostRaceError
        if answer is None:
            return Next.AGAIN
        return ToSay(answer, is_last=self.bot.settings.is_sqlite and not found.has_more)

    @staticmethod
    def _answer(
        found: OpenEvent, event: Event, person: str, language: str, messages: list[Message]
    ) -> Answer:
        return Answer(
            event_id=found.id,
            person=person,
            attempts=found.attempts,
            reply_token=event.reply_token,
            user_id=event.user_id,
            received_at=found.received_at,
            language=language,
            messages=messages,
        )

    def _apologise(
        self, session: Session, person: str, outcome: AnswerOutcome | None
    ) -> ToSay | NeedsProfile | Next:
        """A handler has a defect: its transaction is gone, the person still gets an answer."""
        if outcome is not None:
            self._settle(session, outcome)
        conversation = people.find(session, person, lock=True)
        found = inbox.earliest(session, person, self.bot.worker)
        event = _event(found) if found is not None and found.is_free else None
        if found is None or event is None:
            return Next.IDLE
        language = conversation.language if conversation else THAI
        said = [line.text(sorry(language))]
        answer = self._answer(found, event, person, language, said)
        return self._handled(session, found, answer)

    def _language(self, user_id: str) -> str:
        """The language of a profile; Thai for everybody who does not say otherwise."""
        try:
            spoken = str(self.bot.gateway.profile(user_id).get("language") or THAI)
        except DeliveryError:
            return THAI
        return next((known for known in LANGUAGES if spoken.split("-")[0] == known), THAI)

    def _deliver(self, answer: Answer) -> AnswerOutcome:
        """Say an answer: free while its token lives, as a push after that."""
        t = translator(answer.language)
        now_said, later_said = list(answer.messages), list(answer.messages)
        if answer.after is not None:
            if self.bot.provider.is_slow and answer.user_id:
                self._show_loading(answer.user_id)
            name, arguments = answer.after
            try:
                said = self.bot.dispatcher.afters[name](
                    self.bot, {**arguments, "event_id": answer.event_id}, t
                )
            except Exception as error:
                self.bot.log.error("after.failed", name=name, **failure(error))
                return AnswerOutcome(answer, wait=SHORT_WAIT * 2**answer.attempts)
            now_said += said.now
            later_said += said.later
        if not now_said:
            return AnswerOutcome(answer)
        now_said = line.with_menu(now_said, answer.menu)
        return self._reply(answer, now_said, line.with_menu(later_said, answer.menu))

    def _reply(
        self, answer: Answer, now_said: list[Message], later_said: list[Message]
    ) -> AnswerOutcome:
        age = self.bot.clock() - answer.received_at
        if answer.reply_token is None or age > TOKEN_END:
            return AnswerOutcome(answer, push=later_said)
        try:
            self.bot.gateway.reply(answer.reply_token, now_said)
        except DeliveryError as error:
            return self._refused(answer, later_said, error, age)
        return AnswerOutcome(answer)

    def _refused(
        self, answer: Answer, later_said: list[Message], error: DeliveryError, age: timedelta
    ) -> AnswerOutcome:
        self.bot.log.warning(
            "reply.refused", event_id=answer.event_id, status=error.status, reason=error.reason
        )
        is_final = error.status == 400 and not error.unknown
        if is_final and "reply token" not in error.reason.lower():
            # Our own words were not accepted: a defect. The token is still good for plain ones.
            return self._reply_plainly(answer)
        if is_final:
            if answer.is_repeat and age < TOKEN_LIFE:
                return AnswerOutcome(answer)  # an earlier try without an outcome had arrived
            return AnswerOutcome(answer, push=later_said)
        if age < TOKEN_LIFE:
            return AnswerOutcome(answer, wait=SHORT_WAIT * 2**answer.attempts)
        return AnswerOutcome(answer, push=later_said)

    def _reply_plainly(self, answer: Answer) -> AnswerOutcome:
        try:
            said = [line.text(sorry(answer.language))]
            self.bot.gateway.reply(answer.reply_token or "", said)
        except DeliveryError:
            return AnswerOutcome(answer, given_up=True)
        return AnswerOutcome(answer)

    def _show_loading(self, user_id: str) -> None:
        try:
            self.bot.gateway.loading(user_id)
        except DeliveryError as error:
            self.bot.log.info("loading.refused", status=error.status)


def _event(found: OpenEvent) -> Event | None:
    return None if found.payload is None else read_event(found.payload, found.received_at)


def sorry(language: str) -> str:
    """What is said where a defect of ours stands between a person and their answer."""
    t = translator(language)
    return t(
        "Sorry, something went wrong on our side. Nothing you gave us is lost. "
        "Please try again, or type “staff” to reach a person."
    )

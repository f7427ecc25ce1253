"""Nothing traps: every wish gets through from every step, and what is open is kept or ended."""

import pytest

from bot.presentation import words as typed
from bot.presentation.words import COMMANDS, STOP, UNREGISTER, Heard
from bot.services.people.people import pseudonym
from bot.texts import translator
from handlers.line import FLOWS
from handlers.line.registration.flow import Step
from models.conversation import Conversation
from models.inquiry import Inquiry
from models.staff import Role
from tests.chat import words
from tests.samples import every, sampled
from tests.scenarios.campaigns import announcing
from tests.scenarios.guardians.guardian_story import agrees, asks, comes_to_the_cards, finishes
from tests.scenarios.story import ACTS, EVERY_STEP, SLIP, question, reach, register, tap

THAI = translator("th")
STEPS = {(flow.name, str(step)) for flow in FLOWS for step in flow.steps or ()}


def test_every_command_is_heard_at_every_kind_of_step():
    """All listed words against what each step takes; but for a yes, a no and names of people."""
    kinds = {heard for flow in FLOWS for heard in flow.takes.values()}
    assert kinds == set(Heard)
    answers = typed._YES | typed._NO | typed._CALLED
    lost = [
        (heard, word)
        for heard in (None, *kinds)
        for action, listed in COMMANDS.items()
        for word in listed
        if typed.normal(word) not in answers and typed.command(word, heard) != action
    ]
    assert lost == []


def test_what_is_typed_in_one_s_own_words_is_declared():
    """Whoever adds such a step is reminded of it here; all others ask for a tap."""
    own = {
        (flow.name, step): heard
        for flow in FLOWS
        for step, heard in flow.takes.items()
        if heard in {Heard.TEXT, Heard.NAME}
    }
    assert own == {
        ("registration", "nickname"): Heard.NAME,
        ("registration", "name"): Heard.NAME,
        ("registration", "line_id"): Heard.NAME,
        ("details", "value"): Heard.NAME,
        ("guardian", "called"): Heard.NAME,
        ("correction", "note"): Heard.TEXT,
        ("child_note", "note"): Heard.TEXT,
        ("announce", "topic"): Heard.TEXT,
        ("announce", "thai"): Heard.TEXT,
        ("announce", "english"): Heard.TEXT,
        ("campaign_desk", "note"): Heard.TEXT,
    }


class Stage:
    """Brings somebody to each step, in the way that people come there."""

    people = 0

    def __init__(self, someone, bot, line, engine):
        self.someone, self.bot, self.line, self.engine = someone, bot, line, engine

    def at(self, flow, step):
        chat = getattr(self, flow)(step)
        found = self.standing(chat)
        assert (found["flow"], found["step"]) == (flow, step)
        return chat

    def standing(self, chat, **values):
        """Where the chat stands; values put it there again."""
        person = pseudonym(self.bot.keyring, chat.user_id)

        def work(session):
            row = session.query(Conversation).filter_by(person=person).one()
            for name, value in values.items():
                setattr(row, name, value)
            kept = ("flow", "step", "draft_json", "expires_at", "language")
            return {name: getattr(row, name) for name in kept}

        return self.bot.database.write(work)

    def registration(self, step):
        self.people += 1
        chat = self.someone(f"มะลิ {self.people}")
        if step == Step.NICKNAME:
            reach(chat, Step.AGE)
            tap(chat, "11 to 19 years")
        else:
            reach(chat, Step(step))
        return chat

    def learner(self):
        chat = self.someone("มะลิ")
        register(chat)
        return chat

    def account(self, step):
        chat = self.learner()
        chat.posts("a=close")
        return chat

    def details(self, step):
        chat = self.learner()
        item = {"item": "", "proof": "phone", "slip": "email"}.get(step, "name")
        chat.posts(f"a=change&item={item}")
        if step == "slip":
            chat.says(SLIP)
        if step == "confirm":
            chat.says("สมชัย รักเรียน")
        return chat

    def rights(self, step):
        chat = self.learner()
        chat.posts({"withdrawing": "a=withdraw", "erasing": "a=rights_erase"}[step])
        return chat

    def correction(self, step):
        chat = self.learner()
        chat.posts("a=rights_correct")
        return chat

    def relink(self, step):
        chat = self.someone("มะลิ")
        chat.adds_the_account()
        chat.posts("a=relink")
        if step == "code":
            tap(chat, "I have the code")
        elif step != "choosing":
            tap(chat, "Code by e-mail")
        if step in {"address", "digits"}:
            chat.says("ep12345678")
        if step == "digits":
            chat.says("somchai.jd@gmail.com")
        return chat

    def guardian(self, step):
        chat = self.someone("แม่")
        if step == "code":
            chat.adds_the_account()
            chat.posts("a=guardian")
            return chat
        code = asks(self.someone("น้ำผึ้ง"), "from_11_to_19")
        if step in {"relation", "grown_up", "called"}:
            chat.adds_the_account()
            chat.says(f"ผู้ปกครอง {code}")
            if step != "relation":
                tap(chat, "I am the parent")
            if step == "called":
                tap(chat, "Yes, {age} or older", age=20)
            return chat
        comes_to_the_cards(chat, code)
        if step != "enrolment":
            tap(chat, "I agree")
        if step == "email_news":
            tap(chat, "No, thank you")
        return chat

    def parent(self):
        child, chat = self.someone("น้ำผึ้ง"), self.someone("แม่")
        agrees(chat, asks(child, "from_11_to_19"))
        finishes(child)
        chat.says("บุตรหลานของฉัน")
        return chat

    def children(self, step):
        chat = self.parent()
        tap(chat, {"news": "Start", "withdrawing": "Withdraw", "erasing": "Erase"}[step])
        return chat

    def child_note(self, step):
        chat = self.parent()
        tap(chat, "Have data corrected")
        return chat

    def announce(self, step):
        chat = announcing.linked(self.bot, self.line, Role.AUTHOR, name="ครูเขียน")
        if step == "check":
            announcing.writes(chat)
            return chat
        chat.says("ประกาศ" if step == "thai" else "ประกาศ เปิดคอร์สใหม่แล้ว")
        if step != "topic":
            chat.taps("ข่าวคอร์ส")
        return chat

    def campaign_desk(self, step):
        author = announcing.linked(self.bot, self.line, Role.AUTHOR, name="ครูเขียน")
        chat = announcing.linked(self.bot, self.line, Role.APPROVER, name="ครูใหญ่")
        announcing.asks(author, self.bot, self.engine)
        chat.says("รออนุมัติ")
        chat.taps("ส่งกลับแก้ไข")
        return chat


@pytest.fixture
def stage(someone, bot, line, engine):
    return Stage(someone, bot, line, engine)


# What people say, and whether the question that was open waits for them behind the answer.
PASSING = {
    "ขอคุยกับเจ้าหน้าที่ค่ะ": "Ask our staff",
    "สวัสดีค่ะ": None,
    "ขอบคุณค่ะ": "You are welcome!",
    "เมนู": None,
    "ช่วยด้วยค่ะ": None,
    "นโยบายความเป็นส่วนตัว": "Privacy policy",
    "คอร์ส": "Our courses",
    "หยุดข่าว": None,
    "บุตรหลานของฉัน": None,
    "บัญชีของฉัน": None,
    "สิทธิของฉัน": "My rights",
    "ลืมรหัสผ่าน": None,
    "english": "From now on we speak English.",
    "ภาษาไทย": None,
}
LEAVING = ("ลบข้อมูลของฉัน", "อยากลบบัญชี", "หยุดค่ะ", "ยกเลิกค่ะ")
STUCK = tuple(
    THAI(sentence)
    for sentence in (
        "Please tap one of the buttons.",
        "Please tap one of the two buttons; either answer is fine.",
        "Please tap one of the age groups.",
        "Please read the card and tap one of its buttons; typing is not enough.",
        "I did not quite understand that.",
        "Please choose one of the two ways.",
    )
)
REPEATED = {
    ("rights", "erasing"): "ลบข้อมูลของฉัน",
    ("account", "closing"): "อยากลบบัญชี",
}  # asks the same again
FOR_STAFF = {flow.name for flow in FLOWS if flow.is_for_staff}
LIGHT = {flow.name for flow in FLOWS if flow.is_light}
SAMPLE = [
    ("registration", "age"),
    ("registration", "name"),
    ("details", "proof"),
    ("rights", "erasing"),
    ("correction", "note"),
    ("guardian", "enrolment"),
    ("announce", "thai"),
]


@pytest.mark.parametrize(("flow", "step"), sampled(sorted(STEPS), SAMPLE))
def test_every_wish_gets_through(flow, step, stage, rows, platform):
    chat = stage.at(flow, step)
    before = stage.standing(chat)

    def is_answered(said):
        stage.standing(chat, **before)
        answer = words(chat.says(said))
        assert answer
        assert not [each for each in STUCK if each in answer], answer
        now = stage.standing(chat)
        if said in PASSING and flow not in LIGHT:
            assert (now["flow"], now["step"]) == (flow, step), answer
            title = PASSING[said]
            assert title is None or translator(now["language"])(title) in answer
        if said not in PASSING:
            # Staff are no learners: they are told so, and what they write is kept.
            stays = (flow in FOR_STAFF and said == "อยากลบบัญชี") or said == REPEATED.get(
                (flow, step)
            )
            assert ((now["flow"], now["step"]) == (flow, step)) is stays, answer

    every({said: said for said in (*PASSING, *LEAVING)}, is_answered)
    assert {row.topic for row in rows(Inquiry)} == {"general"}
    assert [call.error for call in platform.calls if call.status >= 400] == []


def test_the_question_follows_the_answer(stage):
    chat = stage.at("registration", "age")
    asked = question(THAI, Step.AGE)
    every(
        {said: said for said in PASSING if said != "english"},
        lambda said: asked in words(chat.says(said)) or pytest.fail(said),
    )


def test_what_begins_another_conversation_says_that_the_open_one_ended(stage, rows):
    chat = stage.at("registration", "phone")
    said = words(chat.says("ลบข้อมูลของฉัน"))
    assert THAI("Your registration is cancelled, and what you gave for it has been erased.") in said
    assert THAI("Erase all my data?") in said
    assert rows(Conversation)[0].flow == "rights"


def test_after_two_misses_the_step_says_what_can_be_done(stage):
    chat = stage.at("details", "item")
    ways = THAI(
        "I need one of the buttons here. You can also type “cancel” to leave this, or “staff” to "
        "ask a person."
    )
    assert ways not in words(chat.says("อันบน"))
    second = words(chat.says("อันแรกน่ะ"))
    assert ways in second
    assert THAI("Show it again") in chat.labels(), "and the question stays"
    tap(chat, "Full name")
    chat.says("สมชัย รักเรียน")
    assert ways not in words(chat.says("อันบน")), "another step begins to count anew"


def test_free_words_in_a_note_stay_a_note(stage, rows):
    chat = stage.at("correction", "note")
    said = words(chat.says("สมัครสองครั้ง อยากให้ลบบัญชีเก่า แล้วติดต่อกลับทางเบอร์ใหม่ค่ะ"))
    assert THAI("Your request has arrived") in said


@pytest.mark.parametrize("step", ["name", "summary"])
def test_stop_and_cancel_my_registration_end_it(step, stage, rows):
    for said in ("หยุด", "ยกเลิกการสมัครค่ะ", "ไม่สมัครแล้ว"):
        chat = stage.at("registration", step)
        ended = "Your registration is cancelled, and what you gave for it has been erased."
        assert THAI(ended) in words(chat.says(said))
    assert {row.flow for row in rows(Conversation)} == {None}


def test_nothing_to_cancel_is_no_answer_to_a_wish_to_leave(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    nothing = THAI("There is nothing to cancel. What would you like to do?")
    told = {
        "ยกเลิก": "What would you like to stop?",
        "อยากยกเลิกบัญชี": "Close your account?",
        "ยกเลิกการสมัคร": "Withdraw and close my account?",
        "ยกเลิกการสมัครของลูก": "No children yet",
        "ยกเลิกคอร์ส ขอเงินคืน": "Ask our staff",
        "หยุด": "Close account",
    }
    for said, expected in told.items():
        answer = chat.says(said)
        seen = words(answer) + "\n".join(chat.labels())
        assert nothing not in seen
        if said != "ยกเลิกการสมัครของลูก":
            assert THAI(expected) in seen, said
    assert rows(Inquiry) == [], "and nobody was called who was not asked for"
    assert {STOP, UNREGISTER} <= set(COMMANDS)


def test_a_course_that_is_named_is_remembered(someone):
    chat = someone("มะลิ")
    chat.adds_the_account()
    said = words(chat.says("สนใจคอร์ส everyday english สมัครยังไง"))
    assert "ภาษาอังกฤษในชีวิตประจำวัน" in said
    assert "ภาษาอังกฤษเพื่อการทำงาน" not in said
    chat.taps(THAI("Register"))
    for step in EVERY_STEP:
        if step not in {Step.EMAIL_SLIP, Step.SUMMARY}:
            ACTS[step](chat)
    done = words(tap(chat, "Confirm and register"))
    assert THAI("The course “{course}” is waiting for you.", course="ภาษาอังกฤษในชีวิตประจำวัน") in done


def test_the_detail_that_is_named_is_asked_at_once(stage):
    chat = stage.learner()
    assert "เบอร์โทร" in words(chat.says("เปลี่ยนเบอร์ค่ะ"))
    assert stage.standing(chat)["step"] == "proof"

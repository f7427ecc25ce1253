"""Every right that a guardian uses is the guardian's: lists, mails, messages, trail and file."""

import pytest

from bot.services.people.subjects import Subject
from bot.services.privacy import data_rows, requests, rights
from bot.texts import translator
from models.audit import AuditEntry
from models.conversation import Conversation
from models.guardianship import Guardianship
from models.learner import Learner
from models.mail import Mail
from models.privacy import PrivacyRequest, RequestKind, RequestState
from tests.chat import words
from tests.factories import make_conversation
from tests.scenarios.guardians.guardian_story import NICKNAME, agrees, asks, finishes, label
from tests.scenarios.story import EMAIL, Saying, register, tap

HERS = "mae.wanna@gmail.com"
NOTE = "นามสกุลของลูกสะกดผิด"
# As the guardian goes through them: what is tapped, and the right that it is.
RIGHTS = {
    "child_data": RequestKind.ACCESS,
    "child_correct": RequestKind.CORRECT,
    "child_object": RequestKind.OBJECT,
    "child_restrict": RequestKind.RESTRICT,
    "child_unrestrict": RequestKind.UNRESTRICT,
    "child_withdraw": RequestKind.WITHDRAW,
    "child_erase": RequestKind.ERASE,
}
WORDS = {
    RequestKind.ACCESS: "See and download data",
    RequestKind.CORRECT: "Have data corrected",
    RequestKind.OBJECT: "Object to all news",
    RequestKind.RESTRICT: "Stop the use of data",
    RequestKind.UNRESTRICT: "Allow the use of data again",
    RequestKind.WITHDRAW: "Withdraw the agreement",
    RequestKind.ERASE: "Erase data",
}
AT_ONCE = {RequestKind.OBJECT, RequestKind.RESTRICT, RequestKind.UNRESTRICT}
LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
BANDS = pytest.mark.parametrize("band", ["up_to_10", "from_11_to_19"])


@pytest.fixture
def family(someone, engine):
    """A registered child and a guardian, who may learn here too."""

    def make(language="th", band="from_11_to_19", is_learner=True, news="no"):
        child, guardian = someone("Child", language), someone("Parent", language)
        if is_learner:
            register(guardian, email=Saying(HERS), phone=Saying("089-111-2222"))
        agrees(guardian, asks(child, band), news, news)
        finishes(child, None if band == "up_to_10" else "Yes, please")
        engine.drain_pushes()
        child.heard()
        guardian.heard()
        return child, guardian

    return make


def uses(guardian, rows, action, times=1):
    """The guardian taps a right on the child's card, to its end, as often as said."""
    (bond,) = rows(Guardianship)
    for _ in range(times):
        guardian.posts(f"a={action}&g={bond.id}")
    if action == "child_correct":
        guardian.says(NOTE)
    if action in {"child_withdraw", "child_erase"}:
        tap(guardian, "Withdraw" if action == "child_withdraw" else "Erase everything")


def mails(database):
    """Every mail: to whom, which, about whom, and what it says."""
    return database.read(
        lambda s: [
            (mail.to, mail.template, mail.subject_id, f"{mail.title}\n{mail.text}")
            for mail in s.query(Mail).order_by(Mail.created_at, Mail.id)
            if mail.template.startswith(("request_", "guardian_"))
        ]
    )


@BANDS
@LANGUAGES
def test_each_right_is_in_the_guardians_name(language, band, family, rows, database, engine):
    """One table: who asked, who got which mail and message, what both lists say."""
    child, guardian = family(language, band)
    t, faults = translator(language), []
    child_id = rows(Guardianship)[0].child_id
    guardian_id = rows(Guardianship)[0].guardian_id

    def check(holds, action, what):
        if not holds:
            faults.append(f"{action}: {what}")

    for action, kind in RIGHTS.items():
        if kind is RequestKind.ERASE:
            break  # after the withdrawal there is no agreement: a test of its own
        before = len(mails(database))
        is_twice = kind not in {RequestKind.WITHDRAW, RequestKind.CORRECT}
        uses(guardian, rows, action, times=2 if is_twice else 1)
        found = rows(PrivacyRequest, PrivacyRequest.kind == kind)
        check(len(found) == 1, action, f"{len(found)} requests")
        check((found[0].asked_by, found[0].guardian_id) == ("guardian", guardian_id), action, "by")
        check(found[0].subject_id == child_id, action, "for whom")
        new = mails(database)[before:]
        template = "request_ready" if kind is RequestKind.ACCESS else "request_received"
        expected = [] if kind in AT_ONCE else [(HERS, template, guardian_id)]
        if band == "from_11_to_19" and kind is not RequestKind.WITHDRAW:
            expected.append((EMAIL, "guardian_asked", child_id))
        got = sorted(mail[:3] for mail in new)
        check(got == sorted(expected), action, f"mails {got}")
        for to, _, _, text in new:
            is_hers = to == HERS
            what = t("{what} (for your child)", what=t(WORDS[kind])) if is_hers else t(WORDS[kind])
            if kind is RequestKind.WITHDRAW:
                what = t("{what} (for your child)", what=t(WORDS[RequestKind.ERASE]))
            check(what in text, action, f"the mail to {to} does not say {what}")
            check(NICKNAME not in text, action, "a mail names the child")
        hers, theirs = words(guardian.says("my requests")), words(child.says("my requests"))
        named = t("{what} (for {child})", what=t(WORDS[kind]), child=NICKNAME)
        if kind is RequestKind.WITHDRAW:  # the name went with the agreement
            named = t("{what} (for your child)", what=t(WORDS[kind]))
        check(named in hers, action, f"her list says {hers}")
        asked = t("{what} (asked by your parent or guardian)", what=t(WORDS[kind]))
        check(asked in theirs, action, f"the child's list says {theirs}")
        check(t("ready for you") not in theirs, action, "the file is not the child's")
        engine.drain_pushes()
        told = words(child.heard())
        is_told = t("Your parent or guardian has withdrawn their agreement") in told
        check(is_told is (kind is RequestKind.WITHDRAW), action, f"the child was told {told}")
    opened = rows(AuditEntry, AuditEntry.action == "request:open")
    assert {(one.actor, one.data["asked_by"]) for one in opened} == {("guardian", "guardian")}
    (closed,) = rows(AuditEntry, AuditEntry.action == "account:close")
    assert closed.actor == "guardian"
    assert not faults, "\n".join(faults)


@BANDS
@LANGUAGES
def test_an_erasure_is_told_to_both_in_their_own_words(
    language, band, family, rows, database, engine, all_words
):
    child, guardian = family(language, band)
    t = translator(language)
    uses(guardian, rows, "child_correct")
    uses(guardian, rows, "child_erase")
    said = words(guardian.newest())
    engine.drain_pushes()

    assert t("The child’s data has been erased") in said
    told = words(child.heard())
    assert t("Your parent or guardian had your data erased") in told
    assert t("Your parent or guardian has withdrawn their agreement") not in told
    erased, corrected = (
        rows(PrivacyRequest, PrivacyRequest.kind == kind)[0]
        for kind in (RequestKind.ERASE, RequestKind.CORRECT)
    )
    assert (erased.state, corrected.state) == (RequestState.DONE, RequestState.DONE)
    assert corrected.detail_sealed is None
    listed = words(guardian.says("my requests"))
    for kind in (RequestKind.ERASE, RequestKind.CORRECT):
        assert t("{what} (for your child)", what=t(WORDS[kind])) in listed
    assert t("You have not asked for anything yet.") in words(child.says("my requests"))
    stored = all_words()
    for gone in (EMAIL, NICKNAME, NOTE, child.user_id):
        assert gone not in stored
    assert HERS in stored


def test_a_guardian_without_an_account_hears_of_the_end_in_the_chat(
    family, rows, app, engine, database
):
    child, guardian = family(is_learner=False)
    uses(guardian, rows, "child_correct")
    (request,) = rows(PrivacyRequest)
    assert [mail[1] for mail in mails(database)] == ["guardian_asked"]
    app.test_cli_runner().invoke(args=["request-refuse", request.id, "--reason", "ตรวจแล้วถูกต้อง"])
    engine.drain_pushes()

    heard = words(guardian.heard())
    assert "ขอแก้ไขข้อมูล (สำหรับบุตรหลานของคุณ)" in heard
    assert "ตรวจแล้วถูกต้อง" in heard
    assert words(child.heard()) == ""
    assert [mail[1] for mail in mails(database)] == ["guardian_asked"], "nothing more to the child"
    assert "ตรวจแล้วถูกต้อง" in words(guardian.says("คำขอของฉัน"))


def test_an_answer_goes_to_the_guardians_own_address(family, rows, app, engine, database):
    child, guardian = family()
    uses(guardian, rows, "child_correct")
    (request,) = rows(PrivacyRequest)
    app.test_cli_runner().invoke(args=["request-done", request.id])
    engine.drain_pushes()

    to, template, _, text = mails(database)[-1]
    assert (to, template) == (HERS, "request_done")
    assert "ขอแก้ไขข้อมูล (สำหรับบุตรหลานของคุณ)" in text
    assert requests.number(request.id) in words(guardian.heard())
    assert words(child.heard()) == ""


def test_an_erased_guardian_is_gone_from_their_requests(family, rows, all_words, database):
    child, guardian = family()
    uses(guardian, rows, "child_correct")
    uses(guardian, rows, "child_data")
    guardian.posts("a=rights_erase")
    tap(guardian, "Erase everything")

    stored = all_words()
    for gone in (HERS, NOTE, guardian.user_id):
        assert gone not in stored
    asked = rows(PrivacyRequest, PrivacyRequest.asked_by == "guardian")
    assert {(one.guardian_id, one.state) for one in asked} == {(None, RequestState.DONE)}
    assert "ผู้ปกครองของคุณขอไว้" in words(child.says("คำขอของฉัน"))


def test_a_childs_erasure_goes_on_without_the_guardian(family, rows, engine, clock):
    _, guardian = family()
    uses(guardian, rows, "child_withdraw")
    guardian.posts("a=rights_erase")
    tap(guardian, "Erase everything")
    assert len(rows(Learner)) == 1
    clock.advance(days=89)
    assert engine.erase_due() == 1

    assert rows(Learner) == []
    (request,) = rows(PrivacyRequest, PrivacyRequest.asked_by == "guardian",
                      PrivacyRequest.kind == RequestKind.ERASE)  # fmt: skip
    assert request.state is RequestState.DONE


def test_both_files_have_what_the_guardian_asked(family, rows, database):
    _, guardian = family()
    uses(guardian, rows, "child_correct")
    (bond,) = rows(Guardianship)

    def read(session):
        return [
            data_rows.privacy_request(session, Subject(whose))
            for whose in (bond.guardian_id, bond.child_id)
        ]

    hers, theirs = database.read(read)
    assert hers == theirs
    assert [(row["kind"], row["asked_by"], row["detail"]) for row in hers] == [
        ("correct", "guardian", NOTE)
    ]


def test_a_second_guardian_begins_with_requests_of_their_own(family, rows, database, clock):
    """What the one before had asked is neither shown to the next one nor answered to them."""
    _, guardian = family()
    uses(guardian, rows, "child_data", times=2)
    (bond,) = rows(Guardianship)

    def ask(session):
        other = make_conversation(session, clock())
        child = session.get_one(Conversation, bond.child_id)
        asked = rights.access(session, requests.for_child(other, child), clock())
        return asked.id, [one.id for one in requests.seen_by(session, Subject(other.id))]

    number, listed = database.write(ask)
    assert listed == [number]
    assert len(rows(PrivacyRequest)) == 2


@BANDS
def test_up_to_ten_the_child_does_not_lift_what_the_guardian_stopped(band, family, rows):
    child, guardian = family(band=band)
    uses(guardian, rows, "child_restrict")
    said = words(child.posts("a=rights_unrestrict"))
    learner = next(one for one in rows(Learner) if one.age_band == band)

    assert (learner.restricted_at is None) is (band == "from_11_to_19")
    assert ("ผู้ปกครองเป็นผู้ตัดสินใจ" in said) is (band == "up_to_10")
    uses(guardian, rows, "child_unrestrict")
    assert next(one for one in rows(Learner) if one.age_band == band).restricted_at is None


@LANGUAGES
def test_only_a_guardian_finds_my_children_in_menu_and_help(language, family, someone):
    child, guardian = family(language)
    stranger = someone("Stranger", language)
    stranger.adds_the_account()
    mine, helps = (
        label(guardian, "My children"),
        translator(language)("• my children – what you agreed to, and the child’s rights"),
    )

    for chat, is_guardian in ((guardian, True), (child, False), (stranger, False)):
        chat.says("menu")
        assert (mine in chat.labels()) is is_guardian
        assert (helps in words(chat.says("help"))) is is_guardian

"""A legal order that stays secret does not show to the front desk, nor by what is missing."""

import re

import pytest
from sqlalchemy import select

from bot.services.accounts import holds
from bot.services.people.subjects import Subject
from bot.services.privacy import rights
from bot.services.privacy.requests import Asked
from models.account import Account
from models.conversation import Conversation
from models.learner import Learner, LearnerState
from models.staff import Role
from tests.console.people import enrolled
from tests.factories import make_learner
from tests.services.learners.merging import flag

CHANGES = re.compile(r'name="(token|writer)" value="[^"]*"|[?&]v=[0-9a-f]+')


@pytest.fixture
def learner_id(database, clock):
    return database.write(lambda s: enrolled(s, clock()))


@pytest.fixture
def twin_id(database, clock, learner_id):
    def work(session):
        twin = make_learner(session, clock())
        session.get_one(Conversation, twin.conversation_id).learner_id = twin.id
        flag(session, learner_id, twin.id, clock())
        return twin.id

    return database.write(work)


def place(database, learner_id, now, *, may_tell=False):
    database.write(
        lambda s: holds.place(s, learner_id, "order", may_tell=may_tell, actor="x", now=now).id
    )


def ask_to_erase(database, learner_id, now):
    def work(session):
        learner = session.get_one(Learner, learner_id)
        return rights.erase(session, Asked(Subject(learner.conversation_id, learner.id)), now)

    return database.write(work)


def shown(desk, *paths):
    return [CHANGES.sub("", desk.get(path).text) for path in paths]


def paths_of(learner_id, twin_id):
    page = f"/console/learners/{learner_id}"
    acts = [f"{page}/acts/{act}" for act in ("invite", "suspend", "resume", "close")]
    return [page, *acts, "/console/duplicates", f"/console/duplicates/{learner_id}/{twin_id}"]


def test_every_page_says_the_same_with_and_without_it(
    database, clock, console, learner_id, twin_id
):
    desk = console(Role.SUPPORT)
    paths = paths_of(learner_id, twin_id)
    before = shown(desk, *paths)
    assert all("acts/close" in page for page in before[:1])
    place(database, learner_id, clock())
    assert shown(desk, *paths) == before
    assert ask_to_erase(database, learner_id, clock()).is_held
    assert shown(desk, *paths) == before, "nor what the order stopped"


def test_what_it_may_tell_it_tells(database, clock, console, learner_id, twin_id):
    desk = console(Role.SUPPORT)
    before = shown(desk, *paths_of(learner_id, twin_id))
    place(database, learner_id, clock(), may_tell=True)
    after = shown(desk, *paths_of(learner_id, twin_id))
    assert [old != new for old, new in zip(before, after, strict=True)] == [
        True, False, False, False, True, False, True,
    ]  # fmt: skip


def test_closing_goes_as_without_it_and_nothing_is_lost(database, clock, console, learner_id):
    desk = console(Role.SUPPORT)
    place(database, learner_id, clock())
    page = f"/console/learners/{learner_id}"
    answer = desk.submit(page, f"{page}/acts/close", cause="asked")
    assert "ปิดบัญชีแล้ว" in desk.get(answer.location).text
    learner = database.read(lambda s: s.get(Learner, learner_id))
    assert learner.state is LearnerState.CLOSED
    assert learner.phone_sealed is not None, "the order keeps it"
    assert len(database.read(lambda s: s.scalars(select(Account)).all())) == 1


def test_merging_goes_as_without_it(database, clock, console, learner_id, twin_id):
    desk = console(Role.SUPPORT)
    place(database, twin_id, clock())
    page = f"/console/duplicates/{learner_id}/{twin_id}"
    answer = desk.submit(page, f"/console/duplicates/{learner_id}/{twin_id}/merge", sure="yes")
    assert answer.location == "/console/duplicates", desk.get(page).text
    assert database.read(lambda s: s.get(Learner, twin_id)).state is LearnerState.CLOSED


def test_the_privacy_officer_knows(database, clock, console, learner_id):
    place(database, learner_id, clock())
    ask_to_erase(database, learner_id, clock())
    text = console(Role.PRIVACY, language="en").get(f"/console/learners/{learner_id}").text
    assert "A secret order stands on this learner" in text
    assert "being examined" in text
    both = console(Role.PRIVACY, Role.SUPPORT, language="en")
    assert "acts/close" in both.get(f"/console/learners/{learner_id}").text

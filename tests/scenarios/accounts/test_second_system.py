"""A school with another e-learning system than the embedded one: all works, nothing is made up."""

import html
import io
import json
import zipfile
from dataclasses import replace

import pytest

from bot import elearning
from bot.elearning import System
from bot.services.campaigns.audience import eligibility, filters
from bot.services.campaigns.audience.filters import Audience
from bot.services.shared.keyset import KeyRange
from bot.settings import Settings
from models.account import Account, AccountState
from models.learner import Learner
from models.portal import PortalAccount
from models.privacy import PendingErasure
from models.secret_link import LinkPurpose, SecretLink
from models.staff import Role
from tests.architecture.test_settings import VALID
from tests.chat import words
from tests.console.announcing import FORM, fields
from tests.console.conftest import console as console  # a desk for this file too
from tests.providers.elsewhere import HOST, Elsewhere
from tests.scenarios.auth.resetting import Browser, path_of, reset, shown
from tests.scenarios.story import EMAIL, NAME, language_of, register, tap

NEW = "/console/campaigns/new"


@pytest.fixture
def settings(settings, monkeypatch):
    """As the environment says it: a name on the list, and what builds the adapter."""
    monkeypatch.setitem(elearning.SYSTEMS, "elsewhere", System("tests.providers.elsewhere:build"))
    chosen = Settings.from_env(VALID | {"ELEARNING_PROVIDER": "elsewhere"}).provider
    return replace(settings, provider=chosen)


@pytest.fixture
def system(bot):
    """The system itself, as its own administrator sees it."""
    assert isinstance(bot.provider, Elsewhere)
    return bot.provider


@pytest.fixture
def chat(someone, system):
    made = someone("มะลิ")
    register(made)
    return made


def test_registering_makes_the_account_there_and_the_link_leads_there(
    chat, system, rows, client, clock
):
    (account,) = rows(Account)
    assert (account.provider, account.state) == ("elsewhere", AccountState.ACTIVE)
    assert list(system.accounts) == [account.id]
    assert rows(PortalAccount) == []
    answer = client.post(path_of(chat, "Show my password"))
    page, first = answer.text, shown(answer.text)
    assert f'href="{HOST}/login?lang=th"' in page
    assert 'data-copies="password"' in page, "it is typed in over there"
    assert "<form" not in page
    assert "Set-Cookie" not in answer.headers
    assert system.lets_in(first.username, first.password, clock())


def test_a_forgotten_password_is_replaced_there(chat, app, system, clock):
    first = shown(Browser(app.test_client()).post(path_of(chat, "Show my password")).text)
    clock.advance(hours=1)
    second = reset(chat, app)
    assert not system.lets_in(first.username, first.password, clock())
    assert system.lets_in(second.username, second.password, clock())


def test_our_portal_sends_people_there(chat, client):
    for page in ("/portal", "/portal/history", "/portal/relink"):
        answer = client.get(page, base_url="https://bot.example.test", follow_redirects=False)
        answer = client.get(answer.location, base_url="https://bot.example.test")
        assert answer.location == f"{HOST}/login?lang=th"


def test_the_courses_lead_there_and_no_link_of_ours_is_made(chat, rows):
    for entry in ("courses", "lessons"):
        chat.posts(f"a={entry}")
        address = chat.opens(language_of(chat)("Go to E-Learning"))
        assert address == f"{HOST}/login?lang=th"
    assert rows(SecretLink, SecretLink.purpose == LinkPurpose.LESSONS) == []


def test_the_history_tells_what_we_know(chat):
    said = words(chat.posts("a=history"))
    t = language_of(chat)
    assert t("Your E-Learning account was made") in said
    assert t("See everything") not in chat.labels()
    assert t("My rights") in chat.labels()


def test_moving_to_another_chat_goes_by_mail_alone(someone, chat):
    t = language_of(chat)
    other = someone("กุหลาบ")
    other.adds_the_account()
    other.posts("a=relink")
    assert t("Code by e-mail") in other.labels()
    assert not {t("Get the code"), t("I have the code")} & set(other.labels())
    chat.posts("a=relink")
    assert t("Get the code") not in chat.labels()


def test_the_export_holds_what_is_kept_there(chat, client, system, rows):
    chat.posts("a=rights_download")
    link = path_of(chat, "Get my data")
    answer = client.post(link, data={"digits": "5678"})
    assert answer.status_code == 200
    content = json.loads(zipfile.ZipFile(io.BytesIO(answer.data)).read("data.json"))
    (row,) = content["tables"]["elearning"]["rows"]
    assert (row["name"], row["email"]) == (NAME, EMAIL)
    assert content["tables"]["account"]["rows"][0]["provider"] == "elsewhere"
    assert content["tables"]["portal_account"]["rows"] == []


def test_an_export_without_that_part_is_not_handed_over(chat, client, system):
    chat.posts("a=rights_download")
    system.is_down = True
    assert client.post(path_of(chat, "Get my data"), data={"digits": "5678"}).status_code == 503
    system.is_down = False
    chat.posts("a=rights_download")
    link = path_of(chat, "Get my data")
    assert client.post(link, data={"digits": "5678"}).status_code == 200


def test_whoever_is_erased_is_erased_there(chat, system, engine, clock, rows):
    chat.posts("a=withdraw")
    tap(chat, "Withdraw")
    clock.advance(days=83)
    system.is_down = True
    engine.erase_due()
    engine.drain_accounts()
    assert rows(Learner) == rows(Account) == []
    assert len(system.accounts) == len(rows(PendingErasure)) == 1
    system.is_down = False
    clock.advance(hours=1)
    engine.drain_accounts()
    assert system.accounts == {}
    assert rows(PendingErasure) == []


def test_nobody_is_erased_as_unused_where_nobody_knows(chat, bot, engine, clock, rows):
    bot.settings = replace(bot.settings, school=replace(bot.settings.school, account_years=1))
    clock.advance(days=3 * 365)
    engine.purge()
    assert len(rows(Learner)) == 1


@pytest.fixture
def writer(console):
    """A member who writes announcements."""
    return console(Role.AUTHOR)


def test_the_form_offers_no_filter_that_nobody_can_answer(writer, bot):
    page = writer.get(NEW).text
    assert 'name="language"' in page
    for name in ("course", "active_days", "quiet_days"):
        assert f'name="{name}"' not in page
    kept = writer.submit(NEW, NEW, **FORM)
    assert kept.status_code == 303


def test_a_filter_from_before_is_refused_with_its_reason(writer, bot):
    answer = writer.submit(NEW, NEW, **FORM | {"quiet_days": "30"})
    address = answer.location.split("/edit")[0]
    page = html.unescape(writer.get(f"{address}/edit?check=1").text)
    assert "ไม่ได้แจ้งข้อมูลนี้" in page
    assert fields(page)["quiet_days"] == "30", "it can be seen and emptied"


def test_a_filter_that_nobody_can_answer_lets_nobody_in(chat, bot):
    def met(audience):
        everybody = KeyRange("", "g")
        query = eligibility.rows(
            everybody, audience, "courses", None, 4, bot.clock(), is_embedded=False
        )
        return len(bot.database.read(lambda session: session.execute(query).all()))

    assert met(Audience()) == 1
    assert met(Audience(quiet_days=30)) == met(Audience(course="everyday-english")) == 0
    found = filters.problems(Audience(active_days=1, course="x"), bot.settings)
    assert [(problem.where, problem.code) for problem in found] == [
        ("course", "not_told"),
        ("active_days", "not_told"),
    ]

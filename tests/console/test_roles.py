"""Every view of the console against every role; no GET has effects; forms need their token."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.routing import Rule as Route

from bot.runtime import Bot
from bot.services.staff import sessions
from bot.services.staff.permissions import ROLES, Permission
from handlers.console import cookies, role_words
from handlers.console.guard import ViewRule
from handlers.web.cookies import COOKIES as PORTAL_COOKIES
from models.staff import Role, Stage
from tests.clock import FakeClock
from tests.console.conftest import Desk
from tests.portal.snapshots import fingerprint

pytestmark = pytest.mark.sql

PUBLIC = {
    "console.sign_in",
    "console.try_sign_in",
    "console.start",
    "console.spend",
    "console.asset_file",
}
HALFWAY = {
    "console.code": Stage.CODE,
    "console.try_code": Stage.CODE,
    "console.start_again": Stage.CODE,
    "console.factor": Stage.START,
    "console.confirm_factor": Stage.START,
}
REFUSED = "Your role does not allow this"
STALE = "This page was open for too long"
ARGUMENT = re.compile(r"<(?:(\w+)(?:\(([^)]*)\))?:)?\w+>")


def routes(app: Flask) -> list[Route]:
    return [r for r in app.url_map.iter_rules() if r.endpoint.split(".")[0] == "console"]


def rule_of(app: Flask, route: Route) -> ViewRule | None:
    return getattr(app.view_functions[route.endpoint], "console_rule", None)


def path_of(route: Route) -> str:
    """The route's address with something harmless in every gap."""

    def fill(found: re.Match[str]) -> str:
        if found[1] == "any":
            return found[2].split(",")[0].strip(" \"'")
        return "1" if found[1] in {"int", "float"} else "x"

    return ARGUMENT.sub(fill, route.rule).replace("/static/x", "/static/console.css")


def pages(app: Flask) -> list[tuple[str, str, ViewRule]]:
    """Method, address and rule of every view that asks for a permission."""
    found = []
    for route in routes(app):
        rule = rule_of(app, route)
        if rule is not None and rule.permission is not None:
            methods = sorted((route.methods or set()) - {"HEAD", "OPTIONS"})
            found += [(method, path_of(route), rule) for method in methods]
    return found


def test_every_view_says_whom_it_is_for(app: Flask) -> None:
    open_, halfway = set(), {}
    for route in routes(app):
        rule = rule_of(app, route)
        assert rule is not None, route.endpoint
        if rule.permission is not None:
            assert rule.stage is Stage.IN
        elif rule.stage is not None:
            halfway[route.endpoint] = rule.stage
        else:
            open_.add(route.endpoint)
    assert open_ == PUBLIC
    assert halfway == HALFWAY


@pytest.mark.parametrize("role", list(Role))
def test_a_view_opens_exactly_to_the_roles_that_may(
    app: Flask, console: Callable[..., Desk], role: Role
) -> None:
    desk = console(role)
    found = pages(app)
    assert len(found) > 20
    for method, path, rule in found:
        # Without a form token nothing unsafe is done, wherever the role lets it pass.
        answer = desk.request(method, f"{path}?lang=en")
        is_refused = answer.status_code == 403 and REFUSED in answer.text
        assert is_refused == (rule.permission not in ROLES[role]), (method, path)
        if method != "GET" and not is_refused:
            assert answer.status_code == 403, (method, path)
            assert STALE in answer.text, (method, path)


def test_nobody_gets_anywhere_without_a_session(app: Flask) -> None:
    for method, path, _ in pages(app):
        answer = Desk(app.test_client()).request(method, path)
        assert answer.status_code == 303, (method, path)
        assert answer.location.startswith("/console/sign-in"), (method, path)


@pytest.mark.parametrize("stage", [Stage.CODE, Stage.START])
def test_nobody_gets_anywhere_halfway(
    app: Flask, bot: Bot, console: Callable[..., Desk], clock: FakeClock, stage: Stage
) -> None:
    desk = console(*Role)
    ticket = bot.database.write(
        lambda s: sessions.open_session(s, desk.member_id, stage, clock(), "A" * 32)
    )
    desk.set_cookie(ticket.seal(bot.cookie_keys, cookies.PLACE))
    way = {Stage.CODE: "/console/sign-in/code", Stage.START: "/console/start-factor"}[stage]
    for method, path, _ in pages(app):
        assert desk.request(method, path).location == way, (method, path)
    for endpoint, wanted in HALFWAY.items():
        if wanted is not stage:
            [route] = [r for r in routes(app) if r.endpoint == endpoint]
            method = "GET" if "GET" in (route.methods or ()) else "POST"
            assert desk.request(method, route.rule).location == way, endpoint


@pytest.mark.usefixtures("own_shell")
def test_a_view_that_forgot_its_rule_is_refused(app: Flask, console: Callable[..., Desk]) -> None:
    app.add_url_rule("/console/naked", "console.naked", lambda: "secret")
    answer = console(*Role).get("/console/naked")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_the_refusal_says_what_is_missing_and_who_has_it(console: Callable[..., Desk]) -> None:
    answer = console(Role.AUTHOR).get("/console/team")
    assert answer.status_code == 403
    assert "ดูแลทีมงาน" in answer.text
    assert "ผู้ดูแลระบบ" in answer.text
    english = console(Role.AUTHOR, language="en").get("/console/team").text
    assert "manage the team" in english
    assert "Administrator" in english


def test_errors_speak_of_the_console(console: Callable[..., Desk]) -> None:
    answer = console(Role.ADMIN, language="en").get("/console/team/nobody")
    assert answer.status_code == 404
    assert "We cannot find this page" in answer.text
    assert 'href="/console"' in answer.text
    assert "/portal" not in answer.text


@pytest.mark.parametrize(
    ("language", "words"),
    [("th", "ไม่พบหน้านี้"), ("en", "We cannot find this page")],
)
def test_an_address_that_leads_nowhere_is_the_consoles_too(
    console: Callable[..., Desk], new_desk: Callable[..., Desk], language: str, words: str
) -> None:
    desk = console(Role.ADMIN, language=language)
    for path in ("/console/nothing", "/console/imports/a/b/c", "/console/%00"):
        answer = desk.get(path)
        assert answer.status_code == 404
        assert words in answer.text
        assert 'class="topbar"' in answer.text
        assert "/portal" not in answer.text
        assert new_desk().get(path).status_code == 404
    assert "/portal" in desk.get("/consoles").text, "which is no address of the console"
    for method, path in (("DELETE", "/console/imports"), ("GET", "/console/imports/x/confirm")):
        refused = desk.request(method, path)
        assert (refused.status_code, "topbar" in refused.text) == (405, True)
        assert refused.headers["Allow"]


@pytest.mark.parametrize(("language", "words"), [("th", "ขออภัย"), ("en", "Sorry")])
def test_a_defect_of_ours_speaks_of_the_console(
    bot: Bot, console: Callable[..., Desk], language: str, words: str
) -> None:
    bot.basic_id = object()  # type: ignore[assignment]
    answer = console(Role.SUPPORT, language=language).get("/console/imports/invitation")
    assert answer.status_code == 500
    assert words in answer.text
    assert 'class="topbar"' in answer.text
    assert "AttributeError" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("language", ["th", "en"])
def test_what_is_too_large_or_too_old_speaks_of_the_console(
    console: Callable[..., Desk], language: str
) -> None:
    desk = console(Role.SUPPORT, language=language)
    token = desk.token("/console/imports")
    large = desk.post("/console/imports", {"token": token, "file": "x" * (4 << 20)})
    long = desk.post("/console/imports", {"token": token, "file": "x" * 30_000})
    stale = desk.post("/console/imports", {"token": "x"})
    foreign = desk.post("/console/imports", headers={"Origin": "https://evil.example"})
    assert [a.status_code for a in (large, long, stale, foreign)] == [413, 413, 403, 403]
    for answer in (large, long, stale, foreign):
        assert 'class="topbar"' in answer.text
        assert f'<html lang="{language}">' in answer.text
        assert "/portal" not in answer.text


def test_the_menu_shows_what_one_may_open(app: Flask, console: Callable[..., Desk]) -> None:
    for role in Role:
        desk = console(role, language="en")
        text = desk.get("/console/me").text
        shown = set(re.findall(r'<nav class="container-xl.*?</nav>', text, re.DOTALL))
        assert len(shown) == 1
        for address in re.findall(r'href="([^"]+)"', shown.pop()):
            assert desk.get(address).status_code == 200, (role, address)
        assert ("/console/team" in text) == (Permission.ADMINISTER_STAFF in ROLES[role])


def test_roles_and_permissions_have_words() -> None:
    assert set(role_words.ROLE_WORDS) == set(role_words.ROLE_DUTIES) == set(Role) == set(ROLES)
    assert set(role_words.PERMISSION_WORDS) == set(Permission)


def test_no_get_changes_anything_and_every_cookie_is_known(
    app: Flask, bot: Bot, console: Callable[..., Desk], clock: FakeClock
) -> None:
    desk, stranger = console(*Role), Desk(app.test_client())
    known = {cookie.name for cookie in (*cookies.COOKIES, *PORTAL_COOKIES)}
    before = fingerprint(bot.database)
    swept = 0
    for route in routes(app):
        for method in sorted((route.methods or set()) & {"GET", "HEAD", "OPTIONS"}):
            clock.advance(seconds=5)
            for visitor in (desk, stranger):
                answer = visitor.request(method, f"{path_of(route)}?lang=en&keep=1")
                assert answer.status_code < 500, (method, route.rule)
                for line in answer.headers.getlist("Set-Cookie"):
                    assert line.split("=")[0] in known
                    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
                        assert part in line, line
                    assert "Domain" not in line
                    assert "Max-Age" not in line or "Max-Age=0" in line
                swept += 1
    assert swept > 40
    changed = {table for table, now in fingerprint(bot.database).items() if now != before[table]}
    assert changed == set()


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(
    app: Flask, console: Callable[..., Desk]
) -> None:
    desk = console(*Role)
    for method, path, _ in pages(app):
        if method != "GET":
            continue
        answer = desk.get(path)
        if not answer.content_type.startswith("text/html") or answer.status_code != 200:
            continue
        text = answer.text
        assert answer.headers["Cache-Control"] == "no-store", path
        for address in re.findall(r'(?:src|action)="([^"]+)"', text):
            assert address.startswith(("/", "data:image/")), (path, address)
        for address in re.findall(r'<link[^>]+href="([^"]+)"', text):
            assert address.startswith("/"), (path, address)
        assert " style=" not in text, path
        assert "<style" not in text, path
        assert not re.search(r"<script(?![^>]* src=)", text), path
        assert not re.search(r"<[^>]*\son[a-z]+=", text), path
        for form in re.findall(r"<form.*?</form>", text, re.DOTALL):
            if 'method="post"' in form:
                assert 'name="token"' in form, (path, form[:200])

"""Deploying the rich menus: once is enough, a crash is not the end, and nobody loses their menu."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from bot.errors import DeliveryError
from bot.line import messages as line_messages
from bot.line.gateway import Gateway
from bot.line.menus import PREFIX, Menu, Tile, payload
from bot.presentation.menus import TILES, learner_tiles
from bot.runtime import Bot
from bot.runtime.menu_deployment import Deployment, DeploymentError, designs
from bot.services.chat import rich_menus
from bot.settings import Settings
from models.conversation import Conversation
from models.rich_menu import RichMenu
from simulator.platform import Platform
from simulator.rates import Rate
from tests.chat import Chat
from tests.scenarios.story import register
from tests.servers import free_port

READS = {"richmenu/list", "richmenu/alias:list", "richmenu/default:get"}
KEYS = {"guest-th", "guest-en", "learner-th", "learner-en", "staff-th", "staff-en"}


def deploy(bot: Bot, **options: Any) -> int:
    return Deployment(bot, wait=lambda _: None, **options).run()


def calls(platform: Platform) -> list[str]:
    return [call.endpoint for call in platform.calls if call.endpoint.startswith("richmenu")]


def assert_whole(bot: Bot, platform: Platform) -> None:
    """At LINE stand our six menus with pictures and names, and nothing besides."""
    at_line = platform.rich_menus
    rows = bot.database.read(rich_menus.ids)
    assert set(rows) == set(at_line.aliases) == KEYS
    assert rows == at_line.aliases
    assert set(at_line.menus) == set(rows.values())
    assert all(menu.image for menu in at_line.menus.values())
    assert at_line.default_id == rows["guest-th"]


@pytest.fixture
def other_words(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Another version of the product: one button of the learners' menus says something else."""

    def change() -> None:
        def tiles(t: Any) -> tuple[Tile, ...]:
            first, *rest = learner_tiles(t)
            said = line_messages.entry("E-Learning", "courses")
            return (replace(first, action=said), *rest)

        monkeypatch.setitem(TILES, rich_menus.MenuAudience.LEARNER, tiles)

    return change


def test_six_menus_stand_at_line(bot: Bot, line: Platform) -> None:
    deploy(bot)
    assert_whole(bot, line)


def test_a_second_run_only_reads(bot: Bot, line: Platform) -> None:
    deploy(bot)
    line.calls.clear()
    assert deploy(bot) == 0
    assert set(calls(line)) == READS
    assert len(calls(line)) == 3


def test_a_menu_is_checked_before_it_is_made(bot: Bot, line: Platform) -> None:
    deploy(bot)
    made = [name for name in calls(line) if name in {"richmenu/validate", "richmenu/create"}]
    assert made == ["richmenu/validate", "richmenu/create"] * 6


def test_a_dry_run_changes_nothing(bot: Bot, line: Platform) -> None:
    said: list[str] = []
    assert deploy(bot, is_dry=True, say=said.append) == len(said) > 6
    assert set(calls(line)) == READS
    assert line.rich_menus.menus == {}
    assert bot.database.read(rich_menus.ids) == {}
    deploy(bot)
    assert deploy(bot, is_dry=True) == 0


class Killed(BaseException):
    """The process ends here."""


def dying_after(bot: Bot, changes: int) -> Any:
    """A run that is killed when so many changes have been made at LINE."""
    left = [changes]

    def say(_: str) -> None:
        if left[0] == 0:
            raise Killed
        left[0] -= 1

    return lambda: deploy(bot, say=say)


@pytest.mark.parametrize("changes", [0, 1, 2, 7, 12, 13, 18])
def test_killed_anywhere_the_next_run_completes_and_leaks_nothing(
    bot: Bot, line: Platform, changes: int
) -> None:
    with pytest.raises(Killed):
        dying_after(bot, changes)()
    deploy(bot)
    assert_whole(bot, line)
    creates = [call for call in line.calls if call.endpoint == "richmenu/create"]
    assert len(creates) == 6, "what had been made was made again"


def test_killed_before_it_remembered_the_next_run_does(bot: Bot, line: Platform) -> None:
    deploy(bot)
    bot.database.write(lambda session: session.execute(delete(RichMenu)))
    assert deploy(bot) == 0
    assert_whole(bot, line)


@pytest.mark.parametrize("changes", range(8))
def test_killed_in_an_update_the_next_run_completes(
    bot: Bot, line: Platform, other_words: Callable[[], None], changes: int
) -> None:
    deploy(bot)
    other_words()
    with pytest.raises(Killed):
        dying_after(bot, changes)()
    deploy(bot)
    assert_whole(bot, line)


@pytest.mark.parametrize("endpoint", ["richmenu/create", "richmenu/content:set"])
def test_an_answer_that_was_lost_leaks_no_menu(bot: Bot, line: Platform, endpoint: str) -> None:
    line.faults.add(endpoint, "500_after_accept")
    with pytest.raises(DeploymentError, match="Run this again"):
        deploy(bot)
    deploy(bot)
    assert_whole(bot, line)


def test_a_limit_of_line_is_told_in_words(bot: Bot, line: Platform) -> None:
    line.faults.add("richmenu/create", "429_rate")
    with pytest.raises(DeploymentError, match="an hour"):
        deploy(bot)
    deploy(bot)
    assert_whole(bot, line)


def test_too_many_menus_an_hour_are_not_even_tried(bot: Bot, line: Platform, clock: Any) -> None:
    """Whatever happens at LINE's side, fewer than 100 are made in any hour."""
    line.rates.table["richmenu/delete"] = Rate(2000)
    stopped = None
    for _ in range(20):
        line.rich_menus.menus.clear()
        line.rich_menus.aliases.clear()
        line.rich_menus.default_id = None
        try:
            deploy(bot)
        except DeploymentError as error:
            stopped = str(error)
            break
    assert stopped is not None
    assert "Run this again in" in stopped
    creates = [call for call in line.calls if call.endpoint == "richmenu/create"]
    assert len(creates) <= 100
    clock.advance(hours=1)
    deploy(bot)
    assert_whole(bot, line)


def test_what_others_made_is_left_alone(bot: Bot, line: Platform) -> None:
    deploy(bot)
    menu = next(iter(line.rich_menus.menus.values()))
    theirs = line.rich_menus.create({**menu.definition, "name": "Songkran, by hand"})
    ours = line.rich_menus.create({**menu.definition, "name": f"{PREFIX}guest-th/old"})
    deploy(bot)
    assert theirs.rich_menu_id in line.rich_menus.menus
    assert ours.rich_menu_id not in line.rich_menus.menus


def test_a_new_version_replaces_only_what_changed(
    bot: Bot, line: Platform, other_words: Callable[[], None]
) -> None:
    deploy(bot)
    before = bot.database.read(rich_menus.ids)
    other_words()
    deploy(bot)
    after = bot.database.read(rich_menus.ids)
    assert {key for key in KEYS if before[key] != after[key]} == {"learner-th", "learner-en"}
    assert_whole(bot, line)


def test_nobody_loses_their_menu_to_a_new_version(
    bot: Bot,
    line: Platform,
    someone: Callable[..., Chat],
    rows: Callable[..., list[Any]],
    other_words: Callable[[], None],
) -> None:
    """Learners who do not write get the new one too, and nobody is linked one by one."""
    deploy(bot)
    chat = someone("มะลิ")
    register(chat)
    other_words()
    line.calls.clear()
    deploy(bot)
    new = bot.database.read(rich_menus.ids)["learner-th"]
    assert line.rich_menus.of_person[chat.user_id] == new
    assert [row.menu for row in rows(Conversation)] == [new]
    chat.says("สวัสดี")
    assert "richmenu/user:link" not in calls(line)


def test_the_old_menus_stay_until_everybody_was_moved(
    bot: Bot,
    line: Platform,
    someone: Callable[..., Chat],
    other_words: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deploy(bot)
    chat = someone("มะลิ")
    register(chat)
    old = line.rich_menus.of_person[chat.user_id]
    other_words()
    monkeypatch.setattr(bot.gateway.rich_menus, "moved", lambda _: "ongoing")
    waited: list[float] = []
    with pytest.raises(DeploymentError, match="half an hour"):
        Deployment(bot, wait=waited.append).run()
    assert len(waited) >= 30
    assert old in line.rich_menus.menus
    monkeypatch.undo()
    other_words()
    deploy(bot)
    assert_whole(bot, line)


def test_the_command_says_what_it_did(app: Flask, line: Platform) -> None:
    def run(*more: str) -> str:
        result = app.test_cli_runner().invoke(args=["richmenu-deploy", *more])
        assert result.exit_code == 0, result.output
        return result.output

    assert "would guest-th: make" in run("--dry-run")
    assert "the rich menus are up to date" in run()
    assert run() == "The rich menus are up to date.\n"


def test_the_command_fails_in_words(app: Flask, line: Platform) -> None:
    line.faults.add("richmenu/create", "500")
    result = app.test_cli_runner().invoke(args=["richmenu-deploy"])
    assert result.exit_code == 1
    assert "LINE did not take it" in result.output
    assert "Traceback" not in result.output


def test_pictures_go_to_the_host_that_takes_them(
    line: Platform, settings: Settings, bot: Bot
) -> None:
    """LINE takes pictures at api-data.line.me, and nothing else there."""
    design = designs()[0]
    menu_id = bot.gateway.rich_menus.create(payload(design.menu, design.name))
    nowhere = f"http://127.0.0.1:{free_port()}"
    calls = Gateway(nowhere, access_token="x", data_host=settings.line_api_url).rich_menus
    with pytest.raises(DeliveryError) as refused:
        calls.upload(menu_id, design.picture)
    assert refused.value.status == 401, "it arrived, and the token is wrong"
    with pytest.raises(DeliveryError) as unreached:
        calls.names()
    assert unreached.value.status is None


def test_the_digest_follows_words_and_picture(other_words: Callable[[], None]) -> None:
    before = {design.menu.key: design.digest for design in designs()}
    assert before == {design.menu.key: design.digest for design in designs()}
    other_words()
    after = {design.menu.key: design.digest for design in designs()}
    assert {key for key in KEYS if before[key] != after[key]} == {"learner-th", "learner-en"}


def test_the_rows_hold_no_person(rows: Callable[..., list[Any]], bot: Bot, line: Platform) -> None:
    deploy(bot)
    assert {row.key for row in rows(RichMenu)} == KEYS
    assert all(len(row.digest) == 64 for row in rows(RichMenu))


def test_the_default_is_given_back_where_somebody_changed_it(bot: Bot, line: Platform) -> None:
    deploy(bot)
    line.rich_menus.default_id = bot.database.read(rich_menus.ids)["staff-en"]
    assert deploy(bot) == 1
    assert_whole(bot, line)


def test_a_menu_is_no_taller_than_its_tiles() -> None:
    assert Menu("x", "x", (Tile("book", line_messages.entry("x", "menu")),) * 3).size == (2500, 843)

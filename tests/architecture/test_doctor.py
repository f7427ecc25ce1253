"""The doctor names what is wrong, and says nothing where nothing is."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from bot.errors import DeliveryError
from bot.runtime import Bot
from bot.runtime.menu_deployment import Deployment
from bot.settings import ROOT, School, Settings
from simulator.mailbox import Mailbox, serve_mailbox
from simulator.platform import Platform
from tests.mail.imap_server import ImapBox, serve_imap
from tests.servers import free_port

FLASK = Path(sys.executable).with_name("flask")


def doctor(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["doctor"])
    return result.exit_code, result.output


def by_command(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FLASK, "--app", "app", "doctor"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def bad(output: str) -> set[str]:
    return {line.split()[1].rstrip(":") for line in output.splitlines() if line.startswith("✗")}


@pytest.fixture
def ready(app: Flask, line: Platform, settings: Settings) -> Flask:
    """Everything in place: LINE calls the address that is ours, and we answer."""
    line.webhooks.endpoint = f"{settings.public_url}/line/webhook"
    return app


def test_without_settings_each_missing_one_is_named() -> None:
    done = by_command()
    assert done.returncode == 1
    for name in ("PUBLIC_URL", "SECRET_KEY", "DATA_KEYS", "LINE_CHANNEL_SECRET",
                 "LINE_CHANNEL_ACCESS_TOKEN"):  # fmt: skip
        assert f"✗ {name}:" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.count("cure:") == 5


@pytest.mark.long
def test_other_commands_without_settings_say_so_too() -> None:
    """`work` and `db-upgrade` must not leave an operator with a trace or "no such command"."""
    for command in ("work", "db-upgrade"):
        done = subprocess.run(
            [FLASK, "--app", "app", command],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert "DATA_KEYS" in done.stdout + done.stderr, command


def test_all_is_well(ready: Flask) -> None:
    code, said = doctor(ready)
    assert (code, bad(said)) == (0, set()), said
    assert "! SCHOOL_NAME" in said  # a fact of the owner's is a warning


def test_all_is_well_and_nothing_is_missing(
    settings: Settings, line: Platform, clock: Any, tmp_path: Path
) -> None:
    (tmp_path / "answers.toml").touch()
    line.webhooks.endpoint = f"{settings.public_url}/line/webhook"
    school = School("a", "b", "c", "d", "e", "f", 5, 5, 10, 10, "2026-01-01")
    with serve_mailbox(Mailbox()) as mail_server, serve_imap(ImapBox()) as imap_server:
        ready = replace(
            settings,
            school=school,
            smtp_url=mail_server.url,
            imap_url=imap_server.url,
            contact_imap_url=imap_server.url,
            mail_from="hello@school.example",
            mail_news_from="news@school.example",
            owner_email="owner@school.example",
            answers_dir=tmp_path,
        )
        made = create_app(ready, clock=clock)
        Deployment(made.extensions["bot"]).run()
        code, said = doctor(made)
        made.extensions["bot"].close()
    assert code == 0
    rows = [row for row in said.splitlines() if not row.startswith("{")]  # the log's
    assert rows
    assert all(row.startswith("✓") for row in rows), said


def test_a_mail_server_that_does_not_answer(ready: Flask, bot: Bot, mailbox: Mailbox) -> None:
    code, said = doctor(ready)
    assert (code, mailbox.connections) == (0, 1), said
    assert "✓ SMTP_URL" in said
    assert bot.mailer
    bot.mailer = replace(bot.mailer, server=replace(bot.mailer.server, port=free_port()))
    code, said = doctor(ready)
    assert (code, bad(said)) == (1, {"SMTP_URL"}), said
    assert "ConnectionRefusedError" in said


def test_no_mail_server(ready: Flask) -> None:
    code, said = doctor(ready)
    assert code == 0
    assert "! SMTP_URL" in said
    assert "e-mails wait" in said


def test_a_wrong_token(ready: Flask, settings: Settings, clock: Any) -> None:
    made = create_app(replace(settings, access_token="wrong"), clock=clock)
    code, said = doctor(made)
    made.extensions["bot"].close()
    assert (code, bad(said)) == (1, {"LINE_CHANNEL_ACCESS_TOKEN"}), said


def test_a_wrong_secret(ready: Flask, settings: Settings, line: Platform, clock: Any) -> None:
    """LINE's test call is turned away by our own door."""
    made = create_app(replace(settings, channel_secrets=("another",)), clock=clock)
    door = made.test_client()
    line.deliver = lambda body, headers: (
        door.post("/line/webhook", data=body, headers=headers).status_code
    )
    code, said = doctor(made)
    made.extensions["bot"].close()
    assert code == 1
    assert "LINE_CHANNEL_SECRET" in said


def test_a_wrong_address_of_the_webhook(ready: Flask, line: Platform) -> None:
    line.webhooks.endpoint = "https://old.example.test/line/webhook"
    code, said = doctor(ready)
    assert code == 1
    assert "✗ LINE webhook address" in said
    assert "https://bot.example.test/line/webhook" in said


def test_no_address_at_all(ready: Flask, line: Platform) -> None:
    line.webhooks.endpoint = ""
    code, said = doctor(ready)
    assert code == 1
    assert "✗ LINE webhook address" in said


class Changed:
    """The gateway, with one answer that LINE gives in a state that our LINE cannot be put in."""

    def __init__(self, inner: Any, **answers: Any) -> None:
        self._inner = inner
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        if name not in self._answers:
            return getattr(self._inner, name)

        def answer() -> Any:
            given = self._answers[name]
            if isinstance(given, Exception):
                raise given
            return given

        return answer


def test_a_webhook_that_is_switched_off(ready: Flask, bot: Bot) -> None:
    endpoint = {"endpoint": "https://bot.example.test/line/webhook", "active": False}
    bot.gateway = Changed(bot.gateway, webhook_endpoint=endpoint)  # type: ignore[assignment]
    code, said = doctor(ready)
    assert code == 1
    assert "switched off" in said


def test_a_line_that_does_not_answer(ready: Flask, bot: Bot) -> None:
    bot.gateway = Changed(bot.gateway, bot_info=DeliveryError("x"))  # type: ignore[assignment]
    code, said = doctor(ready)
    assert (code, bad(said)) == (1, {"LINE_API_URL"})


def test_another_channels_bot(ready: Flask, settings: Settings, clock: Any) -> None:
    made = create_app(replace(settings, bot_user_id="U" + "0" * 32), clock=clock)
    code, said = doctor(made)
    made.extensions["bot"].close()
    assert code == 1
    assert "LINE_BOT_USER_ID" in bad(said)


def test_a_webhook_that_nobody_answers(ready: Flask, line: Platform) -> None:
    def refuses(_body: bytes, _headers: dict[str, str]) -> int:
        raise ConnectionRefusedError

    line.deliver = refuses
    code, said = doctor(ready)
    assert code == 1
    assert "✗ LINE webhook test" in said


def test_a_database_that_is_not_migrated(settings: Settings, clock: Any, tmp_path: Path) -> None:
    made = create_app(replace(settings, database_url=f"sqlite:///{tmp_path}/new.db"), clock=clock)
    code, said = doctor(made)
    made.extensions["bot"].close()
    assert code == 1
    assert "db-upgrade" in said


def test_a_database_that_is_not_there(settings: Settings, clock: Any) -> None:
    url = "postgresql+psycopg://u:canary-pw@127.0.0.1:9/none"
    made = create_app(replace(settings, database_url=url), clock=clock)
    code, said = doctor(made)
    made.extensions["bot"].close()
    assert code == 1
    assert "DATABASE_URL" in bad(said)
    assert "canary-pw" not in said


def test_courses_that_cannot_be_read(settings: Settings, clock: Any, tmp_path: Path) -> None:
    made = create_app(replace(settings, courses_dir=tmp_path / "none"), clock=clock)
    code, said = doctor(made)
    made.extensions["bot"].close()
    assert code == 1
    assert "COURSES_DIR" in bad(said)


def test_topics_that_cannot_be_read(settings: Settings, clock: Any, tmp_path: Path) -> None:
    (tmp_path / "topics.toml").write_text('[[topic]]\nid = "A b"\n', encoding="utf-8")
    made = create_app(replace(settings, news_dir=tmp_path), clock=clock)
    code, said = doctor(made)
    made.extensions["bot"].close()
    assert code == 1
    assert "NEWS_DIR" in bad(said)
    assert "an id has only a-z" in said


def test_answers_that_are_missing_are_listed_and_wrong_ones_named(
    settings: Settings, clock: Any, tmp_path: Path
) -> None:
    made = create_app(settings, clock=clock)
    assert "! ANSWERS_DIR: not yet set: price, payment" in doctor(made)[1]
    (tmp_path / "answers.toml").write_text('[[answer]]\nid = "A b"\n', encoding="utf-8")
    made.extensions["bot"].settings = replace(settings, answers_dir=tmp_path)
    code, said = doctor(made)
    made.extensions["bot"].close()
    assert code == 1
    assert "ANSWERS_DIR" in bad(said)


def test_nothing_secret_is_said(ready: Flask, settings: Settings) -> None:
    _, said = doctor(ready)
    for secret in (settings.secret_key, settings.access_token, *settings.channel_secrets):
        assert secret
        assert secret not in said


def test_rich_menus_that_are_missing_or_others_are_a_warning(
    ready: Flask, line: Platform, bot: Bot
) -> None:
    code, said = doctor(ready)
    assert code == 0
    assert "! rich menus: are not deployed.\n    cure: Run: flask --app app richmenu-deploy" in said
    Deployment(bot).run()
    assert "✓ rich menus" in doctor(ready)[1]
    line.rich_menus.default_id = None
    assert "! rich menus: LINE shows another one" in doctor(ready)[1]

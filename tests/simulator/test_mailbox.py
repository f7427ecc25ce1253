"""The demo's mailbox: every mail of the product lands there and can be read, safely."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app import create_app
from bot.runtime import mailing
from bot.services.delivery import mails
from bot.settings import Settings
from simulator import start
from simulator.mailbox import Mailbox

ADDRESS = "somying@example.test"


@pytest.fixture
def demo(settings: Settings, clock: Any) -> Iterator[Flask]:
    """The demo with its mail server running, and nothing else of it."""
    made = create_app(replace(settings, simulator=True), clock=clock)
    start(made, made.extensions["bot"])
    yield made
    made.extensions["mail_server"].stop()
    made.extensions["bot"].close()


def send(demo: Flask, template: str = "changed_name", **values: str) -> None:
    bot = demo.extensions["bot"]
    bot.database.write(
        lambda session: mails.queue(
            session,
            mails.MailText(template, "th", values),
            cause=f"test:{template}",
            to=ADDRESS,
            now=bot.clock(),
        )
    )
    mailing.drain(bot)


def test_an_empty_mailbox_says_so_and_is_in_the_navigation(demo: Flask) -> None:
    client = demo.test_client()
    page = client.get("/simulator/mailbox")
    assert page.status_code == 200
    assert "ยังไม่มีอีเมล" in page.text
    assert 'href="/simulator/mailbox"' in client.get("/simulator").text
    assert client.get("/simulator/mailbox/1").status_code == 404


def test_a_mail_of_the_product_lands_there(demo: Flask) -> None:
    send(demo)
    client = demo.test_client()
    page = client.get("/simulator/mailbox").text
    assert ADDRESS in page
    assert "เปลี่ยนชื่อในบัญชี English Planet ของคุณแล้ว" in page
    found = re.search(r'href="(/simulator/mailbox/\d+)"', page)
    assert found
    mail = client.get(found[1]).text
    assert "เปลี่ยนชื่อในบัญชี English Planet ของคุณแล้ว" in mail
    assert "Message-ID" in mail
    assert "สวัสดี" in mail
    assert f'src="{found[1]}/html"' in mail


def test_its_links_can_be_followed_in_text_and_html(demo: Flask) -> None:
    send(demo, "email_confirm", page="https://bot.example.test/s/email")
    client = demo.test_client()
    text, html = (client.get(f"/simulator/mailbox/1{part}").text for part in ("", "/html"))
    for shown in (text, html):
        assert re.search(r'href="https://bot\.example\.test/s/email/\w{64}\?lang=th"', shown)
    assert '<base target="_blank">' in html


def test_a_mail_is_shown_as_a_stranger(demo: Flask) -> None:
    """W10: sandboxed, without scripts and without anything from outside."""
    send(demo)
    client = demo.test_client()
    page, html = (client.get(f"/simulator/mailbox/1{part}") for part in ("", "/html"))
    policy = html.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy + page.text
    assert "allow-same-origin" not in policy + page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<script>" not in page.text
    assert " style=" not in page.text


def test_the_demo_leaves_a_mail_server_that_the_settings_name(
    settings: Settings, clock: Any
) -> None:
    named = replace(
        settings,
        simulator=True,
        smtp_url="smtp://127.0.0.1:2525",
        mail_from="hello@school.example",
        mail_news_from="news@school.example",
    )
    made = create_app(named, clock=clock)
    bot = made.extensions["bot"]
    start(made, bot)
    assert bot.mailer.server.port == 2525
    assert "mail_server" not in made.extensions
    bot.close()


def test_the_oldest_mails_make_room() -> None:
    box = Mailbox()
    for number in range(502):
        envelope = type("E", (), {"original_content": b"x", "rcpt_tos": [str(number)],
                                  "mail_from": "a"})()  # fmt: skip
        box.keep(envelope)
    assert (len(box.mails), box.mails[0].to, box.mails[-1].number) == (500, "2", 502)

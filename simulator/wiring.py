"""Puts the simulated LINE beside the product, in the process that it talks to."""

import threading

from flask import Flask

from bot.mail.smtp import Mailer, letterhead_of
from bot.mail_settings import MailServer
from bot.runtime import Bot
from simulator import sample_news, school
from simulator.api import create_line_blueprint
from simulator.console_door import create_console_blueprint
from simulator.delivery import http_deliver
from simulator.mailbox import HOST, Mailbox, MailboxServer
from simulator.mailbox_page import create_mailbox_blueprint
from simulator.page import NavigationLink, create_simulator_blueprint
from simulator.people import Person
from simulator.platform import Platform

# The people of the demo, who keep their ids from one start to the next.
CAST: tuple[tuple[str, str | None], ...] = (("มะลิ", "th"), ("Somchai", "th"), ("Ben", "en"))
BESIDE = (
    NavigationLink("/simulator/mailbox", "กล่องจดหมาย", "Mailbox"),
    NavigationLink("/simulator/console", "เจ้าหน้าที่", "Staff"),
)
SENDER = "English Planet <hello@english-planet.example>"
NEWS_SENDER = "English Planet <news@news.english-planet.example>"


def register(app: Flask, bot: Bot) -> Platform:
    """Mount the page and the platform; webhooks come back to us through the real door."""
    settings = bot.settings
    platform = Platform(
        clock=bot.clock,
        channel_secret=settings.channel_secrets[0],
        access_token=settings.access_token or "",
        bot_user_id=settings.bot_user_id or "U" + "e" * 32,
        channel_id=settings.channel_id or "1234567890",
        deliver=http_deliver(f"http://127.0.0.1:{settings.port}/line/webhook"),
    )
    add_cast(platform)
    app.register_blueprint(create_line_blueprint(platform), url_prefix="/simulator/line")
    mailbox = Mailbox()
    levers = sample_news.levers(bot)
    app.register_blueprint(create_simulator_blueprint(platform, BESIDE, levers))
    app.register_blueprint(create_mailbox_blueprint(mailbox))
    app.register_blueprint(create_console_blueprint(bot))
    app.extensions["platform"] = platform
    app.extensions["mailbox"] = mailbox
    return platform


def add_cast(platform: Platform) -> list[Person]:
    """Nobody of them is a friend yet: adding the bot is the demo's first step."""
    return [platform.add_person(name, language) for name, language in CAST]


def start(app: Flask, bot: Bot) -> None:
    """Serve the mailbox and send every mail there, unless the settings name a mail server."""
    if bot.settings.demo_school:
        whole = (bot, app.extensions["platform"])
        threading.Thread(target=school.open_school, args=whole, daemon=True).start()
    if bot.mailer is not None:
        return
    server = MailboxServer(app.extensions["mailbox"])
    server.start()
    app.extensions["mail_server"] = server
    bot.mailer = Mailer(
        MailServer(HOST, server.port, "plain"), letterhead_of(bot.settings, SENDER, NEWS_SENDER)
    )

"""The roof: builds the Bot, registers blueprints and commands. Nothing imports it."""

import pkgutil
import threading
import time
from collections.abc import Callable

import click
from flask import Flask
from flask.cli import FlaskGroup
from werkzeug.middleware.proxy_fix import ProxyFix

from bot import logs
from bot.clock import Clock, system_clock
from bot.crypto import Keyring
from bot.errors import BotError, DeliveryError, SettingsError
from bot.line.gateway import Gateway
from bot.mail.imap import bounce_mailbox_of
from bot.mail.smtp import mailer_of
from bot.presentation.presenter import LinePresenter
from bot.providers.base import Provider
from bot.runtime import Bot, purging
from bot.runtime.engine import Engine
from bot.runtime.menu_deployment import Deployment
from bot.runtime.pushing import SENDERS
from bot.services.campaigns.sending.gate import CampaignGate
from bot.services.privacy.erasure import ERASED
from bot.services.subscriptions.gate import NewsGate
from bot.settings import Settings
from bot.texts import tone
from handlers import commands, console, jobs, pictures, portal, webhook
from handlers.line import build_dispatcher
from handlers.server import Front
from handlers.web import plain_requests
from models.database import Database


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """Build the product from its settings; starts no thread and touches no network."""
    logs.configure(settings.log_level)
    app = create_shell(settings.trusted_proxies)
    install(app, create_bot(settings, clock))
    return app


def create_bot(settings: Settings, clock: Clock | None = None) -> Bot:
    """Build what the product works with, without any way in from outside."""
    tone.speak_in(settings.tone)
    keyring = Keyring(settings.data_keys, settings.audit_keys or (settings.secret_key,))
    database = Database(settings.database_url, keyring, clock, LinePresenter())
    bot = Bot(
        settings=settings,
        clock=clock or system_clock,
        database=database,
        provider=_provider(settings, database),
        gateway=Gateway(
            settings.line_api_url,
            access_token=settings.access_token,
            channel_id=settings.channel_id,
            channel_secret=settings.channel_secrets[0],
            connections=max(settings.inbox_handlers, 8) + SENDERS,
            data_host=settings.line_data_api_url,
        ),
        dispatcher=build_dispatcher(),
        keyring=keyring,
        make_gate=lambda settings: CampaignGate(NewsGate(settings), settings),
        mailer=mailer_of(settings),
        bounce_mailbox=bounce_mailbox_of(settings),
        user_id=settings.bot_user_id,
        basic_id=settings.bot_basic_id,
    )
    database.when(ERASED, lambda: purging.follow_erasure(bot))
    return bot


def create_shell(trusted_proxies: int = 0) -> Flask:
    """Build the ways in: every page, door and command. Whom they lead to, `install` says."""
    app = Flask(__name__, static_folder=None)
    if trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted_proxies, x_proto=trusted_proxies
        )
    plain_requests.register(app)
    portal.register(app)
    console.register(app)
    app.register_blueprint(pictures.pictures)
    webhook.register(app)
    commands.register(app)
    return app


def install(app: Flask, bot: Bot) -> None:
    """Put a Bot and its Engine behind the ways in; in development a LINE beside them."""
    app.extensions["bot"] = bot
    app.extensions["engine"] = Engine(bot)
    if bot.settings.simulator:
        # Imported here alone: outside development it is not even loaded.
        import simulator

        simulator.register(app, bot)


def _provider(settings: Settings, database: Database) -> Provider:
    """The adapter of the e-learning system that the settings name; no other one is loaded."""
    build: Callable[[Settings, Database], Provider] = pkgutil.resolve_name(settings.system.factory)
    return build(settings, database)


def start(app: Flask) -> None:
    """Begin to answer and, on SQLite, to tick: at once, or when the process that does so ends."""
    bot: Bot = app.extensions["bot"]
    engine: Engine = app.extensions["engine"]
    threading.Thread(target=_ask_who_we_are, args=(bot,), daemon=True).start()
    if bot.settings.simulator:
        threading.Thread(target=_deploy_menus, args=(bot,), daemon=True).start()
    if bot.settings.simulator:
        import simulator

        simulator.start(app, bot)
    if bot.settings.inbox_handlers == 0:
        return  # this process only stores
    app.extensions["end"] = jobs.begin(
        engine, jobs.JOBS if bot.settings.is_sqlite else jobs.WEB_JOBS
    )


def stop(app: Flask) -> None:
    """Finish the answers that are being given, and let another process take over."""
    if "end" in app.extensions:
        app.extensions["end"](False)


def _ask_who_we_are(bot: Bot) -> None:
    """Ask LINE for our userId, which every webhook must name, and our @name, until it answers."""
    wait = 1  # seconds; the demo's LINE begins to answer a moment after us
    while bot.user_id is None or bot.basic_id is None:
        try:
            info = bot.gateway.bot_info()
            bot.user_id = bot.user_id or info.get("userId")
            bot.basic_id = bot.basic_id or info.get("basicId")
        except DeliveryError as error:
            bot.log.warning("line.unreachable", status=error.status)
        time.sleep(0 if bot.user_id and bot.basic_id else wait)
        wait = min(2 * wait, 30)


def _deploy_menus(bot: Bot) -> None:
    """In the demo the rich menus are there by themselves, as soon as the server answers."""
    for _ in range(60):
        try:
            bot.gateway.bot_info()
            Deployment(bot).run()
            return
        except BotError as error:
            bot.log.debug("menus.not_deployed", **logs.failure(error))
        time.sleep(1)


def _by_command() -> bool:
    """Whether a flask command loads us, and not a server (granian is a click program too)."""
    context = click.get_current_context(silent=True)
    if context is None or not isinstance(context.find_root().command, FlaskGroup):
        return False
    return context.info_name != "run"


def _load() -> Flask:
    """The WSGI object; a command-line call with wrong settings still gets `doctor`."""
    by_command = _by_command()
    try:
        made = create_app(Settings.from_env())
    except SettingsError as error:
        if not by_command:
            raise
        return commands.without_settings(error)
    if not by_command:
        start(made)
    return made


_loaded: list[Flask] = []
_loading = threading.Lock()


def __getattr__(name: str) -> Flask | Front:
    """`app`, and `server` in front of it, built when somebody asks and not before (PEP 562)."""
    if name not in {"app", "server"}:
        raise AttributeError(name)
    with _loading:
        if not _loaded:
            _loaded.append(_load())
    return _loaded[0] if name == "app" else front(_loaded[0])


def front(app: Flask) -> Front:
    """What the server calls (docs/adr/0003-server.md)."""
    bot: Bot = app.extensions["bot"]
    return Front(app, bot.settings.request_seconds, lambda: stop(app))

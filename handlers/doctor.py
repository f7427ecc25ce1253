"""The doctor: is everything in place to serve people, and if not, what is the cure?"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import DeliveryError
from bot.line.menu_pictures import MenuPictureError
from bot.mail.imap import BounceMailboxError, contact_mailboxes_of
from bot.runtime import Bot
from bot.runtime.menu_deployment import designs, matches
from bot.services.chat import frequent_questions, rich_menus
from bot.services.chat.frequent_questions import AnswersError
from bot.services.courses import courses
from bot.services.delivery import mail_trouble
from bot.services.subscriptions import topics
from models.migrations import is_current


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A missing fact of the owner's is a warning: the notice shows it."""

    name: str
    problem: str | None = None
    cure: str | None = None
    is_warning: bool = False

    @property
    def is_bad(self) -> bool:
        return self.problem is not None and not self.is_warning

    def shown(self) -> str:
        if self.problem is None:
            return f"✓ {self.name}"
        mark = "!" if self.is_warning else "✗"
        return f"{mark} {self.name}: {self.problem}\n    cure: {self.cure}"


def examine(bot: Bot) -> list[Finding]:
    """All findings. The settings themselves were checked when the app was built."""
    return [
        Finding("settings"),
        _address(bot),
        _database(bot),
        _courses(bot),
        _topics(bot),
        _answers(bot),
        *_school(bot),
        _mail(bot),
        *_bounces(bot),
        *_contact_mailbox(bot),
        _owner(bot),
        *_line(bot),
    ]


def _address(bot: Bot) -> Finding:
    if bot.settings.public_url.startswith("https://") or bot.settings.simulator:
        return Finding("PUBLIC_URL")
    return Finding(
        "PUBLIC_URL",
        "is not https, so phones cannot keep a session and LINE cannot call us.",
        "Set the https:// address at which phones reach you.",
    )


def _database(bot: Bot) -> Finding:
    try:
        if is_current(bot.settings.database_url):
            return _folder(bot)
    except Exception as error:  # whatever the driver raises is the same to an operator
        return Finding(
            "DATABASE_URL",
            f"the database does not answer ({type(error).__name__}).",
            "Check the address, the password and that the server runs.",
        )
    return Finding(
        "DATABASE_URL",
        "the database is not at the newest revision.",
        "Run: flask --app app db-upgrade",
    )


def _folder(bot: Bot) -> Finding:
    """The database is in order; on SQLite its folder should be ours alone, as its files are."""
    path = make_url(bot.settings.database_url).database
    if not bot.settings.is_sqlite or not path or not Path(path).parent.stat().st_mode & 0o077:
        return Finding("DATABASE_URL")
    return Finding(
        "DATABASE_URL",
        "other users of this machine can look into the folder of the database.",
        f"Run: chmod 700 {Path(path).parent}",
        is_warning=True,
    )


def _courses(bot: Bot) -> Finding:
    try:
        courses.read(bot.settings.courses_dir)
    except (courses.CoursesError, OSError) as error:
        return Finding(
            "COURSES_DIR", str(error), "See courses/README.md for what each field means."
        )
    return Finding("COURSES_DIR")


def _topics(bot: Bot) -> Finding:
    try:
        topics.read(bot.settings.news_dir)
    except (topics.TopicsError, OSError) as error:
        return Finding("NEWS_DIR", str(error), "See news/README.md for what each field means.")
    return Finding("NEWS_DIR")


def _answers(bot: Bot) -> Finding:
    try:
        questions = frequent_questions.read(bot.settings.answers_dir)
    except (AnswersError, OSError) as error:
        return Finding(
            "ANSWERS_DIR", str(error), "See answers/README.md for what each field means."
        )
    unset = [each.id for each in questions if not each.is_set]
    if not unset:
        return Finding("ANSWERS_DIR")
    return Finding(
        "ANSWERS_DIR",
        f"not yet set: {', '.join(unset)}; who asks is led to the staff.",
        "Write what the school says into answers.toml, in Thai and English.",
        is_warning=True,
    )


def _school(bot: Bot) -> list[Finding]:
    return [
        Finding(
            name,
            "is not set; the privacy notice says “not yet set” in its place.",
            "Ask the school’s owner, then set it in the environment.",
            is_warning=True,
        )
        for name in bot.settings.school.unset()
    ]


def _mail(bot: Bot) -> Finding:
    if bot.mailer is None:
        return Finding(
            "SMTP_URL",
            "is not set; e-mails wait in the database and nobody gets them.",
            "Set SMTP_URL, MAIL_FROM and MAIL_NEWS_FROM (see .env.example).",
            is_warning=True,
        )
    try:
        with bot.mailer.connected() as connection:
            connection.open()
    except DeliveryError as error:
        said = error.reason if error.status is None else f"{error.status} {error.reason}"
        problem = f"the mail server does not let us in ({said})."
        return Finding("SMTP_URL", problem, "Check the address, the password and the certificate.")
    return Finding("SMTP_URL")


def _owner(bot: Bot) -> Finding:
    if bot.settings.owner_email:
        return Finding("OWNER_EMAIL")
    return Finding(
        "OWNER_EMAIL",
        "is not set; anchors of the audit trail stay in the database that they should prove.",
        "Set the address of somebody who cannot reach the database.",
        is_warning=True,
    )


def _bounces(bot: Bot) -> list[Finding]:
    if bot.mailer is None:
        return []
    if bot.bounce_mailbox is None:
        problem = "is not set; nobody notices dead addresses and complaints about our mails."
        return [Finding("IMAP_URL", problem, "See .env.example.", is_warning=True)]
    try:
        with bot.bounce_mailbox.opened():
            return [Finding("IMAP_URL"), _mailbox_read(bot, bot.bounce_mailbox.name)]
    except BounceMailboxError as error:
        return [Finding("IMAP_URL", f"cannot be read ({error.reason}).", error.cure)]


def _contact_mailbox(bot: Bot) -> list[Finding]:
    """Whether each folder of the contact mailbox can be opened, and was read within the hour."""
    name = "CONTACT_IMAP_URL"
    folders = contact_mailboxes_of(bot.settings)
    if not folders:
        problem = "is not set; what people write to the school by e-mail is not archived."
        return [Finding(name, problem, "See .env.example.", is_warning=True)]
    for folder in folders:
        try:
            with folder.opened():
                pass
        except BounceMailboxError as error:
            return [Finding(name, f"cannot be read ({error.reason}).", error.cure)]
    try:
        found = bot.database.read(
            lambda session: mail_trouble.of(session, None, bot.settings, bot.clock())
        ).unread_contact
    except SQLAlchemyError as error:
        problem = f"cannot be looked at ({type(error).__name__})."
        return [Finding("archive", problem, "Cure the findings above first.", is_warning=True)]
    if found is not None:
        problem = f"has read nothing since {found.since:%Y-%m-%d %H:%M} UTC."
        cure = "Is the worker running? Its log says why: archive.unreadable."
        return [Finding(name), Finding("archive", problem, cure)]
    return [Finding(name), Finding("archive")]


def _mailbox_read(bot: Bot, mailbox: str) -> Finding:
    """Whether somebody has read it within the hour, and whether anything waits for a person."""
    name = "returned mails"
    try:
        found = bot.database.read(
            lambda session: mail_trouble.of(session, mailbox, bot.settings, bot.clock())
        )
    except SQLAlchemyError as error:
        problem = f"cannot be looked at ({type(error).__name__})."
        return Finding(name, problem, "Cure the findings above first.", is_warning=True)
    if found.unread is not None:
        problem = f"have not been read since {found.unread.since:%Y-%m-%d %H:%M} UTC."
        return Finding(
            name, problem, "Is the worker running? Its log says why: bounces.unreadable."
        )
    if found:
        problem = (
            f"letters that wait for a person: {found.letters}; "
            f"domains that refuse us: {len(found.paused)}."
        )
        return Finding(name, problem, f"Look at {found.page}", is_warning=True)
    return Finding(name)


def _line(bot: Bot) -> list[Finding]:
    token = "LINE_CHANNEL_ID" if bot.settings.access_token is None else "LINE_CHANNEL_ACCESS_TOKEN"
    try:
        user_id = bot.gateway.bot_info().get("userId")
    except DeliveryError as error:
        if error.status in {400, 401, 403}:
            problem, cure = "LINE does not accept it.", "Issue it anew in the LINE console."
            return [Finding(token, problem, cure)]
        problem = f"LINE does not answer ({error.reason})."
        return [Finding("LINE_API_URL", problem, "Check the address and the way out to LINE.")]
    found = [Finding(token)]
    expected = bot.settings.bot_user_id
    if expected and expected != user_id:
        cure = "Unset it, or use the token of the right channel."
        found.append(Finding("LINE_BOT_USER_ID", "belongs to another account.", cure))
    return [*found, _endpoint(bot), _test(bot), _rich_menus(bot)]


def _endpoint(bot: Bot) -> Finding:
    wanted = f"{bot.settings.public_url}/line/webhook"
    cure = f"In the LINE console, Messaging API: set the webhook URL to {wanted} and switch it on."
    try:
        endpoint = bot.gateway.webhook_endpoint()
    except DeliveryError as error:
        return Finding("LINE webhook address", f"LINE does not tell it ({error.reason}).", cure)
    if endpoint.get("endpoint") != wanted:
        return Finding("LINE webhook address", "LINE calls another address.", cure)
    if endpoint.get("active") is not True:
        return Finding("LINE webhook address", "the webhook is switched off.", cure)
    return Finding("LINE webhook address")


def _test(bot: Bot) -> Finding:
    cure = "Is the server running, reachable over https, and LINE_CHANNEL_SECRET this channel’s?"
    try:
        result = bot.gateway.test_webhook()
    except DeliveryError as error:
        return Finding("LINE webhook test", f"LINE did not try ({error.reason}).", cure)
    if result.get("success") is True:
        return Finding("LINE webhook test")
    reason = f"{result.get('statusCode')} {result.get('reason')}"
    return Finding("LINE webhook test", f"the call did not succeed ({reason}).", cure)


def _rich_menus(bot: Bot) -> Finding:
    name, cure = "rich menus", "Run: flask --app app richmenu-deploy"
    try:
        standing = bot.database.read(rich_menus.standing)
        if not matches(designs(), standing):
            problem = "are not deployed." if not standing else "are not those of this version."
            return Finding(name, problem, cure, is_warning=True)
        if bot.gateway.rich_menus.default() != standing[rich_menus.DEFAULT].menu_id:
            problem = "LINE shows another one to everybody."
            return Finding(name, problem, cure, is_warning=True)
    except MenuPictureError as error:
        return Finding(
            name, str(error), "Then run: flask --app app richmenu-deploy", is_warning=True
        )
    except (DeliveryError, SQLAlchemyError) as error:
        problem = f"cannot be looked at ({type(error).__name__})."
        return Finding(name, problem, "Cure the findings above first.", is_warning=True)
    return Finding(name)

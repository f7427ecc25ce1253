"""Everything that the environment decides, read once, checked as a whole, never changed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from bot.crypto import parse_keys
from bot.elearning import SYSTEMS, System
from bot.environment import Environment, checked, host_of, one_of, price
from bot.errors import SettingsError
from bot.mail_settings import (
    dkim_pem,
    dkim_selector,
    imap_folder,
    imap_server,
    mail_domain,
    mail_recipient,
    mail_sender,
    mail_server,
)

ROOT = Path(__file__).resolve().parent.parent
LINE_API = "https://api.line.me"
LINE_DATA_API = "https://api-data.line.me"
KA, KHRAP, NEUTRAL = TONES = ("ka", "khrap", "neutral")
DEFAULT_DATABASE = f"sqlite:///{ROOT}/var/english-planet.db"
REQUEST_SECONDS = 20
SMTP_CURE = "Use smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host (TLS)."
IMAP_CURE = "Use imaps://user:password@host/INBOX (TLS) or imap://user:password@host (STARTTLS)."
SENDER_CURE = 'An address, or: "English Planet" <hello@school.example>. News need their own.'


@dataclass(frozen=True)
class School:
    """Facts that only the owner knows; None is shown as "not yet set" and doctor reports it."""

    controller: str | None = None  # SCHOOL_NAME: the legal person that is the data controller
    address: str | None = None  # SCHOOL_ADDRESS: its postal address
    phone: str | None = None  # SCHOOL_PHONE: a number that people can call
    email: str | None = None  # SCHOOL_EMAIL: an address that people can write to
    dpo: str | None = None  # SCHOOL_DPO: data protection officer and how to reach them
    hosting: str | None = None  # SCHOOL_HOSTING: who hosts the system, and in which country
    account_years: int | None = None  # RETENTION_ACCOUNT_YEARS: after the last use
    archive_years: int | None = None  # RETENTION_ARCHIVE_YEARS: chat and mail after last contact
    proof_years: int | None = None  # RETENTION_PROOF_YEARS: consents, requests, past the account
    audit_years: int | None = None  # RETENTION_AUDIT_YEARS: who did what, under pseudonyms
    policy_date: str | None = None  # POLICY_EFFECTIVE_DATE: yyyy-mm-dd, since when in force

    ENVIRONMENT = {  # noqa: RUF012 - a table, read only
        "controller": "SCHOOL_NAME",
        "address": "SCHOOL_ADDRESS",
        "phone": "SCHOOL_PHONE",
        "email": "SCHOOL_EMAIL",
        "dpo": "SCHOOL_DPO",
        "hosting": "SCHOOL_HOSTING",
        "account_years": "RETENTION_ACCOUNT_YEARS",
        "archive_years": "RETENTION_ARCHIVE_YEARS",
        "proof_years": "RETENTION_PROOF_YEARS",
        "audit_years": "RETENTION_AUDIT_YEARS",
        "policy_date": "POLICY_EFFECTIVE_DATE",
    }

    def unset(self) -> list[str]:
        """Environment names of the facts that are still missing."""
        return [name for key, name in self.ENVIRONMENT.items() if getattr(self, key) is None]


@dataclass(frozen=True)
class Settings:
    """One field a setting; secrets are kept out of repr."""

    public_url: str  # PUBLIC_URL: origin that people's phones reach, e.g. https://bot.school.th
    secret_key: str = field(repr=False)  # SECRET_KEY: seals cookies and form tokens
    data_keys: Mapping[str, bytes] = field(repr=False)  # DATA_KEYS: id:base64,... first one seals
    channel_secrets: tuple[str, ...] = field(repr=False)  # LINE_CHANNEL_SECRET[_PREVIOUS]
    audit_keys: tuple[str, ...] = field(default=(), repr=False)  # AUDIT_KEY[_PREVIOUS]
    owner_email: str | None = None  # OWNER_EMAIL: gets the daily anchor, and what nobody dealt with
    access_token: str | None = field(default=None, repr=False)  # LINE_CHANNEL_ACCESS_TOKEN
    channel_id: str | None = None  # LINE_CHANNEL_ID: for stateless tokens instead of a fixed one
    bot_user_id: str | None = None  # LINE_BOT_USER_ID: expected destination; else asked of LINE
    bot_basic_id: str | None = None  # LINE_BOT_BASIC_ID: our @name; else asked of LINE
    line_api_url: str = LINE_API  # LINE_API_URL
    line_data_api_url: str | None = None  # LINE_DATA_API_URL: where pictures go
    database_url: str = field(default=DEFAULT_DATABASE, repr=False)  # DATABASE_URL
    port: int = 8000  # PORT
    request_seconds: int = REQUEST_SECONDS  # REQUEST_SECONDS: for headers, for a body, at rest
    trusted_proxies: int = 0  # TRUSTED_PROXIES: how many proxies in front set X-Forwarded-For
    simulator: bool = False  # SIMULATOR: a LINE in the browser, never beside a real channel
    demo_school: bool = False  # DEMO_SCHOOL: with the simulator, invented people with a past
    inbox_handlers: int = 48  # INBOX_HANDLERS: threads that answer; 0 leaves all to the worker
    resets_per_minute: int = 60  # RESETS_PER_MINUTE: links to new passwords, for everybody together
    provider: str = "local"  # ELEARNING_PROVIDER: where accounts are made
    courses_dir: Path = ROOT / "courses"  # COURSES_DIR: courses.toml and its lessons
    answers_dir: Path = ROOT / "answers"  # ANSWERS_DIR: answers.toml, the frequent questions
    news_dir: Path = ROOT / "news"  # NEWS_DIR: topics.toml, the kinds of news to choose from
    news_per_month: int = 4  # NEWS_PER_MONTH: at most, for one person in 30 days
    quota_reserve: int = 100  # QUOTA_RESERVE: messages a month that no campaign can touch
    line_included: int = 300  # LINE_INCLUDED: messages that the plan's monthly fee covers
    line_extra_price: Decimal = Decimal(0)  # LINE_EXTRA_PRICE: baht for one more; 0: none is sold
    hold_back_minutes: int = 5  # HOLD_BACK_MINUTES: from an approval to the first message
    stop_percent: int = 5  # STOP_PERCENT: share of errors or blocks at which a sending pauses
    approve_own: bool = False  # APPROVE_OWN: a school of one may approve what it wrote itself
    backup_dir: Path | None = None  # BACKUP_DIR: backups and the list of who was erased
    backup_days: int = 60  # BACKUP_DAYS: how long a backup may live; the law's limit allows 60
    tone: str = KA  # TONE: how the school ends Thai sentences: ka (ค่ะ), khrap (ครับ), neutral
    log_level: str = "info"  # LOG_LEVEL: debug, info, warning, error
    smtp_url: str | None = field(default=None, repr=False)  # SMTP_URL: smtp://user:password@host
    mail_from: str | None = None  # MAIL_FROM: Name <address> of notices about one's account
    mail_news_from: str | None = None  # MAIL_NEWS_FROM: Name <address> of news, another address
    mail_bounce_domain: str | None = None  # MAIL_BOUNCE_DOMAIN: where undelivered mails return to
    mail_connections: int = 4  # MAIL_CONNECTIONS: to the mail server at once, for each process
    mail_per_domain: int = 10  # MAIL_PER_DOMAIN: mails a second to one domain, of all processes
    imap_url: str | None = field(default=None, repr=False)  # IMAP_URL: where bounces are read
    contact_imap_url: str | None = field(default=None, repr=False)  # CONTACT_IMAP_URL: archived
    contact_sent_folder: str | None = None  # CONTACT_SENT_FOLDER: where its answers are kept
    dkim_domain: str | None = None  # DKIM_DOMAIN: in whose name mails are signed
    dkim_selector: str | None = None  # DKIM_SELECTOR: the public key's name in the DNS
    dkim_key: str | None = field(default=None, repr=False)  # DKIM_KEY: the private key, PEM
    school: School = School()

    @property
    def is_sqlite(self) -> bool:
        """Whether everything runs in one process on one file."""
        return self.database_url.startswith("sqlite")

    @property
    def system(self) -> System:
        """The e-learning system in which accounts are made."""
        return SYSTEMS[self.provider]

    @property
    def keeps_quiet(self) -> bool:
        """Whether news waits for the morning; phones and mails of the simulator wake nobody."""
        return not self.simulator or self.smtp_url is not None

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read and check the environment; raises SettingsError listing all that is wrong."""
        return _Reader(os.environ if env is None else env).settings()


class _Reader(Environment):
    """The environment as settings; every problem is said at once."""

    def settings(self) -> Settings:
        simulator = self.flag("SIMULATOR")
        port = self.number("PORT", 8000, 1, 65535)
        public_url = self.origin("PUBLIC_URL", "The https:// address at which phones reach you.")
        secret_key = self.needed("SECRET_KEY", "openssl rand -base64 32")
        if secret_key and len(secret_key) < 32:
            self.bad("SECRET_KEY", "is shorter than 32 characters.", "openssl rand -base64 32")
        begun = Settings(public_url, secret_key, {}, (), simulator=simulator, port=port)
        begun = replace(begun, demo_school=self.flag("DEMO_SCHOOL") and simulator)
        found = self._own(self._senders(self._line(begun)))
        found = replace(self._mail(found), school=self.school())
        if found.dkim_key and not (found.dkim_domain and found.dkim_selector):
            self.bad("DKIM_DOMAIN", "and DKIM_SELECTOR belong to DKIM_KEY.", "Set all three.")
        if self.problems:
            raise SettingsError(self.problems)
        return found

    def _line(self, begun: Settings) -> Settings:
        secret = self.needed(
            "LINE_CHANNEL_SECRET", "LINE Developers Console, channel, Basic settings."
        )
        previous = self.text("LINE_CHANNEL_SECRET_PREVIOUS")
        token, channel_id = self.text("LINE_CHANNEL_ACCESS_TOKEN"), self.text("LINE_CHANNEL_ID")
        if not token and not channel_id:
            self.bad(
                "LINE_CHANNEL_ACCESS_TOKEN",
                "is not set, and neither is LINE_CHANNEL_ID.",
                "Set LINE_CHANNEL_ID (stateless tokens, recommended) or a channel access token.",
            )
        built_in = f"http://127.0.0.1:{begun.port}/simulator/line"
        real = "Leave it out for the real LINE."
        api = self.origin("LINE_API_URL", real, built_in if begun.simulator else LINE_API)
        data_api = LINE_DATA_API if api == LINE_API else api  # a stand-in has one host for all
        if self.text("LINE_DATA_API_URL"):
            data_api = self.origin("LINE_DATA_API_URL", real)
        if begun.simulator and host_of(api) not in {"127.0.0.1", "localhost", "::1"}:
            self.bad(
                "SIMULATOR",
                "is on beside a real LINE channel.",
                "Unset SIMULATOR, or unset LINE_API_URL to use the built-in one.",
            )
        return replace(
            begun,
            channel_secrets=tuple(filter(None, (secret, previous))),
            access_token=token,
            channel_id=channel_id,
            line_api_url=api,
            line_data_api_url=data_api,
        )

    def _senders(self, begun: Settings) -> Settings:
        smtp_url = self.parsed("SMTP_URL", None, checked(mail_server), SMTP_CURE)
        sender = self.parsed("MAIL_FROM", None, mail_sender, SENDER_CURE)
        news_sender = self.parsed("MAIL_NEWS_FROM", None, mail_sender, SENDER_CURE)
        if smtp_url and not self.problems:
            for name, value in (("MAIL_FROM", sender), ("MAIL_NEWS_FROM", news_sender)):
                if value is None:
                    self.bad(name, "is not set, but SMTP_URL is.", SENDER_CURE)
        return replace(begun, smtp_url=smtp_url, mail_from=sender, mail_news_from=news_sender)

    def _own(self, begun: Settings) -> Settings:
        audit_key = self.text("AUDIT_KEY") or begun.secret_key
        if audit_key and len(audit_key) < 32 and audit_key != begun.secret_key:
            self.bad("AUDIT_KEY", "is shorter than 32 characters.", "openssl rand -base64 32")
        systems, levels = one_of(*SYSTEMS), one_of("debug", "info", "warning", "error")
        return replace(
            begun,
            data_keys=self.data_keys(),
            audit_keys=tuple(filter(None, (audit_key, self.text("AUDIT_KEY_PREVIOUS")))),
            owner_email=self.parsed("OWNER_EMAIL", None, mail_recipient, "One address."),
            bot_user_id=self.text("LINE_BOT_USER_ID"),
            bot_basic_id=self.text("LINE_BOT_BASIC_ID"),
            database_url=self.database_url(),
            request_seconds=self.number("REQUEST_SECONDS", REQUEST_SECONDS, 1, 60),
            trusted_proxies=self.number("TRUSTED_PROXIES", 0, 0, 8),
            inbox_handlers=self.number("INBOX_HANDLERS", 48, 0, 256),
            resets_per_minute=self.number("RESETS_PER_MINUTE", 60, 1, 6000),
            provider=self.parsed(
                "ELEARNING_PROVIDER", "local", systems, f"Use {' or '.join(SYSTEMS)}."
            ),
            courses_dir=Path(self.text("COURSES_DIR") or ROOT / "courses"),
            answers_dir=Path(self.text("ANSWERS_DIR") or ROOT / "answers"),
            news_dir=Path(self.text("NEWS_DIR") or ROOT / "news"),
            news_per_month=self.number("NEWS_PER_MONTH", 4, 1, 31),
            quota_reserve=self.number("QUOTA_RESERVE", 100, 0, 1_000_000),
            line_included=self.number("LINE_INCLUDED", 300, 0, 100_000_000),
            line_extra_price=self.parsed("LINE_EXTRA_PRICE", Decimal(0), price, "Baht, e.g. 0.06."),
            hold_back_minutes=self.number("HOLD_BACK_MINUTES", 5, 1, 120),
            stop_percent=self.number("STOP_PERCENT", 5, 1, 100),
            approve_own=self.flag("APPROVE_OWN"),
            backup_dir=Path(self.text("BACKUP_DIR") or ROOT / "var" / "backups"),
            backup_days=self.number("BACKUP_DAYS", 60, 1, 60),
            tone=self.parsed("TONE", KA, one_of(*TONES), "Use ka, khrap or neutral."),
            log_level=self.parsed(
                "LOG_LEVEL", "info", levels, "Use debug, info, warning or error."
            ),
        )

    def _mail(self, begun: Settings) -> Settings:
        return replace(
            begun,
            mail_bounce_domain=self.parsed(
                "MAIL_BOUNCE_DOMAIN", None, mail_domain, "The name of a domain, without an @."
            ),
            mail_connections=self.number("MAIL_CONNECTIONS", 4, 1, 32),
            mail_per_domain=self.number("MAIL_PER_DOMAIN", 10, 1, 10_000),
            imap_url=self.parsed("IMAP_URL", None, checked(imap_server), IMAP_CURE),
            contact_imap_url=self.parsed("CONTACT_IMAP_URL", None, checked(imap_server), IMAP_CURE),
            contact_sent_folder=self.parsed(
                "CONTACT_SENT_FOLDER", None, imap_folder, "The folder's name, for example Sent."
            ),
            dkim_domain=self.parsed("DKIM_DOMAIN", None, mail_domain, "The name of a domain."),
            dkim_selector=self.parsed("DKIM_SELECTOR", None, dkim_selector, "E.g. line2026."),
            dkim_key=self.parsed("DKIM_KEY", None, dkim_pem, "openssl genrsa 2048"),
        )

    def database_url(self) -> str:
        value = self.text("DATABASE_URL")
        if value is None:
            return DEFAULT_DATABASE
        scheme, _, rest = value.partition("://")
        if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
            return f"postgresql+psycopg://{rest}"
        if scheme != "sqlite":
            self.bad(
                "DATABASE_URL",
                "is of a kind that is not supported.",
                "Use sqlite:////path/to/file.db or postgresql://user:password@host/name.",
            )
        return value

    def data_keys(self) -> Mapping[str, bytes]:
        cure = "One or more of id:base64 with 32 random bytes: k1:$(openssl rand -base64 32)"
        value = self.needed("DATA_KEYS", cure)
        if not value:
            return {}
        try:
            return parse_keys(value)
        except ValueError as error:
            self.bad("DATA_KEYS", f"{error}.", cure)
            return {}

    def school(self) -> School:
        return School(
            controller=self.text("SCHOOL_NAME"),
            address=self.text("SCHOOL_ADDRESS"),
            phone=self.text("SCHOOL_PHONE"),
            email=self.text("SCHOOL_EMAIL"),
            dpo=self.text("SCHOOL_DPO"),
            hosting=self.text("SCHOOL_HOSTING"),
            account_years=self.number("RETENTION_ACCOUNT_YEARS", None, 1, 30),
            archive_years=self.number("RETENTION_ARCHIVE_YEARS", None, 1, 30),
            proof_years=self.number("RETENTION_PROOF_YEARS", None, 3, 30),
            audit_years=self.number("RETENTION_AUDIT_YEARS", None, 1, 30),
            policy_date=self.text("POLICY_EFFECTIVE_DATE"),
        )

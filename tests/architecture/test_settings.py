"""Settings: documented, strict, all problems at once, and no secret in any message."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.errors import SettingsError
from bot.mail_settings import mail_server
from bot.settings import ROOT, School, Settings
from tests.architecture import sources

READER = ROOT / "bot" / "settings.py"
DATA_KEY = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY"
VALID = {
    "PUBLIC_URL": "https://bot.example.test",
    "SECRET_KEY": "s3cret-" * 6,
    "DATA_KEYS": f"k1:{DATA_KEY}",
    "LINE_CHANNEL_SECRET": "channel-secret-canary",
    "LINE_CHANNEL_ACCESS_TOKEN": "access-token-canary",
}
SECRETS = ("s3cret-", DATA_KEY, "channel-secret-canary", "access-token-canary")


def problems(**changes: str | None) -> dict[str, str]:
    env = {k: v for k, v in (VALID | changes).items() if v is not None}
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(env)
    said = str(refused.value) + repr(refused.value)
    for secret in SECRETS:
        assert secret not in said
    return {problem.name: problem.problem for problem in refused.value.problems}


def names_read() -> set[str]:
    """Every environment name that the reader asks for."""
    return {
        str(node.args[0].value)
        for written, node in sources.calls(READER)
        if re.fullmatch(r"self\.(text|needed|parsed|number|flag|origin)", written)
        and isinstance(node.args[0], ast.Constant)
    }


def names_commented() -> set[str]:
    """What the comments beside the fields name; `NAME[_PREVIOUS]` stands for two."""
    found: set[str] = set()
    for name, more in re.findall(
        r"^    \w+:.*#\s*([A-Z][A-Z_]+)(\[[A-Z_]+\])?", READER.read_text("utf-8"), re.M
    ):
        found |= {name} | ({name + more[1:-1]} if more else set())
    return found


def test_every_name_that_is_read_is_explained_beside_its_field() -> None:
    assert len(names_read()) > 20
    assert names_read() == names_commented()


@pytest.mark.parametrize("file", ["README.md", ".env.example"])
def test_every_name_that_is_read_is_documented(file: str) -> None:
    path = ROOT / file
    said = set(re.findall(r"[A-Z][A-Z_]{2,}", path.read_text(encoding="utf-8")))
    assert names_read() <= said, sorted(names_read() - said)


def test_the_example_names_nothing_that_is_not_read() -> None:
    path = ROOT / ".env.example"
    set_there = set(re.findall(r"^#?([A-Z][A-Z_]{2,})=", path.read_text(encoding="utf-8"), re.M))
    assert set_there <= names_read(), sorted(set_there - names_read())


def test_nothing_else_reads_the_environment() -> None:
    readers = {
        sources.name(path)
        for path in sources.product()
        if re.search(r"os\.environ|getenv", path.read_text(encoding="utf-8"))
    }
    assert readers <= {
        "bot/settings.py",
        "handlers/commands/demo.py",
        "handlers/server.py",
    }  # both only start a server: it reads its settings itself


def test_every_fact_of_the_school_has_its_name() -> None:
    assert {f.name for f in fields(School)} == set(School.ENVIRONMENT)
    assert School().unset() == list(School.ENVIRONMENT.values())


def test_valid_ones_are_taken_and_do_not_show_secrets() -> None:
    found = Settings.from_env(VALID)
    for secret in SECRETS:
        assert secret not in repr(found)
    with pytest.raises(AttributeError):
        found.port = 1  # type: ignore[misc]


def test_the_audit_trail_has_a_key_that_outlives_the_others() -> None:
    secret, old = VALID["SECRET_KEY"], "o" * 40
    assert Settings.from_env(VALID).audit_keys == (secret,)
    both = Settings.from_env(VALID | {"AUDIT_KEY": "n" * 40, "AUDIT_KEY_PREVIOUS": old})
    assert both.audit_keys == ("n" * 40, old)
    assert set(problems(AUDIT_KEY="short")) == {"AUDIT_KEY"}
    assert set(problems(OWNER_EMAIL="nobody")) == {"OWNER_EMAIL"}


@pytest.mark.parametrize(
    "written",
    ["o@school.example", "The Owner <o@school.example>", '"เจ้าของ, โรงเรียน" <o@school.example>'],
)
def test_the_owner_is_written_to_by_the_address_alone(written: str) -> None:
    assert Settings.from_env(VALID | {"OWNER_EMAIL": written}).owner_email == "o@school.example"


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({})
    names = {problem.name for problem in refused.value.problems}
    assert names == {
        "PUBLIC_URL", "SECRET_KEY", "DATA_KEYS", "LINE_CHANNEL_SECRET", "LINE_CHANNEL_ACCESS_TOKEN"
    }  # fmt: skip
    assert all(problem.cure for problem in refused.value.problems)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = problems(
        PUBLIC_URL="ftp://x",
        SECRET_KEY="short",
        DATA_KEYS="k1:abc",
        PORT="99999",
        TRUSTED_PROXIES="-1",
        INBOX_HANDLERS="many",
        SIMULATOR="maybe",
        ELEARNING_PROVIDER="blackboard",
        LOG_LEVEL="loud",
        DATABASE_URL="mysql://x/y",
        LINE_API_URL="line",
        RETENTION_ACCOUNT_YEARS="0",
        RETENTION_ARCHIVE_YEARS="3.5",
    )
    assert set(found) == {
        "PUBLIC_URL", "SECRET_KEY", "DATA_KEYS", "PORT", "TRUSTED_PROXIES", "INBOX_HANDLERS",
        "SIMULATOR", "ELEARNING_PROVIDER", "LOG_LEVEL", "DATABASE_URL", "LINE_API_URL",
        "RETENTION_ACCOUNT_YEARS", "RETENTION_ARCHIVE_YEARS",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["1", "true", "TRUE", "yes", "On"])
def test_what_is_true(text: str) -> None:
    local = {"LINE_API_URL": "http://127.0.0.1:9/x"}
    assert Settings.from_env(VALID | local | {"SIMULATOR": text}).simulator is True


@pytest.mark.parametrize("text", ["", "0", "false", "No", "OFF"])
def test_what_is_false(text: str) -> None:
    assert Settings.from_env(VALID | {"SIMULATOR": text}).simulator is False


@pytest.mark.parametrize("text", ["2", "ja", "truth", "y", "enabled", "１", "-1"])
def test_what_is_neither_is_refused(text: str) -> None:
    assert "SIMULATOR" in problems(SIMULATOR=text)


@pytest.mark.parametrize("text", ["๘๐๘๐", "８０００", "8_000", "+80", " 8e3", "0", "65536"])
def test_numbers_are_plain_numbers(text: str) -> None:
    assert "PORT" in problems(PORT=text)


def test_secrets_from_files(tmp_path: Path) -> None:
    for name, value in VALID.items():
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
    found = Settings.from_env({f"{name}_FILE": str(tmp_path / name) for name in VALID})
    assert found.access_token == "access-token-canary"
    assert found.channel_secrets == ("channel-secret-canary",)


def test_a_value_wins_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("from the file", encoding="utf-8")
    more = {"LINE_CHANNEL_SECRET_FILE": str(tmp_path / "x")}
    assert Settings.from_env(VALID | more).channel_secrets == ("channel-secret-canary",)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    found = problems(SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "nowhere"))
    assert "SECRET_KEY_FILE" in found
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "SECRET_KEY_FILE" in problems(SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "binary"))
    assert "SECRET_KEY_FILE" in problems(SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path))


def test_an_empty_file_is_not_a_secret(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    found = problems(SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path / "empty"))
    assert "SECRET_KEY" in found


@pytest.mark.parametrize(
    "url", ["https://api.line.me", "https://api.line.me:443", "http://localhost.evil.example"]
)
def test_no_simulator_beside_a_real_channel(url: str) -> None:
    assert "SIMULATOR" in problems(SIMULATOR="1", LINE_API_URL=url)


def test_the_simulator_alone_never_calls_the_real_line() -> None:
    found = Settings.from_env(VALID | {"SIMULATOR": "1", "PORT": "8123"})
    assert found.line_api_url == "http://127.0.0.1:8123/simulator/line"


@pytest.mark.parametrize(
    "url", ["http://bot.example.test", "bot.example.test", "https://", "https://x/?a=b"]
)
def test_an_address_is_https_outside_this_machine(url: str) -> None:
    assert "PUBLIC_URL" in problems(PUBLIC_URL=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://bot.example.test/#x",
        "https://user:pw@bot.example.test",
        "https://bot.example.test/path",
    ],
)
def test_an_address_is_an_origin(url: str) -> None:
    """Links are made by joining: what is more than an origin would make wrong ones."""
    assert "PUBLIC_URL" in problems(PUBLIC_URL=url)


@pytest.mark.parametrize("url", ["https://bot.example.test:port", "https://[bot", "https://b b"])
def test_a_broken_address_is_a_problem_and_not_a_crash(url: str) -> None:
    assert "PUBLIC_URL" in problems(PUBLIC_URL=url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_addresses_of_postgresql(scheme: str) -> None:
    found = Settings.from_env(VALID | {"DATABASE_URL": f"{scheme}://u:p@h/n"})
    assert found.database_url == "postgresql+psycopg://u:p@h/n"


def test_the_databases_password_does_not_show() -> None:
    assert "s3cr3t" not in repr(
        Settings.from_env(VALID | {"DATABASE_URL": "postgres://u:s3cr3t@h/n"})
    )


MAIL = {
    "SMTP_URL": "smtps://robot:p%40ss-canary@smtp.example.test",
    "MAIL_FROM": "อิงลิชแพลเน็ต <hello@school.example>",
    "MAIL_NEWS_FROM": "news@news.school.example",
}


def test_the_mail_server_is_read_and_its_password_does_not_show() -> None:
    found = Settings.from_env(VALID | MAIL)
    assert found.smtp_url
    server = mail_server(found.smtp_url)
    assert (server.host, server.port, server.security) == ("smtp.example.test", 465, "tls")
    assert (server.user, server.password) == ("robot", "p@ss-canary")
    assert "canary" not in repr(found) + repr(server)


@pytest.mark.parametrize(
    ("url", "security", "port"),
    [
        ("smtp://smtp.example.test", "starttls", 587),
        ("smtp://smtp.example.test:2525", "starttls", 2525),
        ("smtp://127.0.0.1:1025", "plain", 1025),
        ("smtp://localhost", "plain", 25),
    ],
)
def test_only_loopback_is_spoken_to_in_the_clear(url: str, security: str, port: int) -> None:
    server = mail_server(url)
    assert (server.security, server.port) == (security, port)


@pytest.mark.parametrize(
    "url",
    ["smtp.example.test", "http://x", "smtp://", "smtp://user@x", "smtp://h:port", "smtp://h/p"],
)
def test_a_broken_mail_server_is_a_problem_and_not_a_crash(url: str) -> None:
    assert "SMTP_URL" in problems(**MAIL | {"SMTP_URL": url})


@pytest.mark.parametrize("name", ["MAIL_FROM", "MAIL_NEWS_FROM"])
def test_a_mail_server_needs_both_senders(name: str) -> None:
    assert set(problems(**MAIL | {name: None})) == {name}


@pytest.mark.parametrize("sender", ["nobody", "a@b", "ไทย@school.example"])
def test_a_sender_is_an_address(sender: str) -> None:
    assert "MAIL_FROM" in problems(**MAIL | {"MAIL_FROM": sender})


def test_a_signing_key_needs_a_name_and_strength() -> None:
    names = {"DKIM_DOMAIN": "school.example", "DKIM_SELECTOR": "line"}
    assert set(problems(DKIM_KEY="no-key", **names)) == {"DKIM_KEY"}
    assert set(problems(DKIM_KEY=pem(1024), **names)) == {"DKIM_KEY"}
    strong = pem(2048)
    assert set(problems(DKIM_KEY=strong)) == {"DKIM_DOMAIN"}
    found = Settings.from_env(VALID | names | {"DKIM_KEY": strong.replace("\n", "\\n")})
    assert found.dkim_key
    assert "PRIVATE" not in repr(found)


def pem(bits: int) -> str:
    key = rsa.generate_private_key(65537, bits)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_pictures_go_where_line_takes_them() -> None:
    """LINE has a host of its own for them; whatever stands for LINE has one for all."""
    assert Settings.from_env(VALID).line_data_api_url == "https://api-data.line.me"
    stand_in = VALID | {"LINE_API_URL": "https://line.example.test"}
    assert Settings.from_env(stand_in).line_data_api_url == "https://line.example.test"
    own = VALID | {"LINE_DATA_API_URL": "https://data.example.test"}
    assert Settings.from_env(own).line_data_api_url == "https://data.example.test"
    assert set(problems(LINE_DATA_API_URL="line")) == {"LINE_DATA_API_URL"}

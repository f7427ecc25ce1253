"""What tests lend each other: nothing of one test reaches the next one by it."""

import socket
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app import create_shell
from simulator.platform import Platform
from tests.clock import FakeClock
from tests.line_server import line_server
from tests.shells import lent, shape


def test_a_shell_is_lent_on_without_what_a_test_put_into_it() -> None:
    with lent() as first:
        first.extensions["bot"] = object()
        first.extensions["audience_estimates"] = object()
    with lent() as second:
        assert second is first
        assert second.extensions == {}


def test_a_shell_that_has_answered_is_lent_on(app: Flask) -> None:
    """Otherwise every test would build 150 routes and compile every page anew."""
    before = shape(create_shell())
    assert app.test_client().get("/portal/sign-in").status_code == 200
    assert app.test_client().get("/console/sign-in").status_code == 200
    app.extensions.clear()
    assert {k: v for k, v in shape(app).items() if k != "extensions"}.keys() == before.keys()


@pytest.mark.parametrize(
    "change",
    [
        lambda shell: shell.config.update(TESTING=True),
        lambda shell: shell.jinja_env.globals.update(leaked=1),
        lambda shell: shell.before_request_funcs.setdefault(None, []).append(print),
        lambda shell: shell.view_functions.update({"portal.sign_in": print}),
        lambda shell: shell.cli.commands.pop("doctor"),
        lambda shell: setattr(shell, "wsgi_app", print),
        lambda shell: shell.add_url_rule("/leaked", "leaked", print),
    ],
    ids=["config", "template", "before", "view", "command", "wsgi", "route"],
)
def test_a_changed_shell_is_not_lent_again(change) -> None:
    with lent() as first:
        shell = first
    with lent() as second:
        assert second is shell
        second._got_first_request = False
        change(second)
    with lent() as third:
        assert third is not shell


def test_two_shells_at_a_time_are_two() -> None:
    with lent() as one, lent() as two:
        assert one is not two


def platform() -> Platform:
    return Platform(clock=FakeClock(), channel_secret="s", access_token="t")


def asks(base: str) -> int:
    call = urllib.request.Request(f"{base}/v2/bot/info", headers={"Authorization": "Bearer t"})
    try:
        with urllib.request.urlopen(call, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_each_platform_hears_its_own_calls() -> None:
    one, two = platform(), platform()
    with line_server().standing(one) as first, line_server().standing(two) as second:
        assert asks(first) == 200
        assert [len(each.calls) for each in (one, two)] == [1, 0]
        assert asks(second) == 200
    assert [len(each.calls) for each in (one, two)] == [1, 1]


def test_a_call_whose_caller_hung_up_has_ended_too() -> None:
    """Behind its answer the server meets a reset connection, and does not close the iterator."""
    asked = b"GET /%s/v2/bot/info HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n"
    one = platform()
    with line_server().standing(one) as base:
        address = urlsplit(base)
        for _ in range(20):
            with socket.create_connection((address.hostname, address.port)) as hung_up:
                hung_up.sendall(asked % address.path.strip("/").encode())
                assert hung_up.recv(65_536).startswith(b"HTTP/")  # the body is on its way
    assert len(one.calls) == 20


def test_a_late_call_reaches_nobody() -> None:
    one, two = platform(), platform()
    with line_server().standing(one) as first:
        pass
    with line_server().standing(two):
        assert asks(first) == 410
    assert one.calls == two.calls == []

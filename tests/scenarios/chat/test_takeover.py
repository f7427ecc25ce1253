"""Two web processes on one database: when one of them ends, the other one answers for both."""

import pytest

from bot.runtime.leadership import Leadership
from simulator.delivery import http_deliver
from tests.servers import LiveChat, Process, Product, eventually, product

pytestmark = pytest.mark.sql

ENDS = {"kill -9": Process.kill, "SIGTERM": Process.end_soon}


def listens(chat: LiveChat, made: Product) -> None:
    """LINE delivers to this process from now on."""
    chat.platform.deliver = http_deliver(f"http://127.0.0.1:{made.port}/line/webhook")


@pytest.mark.parametrize("end", ENDS)
def test_nobody_waits_for_a_process_that_is_gone(end, database_url, tmp_path) -> None:
    with product(database_url, tmp_path) as (first, platform):
        second = first.twin()
        first.start()
        second.start()
        assert second.visitor().get("/readyz").status == 200
        try:
            chats = [LiveChat(platform, f"มะลิ {number}") for number in range(10)]
            for chat in chats:
                chat.adds_the_account()
            usual = len(chats[0].says("เมนู"))
            said = [len(chat.bubbles()) for chat in chats]
            for before in (first, second):
                listens(chats[0], before)
                for chat in chats:
                    platform.text(chat.user_id, "เมนู")
            ENDS[end](first.web)
            for chat in chats:  # while it ends, or at once after its death
                platform.text(chat.user_id, "เมนู")
            eventually(lambda: not first.web.is_running, "the first one's end")
            for chat in chats:
                platform.text(chat.user_id, "เมนู")
            expected = [was + 4 * usual for was in said]
            eventually(
                lambda: [len(chat.bubbles()) for chat in chats] == expected, "one answer to each"
            )
            assert platform.paid == 0, "all by their reply tokens"
            assert second.visitor().get("/readyz").status == 200
        finally:
            second.stop()


def test_one_leads_and_the_next_one_follows(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    (tmp_path / "bot.db").touch()
    first, second, third = Leadership(url), Leadership(url), Leadership(url)
    assert not first.is_somebodys()
    assert first.take()
    assert first.take(), "again is no harm"
    assert not second.take()
    assert second.is_somebodys()
    tried: list[str] = []

    def fails_once() -> None:
        tried.append("second")
        if len(tried) == 1:
            raise OSError

    second.wait(fails_once)
    first.release()
    eventually(lambda: len(tried) == 2, "the second one's turn")
    assert not third.take()
    second.ask_no_more()
    second.release()
    assert third.take()
    third.release()


def test_nobody_leads_on_a_file_that_was_put_in_the_place_of_theirs(tmp_path) -> None:
    """After a restore the processes of before would write into the old one."""
    path = tmp_path / "bot.db"
    path.touch()
    before = Leadership(f"sqlite:///{path}")
    (tmp_path / "restored").touch()
    (tmp_path / "restored").rename(path)
    assert not before.take()
    after = Leadership(f"sqlite:///{path}")
    assert after.take()
    after.release()


def test_a_lock_that_was_removed_is_made_again(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    first = Leadership(url)
    assert first.take()
    first.release()
    (tmp_path / "bot.db.worker").unlink()
    assert not first.is_somebodys()
    assert first.take()
    first.release()

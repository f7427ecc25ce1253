"""A mailbox is read over a real conversation; each thing that can be wrong names its cure."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.mail.arrived import MAX_BYTES
from bot.mail.imap import PROCESSED, BounceMailbox, BounceMailboxError, FetchedMail
from bot.mail_settings import ImapServer, imap_server
from tests.mail.imap_server import PASSWORD, USER, ImapBox, serve_imap
from tests.mail.servers import Certificates, make_certificates
from tests.servers import free_port

PLAIN = ImapServer("127.0.0.1", 0, "plain", USER, PASSWORD)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("imap"))


def at(port: int, **more: Any) -> BounceMailbox:
    return BounceMailbox(replace(PLAIN, port=port, **more), patience=5)


def letters(bounce_mailbox: BounceMailbox, after: int = 0, most: int = 99) -> list[FetchedMail]:
    with bounce_mailbox.opened() as folder:
        return list(folder.letters(after, most))


def refused(bounce_mailbox: BounceMailbox) -> BounceMailboxError:
    with pytest.raises(BounceMailboxError) as caught, bounce_mailbox.opened() as folder:
        list(folder.letters(0, 99))
    return caught.value


def test_letters_come_oldest_first_and_stay_as_they_are() -> None:
    box = ImapBox()
    raws = [b"Subject: one\r\n\r\nx\r\n", b"Subject: two\r\n\r\n{12}\r\n)\r\nx", b""]
    ids = [box.put(raw) for raw in raws]
    with serve_imap(box) as server:
        found = letters(at(server.port))
        assert [(each.uid, each.raw) for each in found] == list(zip(ids, raws, strict=True))
        assert [each.uid for each in letters(at(server.port), after=ids[0])] == ids[1:]
        assert [each.uid for each in letters(at(server.port), most=2)] == ids[:2]
        # `n:*` names the last one however old it is.
        assert letters(at(server.port), after=ids[-1]) == []
    assert [box.letter(uid).flags for uid in ids] == [set(), set(), set()]
    assert box.complaints == []


def test_an_empty_mailbox_is_nothing_to_worry_about() -> None:
    box = ImapBox()
    with serve_imap(box) as server:
        assert letters(at(server.port)) == []
    assert box.complaints == []


def test_of_what_is_large_the_beginning_is_fetched_and_of_what_is_deleted_nothing() -> None:
    box = ImapBox()
    large = box.put(b"Subject: x\r\n\r\n" + b"x" * 10_000_000)
    deleted, small = box.put(b"deleted"), box.put(b"small")
    box.letter(deleted).flags.add("\\Deleted")
    with serve_imap(box) as server:
        found = letters(at(server.port))
    assert [(each.uid, len(each.raw)) for each in found] == [(large, MAX_BYTES), (small, 5)]
    assert box.heard.count("UID FETCH") == 2


def test_what_was_understood_is_moved() -> None:
    box = ImapBox()
    first, second, third = (box.put(b"x") for _ in range(3))
    with serve_imap(box) as server:
        for _ in range(2):  # the folder is made once; later it is there
            with at(server.port).opened() as folder:
                folder.put_away(first)
                folder.put_away(second)
    assert (box.numbers(), box.numbers(PROCESSED)) == ([third], [first, second])
    assert box.complaints == []


@pytest.mark.parametrize("options", [{"has_move": False}, {"makes_folders": False}])
def test_a_server_that_cannot_move_it_has_it_marked_as_read(options: dict[str, bool]) -> None:
    """Never by copy and delete: the folder would be purged of what a person had deleted."""
    box = ImapBox(**options)
    uid, other = box.put(b"x"), box.put(b"y")
    box.letter(other).flags.add("\\Deleted")
    with serve_imap(box) as server, at(server.port).opened() as folder:
        folder.put_away(uid)
    assert box.letter(uid).flags == {"\\Seen"}
    assert box.numbers() == [uid, other]
    assert not {"EXPUNGE", "UID EXPUNGE", "CLOSE"} & set(box.heard)
    assert box.complaints == []


def test_a_wrong_password_names_the_setting_and_the_cure() -> None:
    box = ImapBox(password="another")
    with serve_imap(box) as server:
        error = refused(at(server.port))
    assert (error.reason, error.permanent) == ("sign-in refused", True)
    assert "password in IMAP_URL" in error.cure
    # The server repeated the name of the account.
    assert "school.example" not in f"{error} {error.cure} {error.__cause__}"


def test_a_password_in_thai() -> None:
    box = ImapBox(password="รหัสผ่าน")
    with serve_imap(box) as server:
        assert letters(at(server.port, password="รหัสผ่าน")) == []
    assert box.complaints == []


def test_a_folder_that_is_not_there() -> None:
    with serve_imap(ImapBox()) as server:
        error = refused(at(server.port, folder="Bounces"))
    assert error.reason == "no such folder"
    assert "IMAP_URL" in error.cure


def test_a_folder_with_a_name_of_its_own() -> None:
    box = ImapBox()
    uid = box.put(b"x", "Back again")
    with serve_imap(box) as server:
        assert [each.uid for each in letters(at(server.port, folder="Back again"))] == [uid]


def test_nobody_there() -> None:
    error = refused(at(free_port()))
    assert (error.reason, error.permanent) == ("ConnectionRefusedError", False)
    assert "IMAP_URL" in error.cure


@pytest.mark.parametrize("command", ["CAPABILITY", "LOGIN", "SELECT", "SEARCH", "FETCH"])
def test_a_cut_connection_at_every_step(command: str) -> None:
    box = ImapBox(cuts={command: 1})
    box.put(b"Subject: x\r\n\r\n" + b"y" * 1000)
    with serve_imap(box) as server:
        error = refused(at(server.port))
    assert (error.reason, error.permanent) == ("abort", False)


@pytest.mark.parametrize("command", ["LOGIN", "SEARCH", "FETCH"])
def test_a_server_that_says_nothing_any_more(command: str) -> None:
    box = ImapBox(hangs={command: 1})
    box.put(b"x")
    with serve_imap(box) as server:
        error = refused(replace(at(server.port), patience=0.3))
    assert error.reason == "timeout"


def test_cut_while_a_letter_is_put_away() -> None:
    box = ImapBox(cuts={"MOVE": 1})
    uid = box.put(b"x")
    with (
        serve_imap(box) as server,
        pytest.raises(BounceMailboxError),
        at(server.port).opened() as folder,
    ):
        folder.put_away(uid)
    assert box.numbers() == [uid]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls(security: Any, certificates: Certificates) -> None:
    box = ImapBox()
    uid = box.put(b"x")
    with serve_imap(box, **{security: certificates.server}) as server:
        bounce_mailbox = replace(at(server.port, security=security), tls=certificates.client)
        assert [each.uid for each in letters(bounce_mailbox)] == [uid]
    assert set(box.said_in_clear) <= {"CAPABILITY", "STARTTLS"}
    assert box.complaints == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for(security: Any, certificates: Certificates) -> None:
    box = ImapBox()
    with serve_imap(box, **{security: certificates.server}) as server:
        error = refused(at(server.port, security=security))
    assert error.reason == "certificate not trusted"
    assert "LOGIN" not in box.heard


def test_a_certificate_of_another_host(tmp_path: Path) -> None:
    others = make_certificates(tmp_path, "127.0.0.2")
    box = ImapBox()
    with serve_imap(box, tls=others.server) as server:
        error = refused(replace(at(server.port, security="tls"), tls=others.client))
    assert error.reason == "certificate not trusted"
    assert "LOGIN" not in box.heard


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_without_tls_hears_no_password(security: Any, certificates: Certificates) -> None:
    box = ImapBox()
    with serve_imap(box) as server:
        bounce_mailbox = replace(at(server.port, security=security), tls=certificates.client)
        error = refused(replace(bounce_mailbox, patience=1))
    assert "LOGIN" not in box.heard
    assert "IMAP_URL" in error.cure


@pytest.mark.parametrize(
    ("url", "security", "port", "folder"),
    [
        ("imaps://u:p@mail.test", "tls", 993, "INBOX"),
        ("imaps://u:p@mail.test/Back%20again", "tls", 993, "Back again"),
        ("imap://u:p@mail.test:1143/INBOX/", "starttls", 1143, "INBOX"),
        ("imap://u:p@127.0.0.1:1", "plain", 1, "INBOX"),
    ],
)
def test_only_loopback_is_spoken_to_in_the_clear(
    url: str, security: str, port: int, folder: str
) -> None:
    found = imap_server(url)
    assert (found.security, found.port, found.folder) == (security, port, folder)


@pytest.mark.parametrize(
    "url",
    [
        "mail.test",
        "http://u:p@mail.test",
        "imaps://mail.test",
        "imaps://u@mail.test",
        "imaps://:p@mail.test",
        "imaps://u:p@",
        "imaps://u:p@h:port",
        "imaps://u:p@h/INBOX?x=1",
        "imaps://u:p@h/INBOX#x",
        "imaps://u:p%0D%0Aa2%20DELETE%20INBOX@h",
    ],
)
def test_a_broken_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|user|control") as caught:
        imap_server(url)
    assert url not in str(caught.value)


def test_the_password_does_not_show() -> None:
    found = imap_server("imaps://robot:p%40ss-canary@mail.test")
    assert found.password == "p@ss-canary"
    assert "canary" not in repr(found) + repr(BounceMailbox(found))

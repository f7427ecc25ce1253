"""The page behind a guardian's code: made from the address, the same for every code."""

import re

import pytest

from tests.portal.snapshots import fingerprint

CODES = ("ABCD-EFG2", "2345-XYZW", "abcdefg2")


def bare(page):
    """The page without what the code itself makes different."""
    page = re.sub(r"<svg.*?</svg>", "", page, flags=re.S)
    return re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}", "CODE", page)


@pytest.mark.parametrize("language", ["th", "en"])
def test_it_reads_the_same_for_every_code_and_changes_nothing(language, client, bot):
    bot.basic_id = "@planet"
    before = fingerprint(bot.database)
    answers = [client.get(f"/s/guardian/{code}?lang={language}") for code in CODES]

    assert {answer.status_code for answer in answers} == {200}
    assert len({bare(answer.text) for answer in answers}) == 1
    assert fingerprint(bot.database) == before
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_it_has_a_qr_code_a_link_and_the_words(client, bot):
    bot.basic_id = "@pla net"
    page = client.get("/s/guardian/ABCD-EFG2?lang=en").text

    assert page.count("<svg") == 1
    assert 'href="https://line.me/R/oaMessage/%40pla%20net/?%E0%B8%9C' in page
    assert "ผู้ปกครอง ABCD-EFG2" in page
    assert "style=" not in page


def test_without_our_name_at_line_the_words_are_enough(client, bot):
    bot.basic_id = None
    page = client.get("/s/guardian/ABCD-EFG2?lang=en").text

    assert "<svg" not in page
    assert "oaMessage" not in page
    assert "ผู้ปกครอง ABCD-EFG2" in page


@pytest.mark.parametrize("token", ["zzz", "hello", "<script>zz", "a" * 300, "....", "1234-5678"])
def test_what_is_no_code_gets_a_kind_page(token, client):
    answer = client.get(f"/s/guardian/{token}?lang=en")

    assert answer.status_code == 200
    assert "There is no code in this address" in answer.text
    assert token not in answer.text

"""Links with letters that are none of RFC 3986: they go out in ASCII, and lead where they led."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.services.shared import links

THAI = "%E0%B8%84%E0%B8%AD%E0%B8%A3%E0%B9%8C%E0%B8%AA"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("https://example.com/คอร์ส", f"https://example.com/{THAI}"),
        ("https://example.com/คอร์ส?q=คอร์ส&x=1#คอร์ส",
         f"https://example.com/{THAI}?q={THAI}&x=1#{THAI}"),
        ("https://โรงเรียน.ไทย/a", "https://xn--72c0b0acb2i5cn.xn--o3cw4h/a"),
        ("https://โรงเรียน.ไทย:8443", "https://xn--72c0b0acb2i5cn.xn--o3cw4h:8443"),
        ("https://MÜNCHEN.example/straße", "https://xn--mnchen-3ya.example/stra%C3%9Fe"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),  # IDNA 2008: no ss
        (f"https://example.com/{THAI}", f"https://example.com/{THAI}"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://example.com/a%2Fb/ค", "https://example.com/a%2Fb/%E0%B8%84"),
        ("\ufeff\u200b https://example.com/a\u200b\u00a0", "https://example.com/a"),
        ("https://example.com/ex\u200bample", "https://example.com/example"),
        ("https://example.com/a?b=1&c=2", "https://example.com/a?b=1&c=2"),
        ("tel:+66812345678", "tel:+66812345678"),
        ("https://user@example.com/ค", "https://user@example.com/ค"),  # refused where it is checked
        ("https://example.com/a b", "https://example.com/a b"),
        ("https://😀.example/", "https://😀.example/"),
        ("https://[::1/ค", "https://[::1/ค"),
        ("no link", "no link"),
    ],
)  # fmt: skip
def test_a_link_in_ascii(typed, sent):
    assert links.encoded(typed) == sent
    assert links.encoded(sent) == sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("ดูที่ https://example.com/คอร์ส ได้เลย", f"ดูที่ https://example.com/{THAI} ได้เลย"),
        ("“https://example.com/คอร์ส”", f"“https://example.com/{THAI}”"),
        ("ดู https://example.comได้เลย", "ดู https://example.comได้เลย"),
        ("ดู https://โรงเรียน.ไทย, และมา", "ดู https://xn--72c0b0acb2i5cn.xn--o3cw4h, และมา"),
        ("สองที่ https://a.example/ค\nhttps://b.example/ค",
         "สองที่ https://a.example/%E0%B8%84\nhttps://b.example/%E0%B8%84"),
        ("ไม่มีลิงก์", "ไม่มีลิงก์"),
    ],
)  # fmt: skip
def test_links_in_a_text(typed, sent):
    assert links.encoded_in(typed) == sent


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.text(max_size=60), st.sampled_from(["", "https://", "https://a.example/", "http://[", "//"])
)
def test_anything_typed_comes_back_and_once_is_enough(text, before):
    once = links.encoded(before + text)
    assert links.encoded(once) == once
    assert links.encoded_in(links.encoded_in(text)) == links.encoded_in(text)

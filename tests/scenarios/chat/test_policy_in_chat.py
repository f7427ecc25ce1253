"""The policy and the security advice can be read from the chat at any time (R1, R34a)."""

import pytest
from flask.testing import FlaskClient

from bot.texts import policy
from tests.chat import words
from tests.scenarios.story import language_of


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_chat_leads_to_the_current_version(language: str, someone, client: FlaskClient) -> None:
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    said = words(chat.says("นโยบาย" if language == "th" else "privacy policy"))
    fingerprint = policy.text_hash(policy.CURRENT)[:12]
    assert fingerprint in said
    address = chat.opens(language_of(chat)("Read the full policy"))
    page = client.get(address.removeprefix("https://bot.example.test")).text
    assert fingerprint in page
    assert f'lang="{language}"' in page
    assert ("ตระหนักดีว่าความเชื่อถือ" in page) == (language == "th")


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_advice_has_its_four_parts_in_chat_and_on_the_web(
    language: str, someone, client: FlaskClient
) -> None:
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    said = words(chat.says("คำแนะนำด้านความปลอดภัย" if language == "th" else "security advice"))
    parts = {
        "th": ("รหัสผ่าน", "ออกจากระบบ", "คุกกี้", "อีเมล"),
        "en": ("Password", "Log out", "Cookies", "E-mail"),
    }[language]
    for number, part in enumerate(parts, start=1):
        line = next(line for line in said.splitlines() if line.startswith(f"{number}."))
        assert part in line
    address = chat.opens(language_of(chat)("Read it in full"))
    answer = client.get(address.removeprefix("https://bot.example.test"))
    assert answer.status_code == 200

"""The quick way to a learner with an account: what other tests walk by hand, done by machine."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import APIRequestContext

from bot.texts import translator
from tests.chat import actions
from tests.servers import Product, Visitor, eventually

TOKEN = re.compile(r'name="token" value="([^"]+)"')
SECRET = re.compile(r'id="(username|password)">([^<]+)<')


class Puppet:
    """Speaks in the simulator through its JSON, as its page does."""

    def __init__(
        self, request: APIRequestContext, product: Product, name: str, language: str
    ) -> None:
        self.product = product
        self.language = language
        self.email = ""
        self.username = ""
        self._request = request
        self._t = translator(language)
        self.user_id = str(self._posts("people", name=name, language=language)["result"])

    def follows(self) -> None:
        self._answered("act", act="follow")

    def registers(self, email: str, password: str, news: str = "No, thank you") -> None:
        """From hello to a password of one's own."""
        self.email = email
        self.follows()
        for english in ("Register", "I agree", "20 years and over"):
            self._taps(english)
        for typed in ("สมชาย ใจดี", "081-234-5678", email, "somchai.jd"):
            self._answered("text", text=typed)
        for english in (news, news, "Confirm and register"):
            self._taps(english)
        label = self._t("Show my password")
        found = eventually(lambda: self._button(label), "the link to the password")
        self._gets_in(Visitor(self.product.port), urlsplit(found["uri"]), password)

    def _gets_in(self, visitor: Visitor, link: Any, password: str) -> None:
        shown = dict(SECRET.findall(visitor.post(f"{link.path}?{link.query}").text))
        self.username = html.unescape(shown["username"])
        first = html.unescape(shown["password"])
        _submits(visitor, "/portal/sign-in", username=self.username, password=first)
        _submits(visitor, "/portal/password", chosen=password, again=password)
        assert "/portal/log-out" in visitor.get("/portal").text

    def _taps(self, english: str) -> None:
        label = self._t(english)
        self._answered("tap", action=self._button(label) or {"missing": label})

    def _button(self, label: str) -> dict[str, Any] | None:
        for message in reversed(self._heard()):
            for action in actions(message):
                if action.get("label") == label:
                    return action
        return None

    def _answered(self, path: str, **body: Any) -> None:
        before = len(self._heard())
        self._posts(path, person=self.user_id, **body)
        eventually(lambda: len(self._heard()) > before, f"an answer to {path} {body}")

    def _heard(self) -> list[dict[str, Any]]:
        url = f"{self.product.url}/simulator/api/state?person={self.user_id}"
        said = self._request.get(url).json()["bubbles"]
        return [bubble["message"] for bubble in said if bubble["who"] == "bot"]

    def _posts(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self._request.post(f"{self.product.url}/simulator/api/{path}", data=body)
        assert answer.ok, answer.text()
        found: dict[str, Any] = answer.json()
        return found


def _submits(visitor: Visitor, page: str, **form: str) -> None:
    token = TOKEN.search(visitor.get(page).text)
    assert token, f"no form on {page}"
    answer = visitor.post(page, {"token": token[1], **form})
    assert answer.status == 303, answer.text

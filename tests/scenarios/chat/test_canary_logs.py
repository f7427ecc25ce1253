"""Log lines hold ids, names of ours and numbers, and nothing that a person said."""

import json
import re
from pathlib import Path
from urllib.parse import quote

from simulator.people import known_user_id
from tests.servers import SOMCHAI, LiveChat, eventually, product

KEYS = {
    "event", "level", "timestamp", "logger",
    "event_id", "push", "account_id", "worker", "name", "job", "where",
    "status", "reason", "error", "causes", "attempts", "bytes", "database",
    "ms", "waited_ms", "way",
    "events", "links", "strangers", "sessions", "throttles",
}  # fmt: skip
# Ids, dotted names, exception classes, places in the code, the sentences of LINE's own errors.
VALUE = re.compile(r"[\w.:<>\-+ (),/'\"{}]*", re.ASCII)
PERSONAL = re.compile(r"U[0-9a-f]{32}|@|\+66|0812345678|[ก-๛]|/s/|\\u0e", re.IGNORECASE)


def lines(log: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_whatever_goes_wrong_the_log_holds_ids_only(database_url: str, tmp_path: Path) -> None:
    with product(database_url, tmp_path) as (made, platform):
        made.start(worker=not database_url.startswith("sqlite"))
        chat = LiveChat(platform, "มะลิ")
        chat.fills_in(SOMCHAI)
        chat.taps(chat.t("Confirm and register"))
        door = made.visitor()
        body = json.dumps({"destination": known_user_id("มะลิ"), "events": []}).encode()
        assert (
            door.post_raw("/line/webhook", "ไม่มีลายเซ็น somchai@example.com".encode()).status == 400
        )
        assert platform.deliver
        for raw in ("ไม่ใช่ JSON somchai@example.com".encode(), body):
            assert platform.deliver(raw, platform.webhooks.headers(raw)) == 400
        # Too late for the reply, then refused as a push, then sent.
        platform.faults.add("reply", "token_expired")
        platform.faults.add("push", "500")
        chat.says("อยากคุยกับครู 081-234-5678")
        platform.faults.add("reply", "429_rate")
        chat.says("somchai@example.com")
        # A browser that tries what it should not.
        door.get("/portal/sign-in")
        door.post(
            "/portal/sign-in", {"username": "somchai@example.com", "password": "081-234-5678"}
        )
        door.get(f"/s/{quote('สมชาย')}-somchai@example.com")
        door.get("/nowhere?name=somchai@example.com")

        def everything() -> str:
            return made.web.output() + made.worker.output()

        eventually(lambda: "push.failed" in everything(), "the refused push")
        found = lines(everything())
        seen = {str(line["event"]) for line in found}
        assert {
            "webhook.bad_signature",
            "webhook.malformed",
            "webhook.wrong_destination",
            "webhook.received",
            "answer.done",
            "job.done",
            "reply.refused",
            "push.failed",
        } <= seen
        for line in found:
            assert set(line) <= KEYS, line
            for value in line.values():
                assert isinstance(value, int | str | None), line
                assert VALUE.fullmatch(str(value)), line
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", str(line["timestamp"])), line
        assert not PERSONAL.search(everything()), PERSONAL.search(everything())
        assert "Traceback" not in everything()

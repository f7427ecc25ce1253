"""kill -9 while two hundred messages of twenty people are on their way: all are answered."""

import threading
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from simulator.events import Event
from tests.servers import LiveChat, eventually, product

PEOPLE, MESSAGES, BEFORE_THE_DEATH = 20, 10, 40


def test_two_hundred_messages_survive(database_url: str, tmp_path: Path) -> None:
    with product(database_url, tmp_path) as (made, platform):
        worker = not database_url.startswith("sqlite")
        made.start(worker=worker)
        chats = [LiveChat(platform, f"คนที่ {number}") for number in range(PEOPLE)]
        for chat in chats:
            chat.adds_the_account()
        greeted = platform.free
        platform.latency = 0.02  # replies take a moment, so that many are on their way at once
        events: list[list[Event]] = [[] for _ in chats]

        def write(chat: LiveChat, mine: list[Event]) -> None:
            mine.extend(
                platform.text(chat.user_id, f"ถามครั้งที่ {number}") for number in range(MESSAGES)
            )

        writers = [
            threading.Thread(target=write, args=pair) for pair in zip(chats, events, strict=True)
        ]
        for writer in writers:
            writer.start()
        eventually(lambda: platform.free - greeted >= BEFORE_THE_DEATH, "the first answers")
        made.web.kill()
        for writer in writers:
            writer.join()
        platform.latency = 0.0
        sent = [event for mine in events for event in mine]
        assert len(sent) == PEOPLE * MESSAGES
        assert platform.free - greeted < len(sent), "the death came too late to prove anything"
        made.start()
        accepted = {
            event_id
            for delivery in list(platform.deliveries)
            if delivery.accepted
            for event_id in delivery.event_ids
        }
        # LINE delivers again what it got no 200 for, whether or not we had stored it.
        lost = [event for event in sent if event["webhookEventId"] not in accepted]
        for event in lost:
            assert platform.redeliver(event).accepted
        engine = create_engine(database_url, poolclass=NullPool)

        def states() -> dict[str, str]:
            with engine.connect() as connection:
                rows = connection.execute(text("SELECT id, state FROM webhook_event"))
                return {row.id: row.state for row in rows}

        def pushes() -> dict[str, str]:
            with engine.connect() as connection:
                rows = connection.execute(text("SELECT cause, state FROM push"))
                return {row.cause: row.state for row in rows}

        def is_quiet() -> bool:
            open_ones = {"received", "answering"} & set(states().values())
            return not open_ones and "queued" not in pushes().values()

        eventually(is_quiet, "an end of all work", seconds=90)
        found, pushed = states(), pushes()
        assert {found.get(event["webhookEventId"]) for event in sent} == {"done"}
        replied = {
            call.body["replyToken"]
            for call in platform.calls
            if call.endpoint == "reply" and call.status == 200
        }
        unanswered = [
            event["webhookEventId"]
            for event in sent
            if event["replyToken"] not in replied and pushed.get(event["webhookEventId"]) != "sent"
        ]
        assert unanswered == []
        doubled = [
            event["webhookEventId"]
            for event in sent
            if event["replyToken"] in replied and event["webhookEventId"] in pushed
        ]
        assert doubled == []

"""Complete, signed LINE webhooks, built before any clock starts."""

import hashlib
import hmac
import json
import random
import time
from base64 import b32encode, b64encode
from typing import NamedTuple

TOKEN_PREFIX = "be9c4"
BOT_USER_ID = "U" + hashlib.md5(b"bench bot").hexdigest()
CHANNEL_SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TO_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", CROCKFORD.encode())


class Webhook(NamedTuple):
    token: str
    request: bytes


class Factory:
    """Events as LINE sends them: one a request, from people who take turns."""

    def __init__(self, *, host: str, path: str, users: int, seed: int) -> None:
        self.head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: LineBotWebhook/2.0\r\n"
            "Content-Type: application/json; charset=utf-8\r\n"
        ).encode()
        # A seed repeats the schedule and the people; ids must differ from one run to the next.
        self.random = random.Random(seed)
        self.fresh = random.Random()
        self.users = [
            "U" + hashlib.md5(f"bench user {n}".encode()).hexdigest() for n in range(users)
        ]
        self.run = f"{TOKEN_PREFIX}{self.fresh.getrandbits(44):011x}"
        self.message_id = 500000000000000000 + self.fresh.getrandbits(48) * 1000

    def follows(self) -> list[Webhook]:
        """Everybody adds the bot once."""
        extra = '"type":"follow","follow":{"isUnblocked":false}'
        return [self._webhook(n, user, extra, 0.0) for n, user in enumerate(self.users)]

    def texts(self, count: int, text: str, due: list[float] | None = None) -> list[Webhook]:
        """`count` messages; everybody speaks once before anybody speaks twice."""
        saying = json.dumps(text, ensure_ascii=False)
        speakers: list[str] = []
        while len(speakers) < count:
            speakers += self.random.sample(self.users, len(self.users))
        webhooks = []
        for number in range(count):
            extra = (
                f'"type":"message","message":{{"type":"text","id":"{self.message_id + number}",'
                f'"quoteToken":"q3Plxr4AgKd{self.run}{number:020d}","text":{saying}}}'
            )
            later = due[number] if due else 0.0
            webhooks.append(self._webhook(number, speakers[number], extra, later))
        return webhooks

    def _webhook(self, number: int, user: str, extra: str, later: float) -> Webhook:
        token = f"{self.run}{number:016x}"
        millis = int((time.time() + later) * 1000)
        body = (
            f'{{"destination":"{BOT_USER_ID}","events":[{{{extra},'
            f'"webhookEventId":"{self._ulid(millis)}","deliveryContext":{{"isRedelivery":false}},'
            f'"timestamp":{millis},"source":{{"type":"user","userId":"{user}"}},'
            f'"replyToken":"{token}","mode":"active"}}]}}'
        ).encode()
        signature = b64encode(hmac.digest(CHANNEL_SECRET.encode(), body, "sha256"))
        return Webhook(
            token,
            self.head
            + b"x-line-signature: %b\r\nContent-Length: %d\r\n\r\n%b"
            % (signature, len(body), body),
        )

    def _ulid(self, millis: int) -> str:
        front = "".join(CROCKFORD[millis >> shift & 31] for shift in range(45, -1, -5))
        return front + b32encode(self.fresh.randbytes(10)).translate(TO_CROCKFORD).decode()


def schedule(rate: float, seconds: float, spacing: str, seed: int) -> list[float]:
    """When each message is due: a Poisson stream of exactly `rate * seconds`, or an even one."""
    count = round(rate * seconds)
    if spacing == "even":
        return [number / rate for number in range(count)]
    # Given their number, the arrivals of a Poisson stream are uniform over the time.
    source = random.Random(seed)
    return sorted(source.uniform(0.0, seconds) for _ in range(count))

"""The address that opens our chat on a phone."""

from urllib.parse import quote

# LINE, "Use LINE features with the LINE URL scheme": a chat opened with a text typed in already.
OUR_CHAT = "https://line.me/R/oaMessage/{basic_id}"


def chat_address(basic_id: str, text: str = "") -> str:
    """What opens our chat, with a text typed in where there is one."""
    address = OUR_CHAT.format(basic_id=quote(basic_id, safe=""))
    return f"{address}/?{quote(text, safe='')}" if text else address

"""The page behind a guardian's code: a QR code, a link and the words to type. Reads nothing.

It is made from the address alone, so it looks alike for codes that live, died or never were.
"""

import segno
from flask import Response
from markupsafe import Markup

from bot.services.shared import codes
from handlers.portal.links import links
from handlers.portal.pages import page
from handlers.web.chat_address import chat_address
from handlers.web.parts import the_bot


@links.get("/guardian/<token>")
def look_at_guardian_code(token: str) -> Response:
    """How a code gets into the guardian's own chat with us."""
    code = codes.read_guardian(token) or codes.read_guardian(codes.bare_token(token))
    if code is None:
        return page("guardian", code=None)
    basic_id, message = the_bot().basic_id, codes.GUARDIAN.message(code)
    address = chat_address(basic_id, message) if basic_id else None
    return page(
        "guardian",
        code=codes.GUARDIAN.shown(code),
        message=message,
        address=address,
        qr=_qr(address) if address else None,
    )


def _qr(text: str) -> Markup:
    """A QR code (ISO/IEC 18004) as SVG within the page; it is made of our own text alone."""
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=4, border=4, dark="#000", light="#fff"))  # noqa: S704

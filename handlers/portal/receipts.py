"""Consent receipts, for people and for machines: public by an unguessable id, no name on them."""

import re
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify

from bot.presentation.labels import OWN_NAMES, label
from handlers.portal.pages import page
from handlers.web.parts import the_bot
from models.consent import ConsentEvent, ConsentState

receipts = Blueprint("receipts", __name__, url_prefix="/receipts")

_ID = re.compile(r"[0-9a-f]{32}")


@receipts.get("/<event_id>")
def receipt(event_id: str) -> Response:
    """The receipt as a page in the language of the reader; the text as it was shown then."""
    event = _find(event_id)
    return page(
        "receipt", event=event, is_in_force=_is_in_force(event), label=label, own_names=OWN_NAMES
    )


@receipts.get("/<event_id>.json")
def receipt_json(event_id: str) -> Response:
    """The receipt with the sections of ISO/IEC TS 27560:2023: what was stored, and the event."""
    event = _find(event_id)
    validity = None if event.valid_until is None else _iso(event.valid_until)
    content: dict[str, Any] = {
        **event.record,
        "event": {
            "receipt_id": event.id,
            "purpose": event.purpose.value,
            "event_time": _iso(event.at),
            "event_type": "explicit",
            "event_state": event.state.value,
            "valid_until": validity,
            "entity_id": event.actor,
            "channel": event.channel,
            "language": event.language.value,
            "notice_version": event.notice_version,
            "notice_hash": f"sha256:{event.notice_hash}",
            "text": event.text,
        },
    }
    response = jsonify(content)
    response.headers["Content-Disposition"] = f'inline; filename="receipt-{event.id}.json"'
    return response


@receipts.after_request
def keep_out_of_searches(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _find(event_id: str) -> ConsentEvent:
    if not _ID.fullmatch(event_id):
        abort(404)
    found = the_bot().database.read(lambda session: session.get(ConsentEvent, event_id))
    return found or abort(404)


def _is_in_force(event: ConsentEvent) -> bool:
    """Whether this event, taken alone, permits anything now."""
    if event.state is not ConsentState.GIVEN:
        return False
    return event.valid_until is None or the_bot().clock() < event.valid_until


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

"""LINE's answers as objects."""

import json
from typing import Any

from bot.errors import DeliveryError


def json_object(response: Any) -> dict[str, Any]:
    """The JSON object of a response; raises DeliveryError where it is none."""
    try:
        answer = json.loads(response.data)
    except ValueError as error:
        raise DeliveryError("answer is not JSON", unknown=True) from error
    if not isinstance(answer, dict):
        raise DeliveryError("answer is not an object", unknown=True)
    return answer

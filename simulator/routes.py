"""The shape of an endpoint: a request without a framework in, an answer out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.problems import ApiError

if TYPE_CHECKING:
    from simulator.platform import Platform


@dataclass(frozen=True)
class ApiRequest:
    """What a handler needs of a call."""

    method: str
    name: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    raw: bytes
    content_type: str
    request_id: str
    body: Any = None
    retry_key: str | None = None

    @property
    def json(self) -> dict[str, Any]:
        if not isinstance(self.body, dict):
            raise ApiError(400, "The request body could not be parsed as a JSON object")
        return self.body


@dataclass(frozen=True)
class ApiAnswer:
    """What goes back; `sent_messages` is remembered with a retry key."""

    body: Mapping[str, Any] | bytes = field(default_factory=dict)
    status: int = 200
    content_type: str = "application/json"
    sent_messages: list[dict[str, Any]] | None = None


Handle = Callable[["Platform", ApiRequest], ApiAnswer]


@dataclass(frozen=True)
class Route:
    """One endpoint; its name is what faults, rates and the ledger call it."""

    method: str
    rule: str
    name: str
    handle: Handle
    takes_retry_key: bool = False
    needs_token: bool = True
    locked: bool = True


@dataclass(frozen=True)
class Call:
    """One line of the ledger."""

    method: str
    endpoint: str
    path: str
    status: int
    request_id: str
    at: datetime
    body: Any
    retry_key: str | None
    fault: str | None = None
    error: Mapping[str, Any] | None = None

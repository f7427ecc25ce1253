"""How LINE says no: the error of an answer, and the collector of a body's faults."""

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An answer other than success, in LINE's form (reference, "Error responses")."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        details: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.details = details or []
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message}
        if self.details:
            body["details"] = self.details
        return body | self.extra


class OAuthError(ApiError):
    """A refusal of the token endpoints, which speak OAuth's form instead of LINE's."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(400, description)
        self.error = error

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.message}


class Problems:
    """Collects what is wrong with a body, each with its property path, as LINE lists it."""

    def __init__(self) -> None:
        self.details: list[dict[str, str]] = []

    def add(self, path: str, message: str) -> None:
        self.details.append({"message": message, "property": path})

    def raise_if_any(self) -> None:
        if self.details:
            count = len(self.details)
            raise ApiError(
                400, f"The request body has {count} error(s)", details=list(self.details)
            )


def invalid_property(path: str) -> ApiError:
    """LINE's older form, which it still uses for recipients (reference, push and multicast)."""
    return ApiError(
        400, f"The property, '{path}', in the request body is invalid (line: -, column: -)"
    )

"""Errors in the form of OpenAI, and which addresses answer in it. Pure, and light: the gate needs it first."""

from __future__ import annotations

import json

from engine.types import Json

ADDRESS = "/v1"
KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES = {401: "invalid_api_key", 404: "not_found", 413: "request_too_large", 429: "rate_limit_exceeded"}


def is_for(path: str) -> bool:
    """Whether an address is one of those that other programs use."""
    return path == ADDRESS or path.startswith(f"{ADDRESS}/")


def error(status: int, message: str, param: str | None = None, code: str | None = None) -> Json:
    """The body of a refusal with this HTTP status."""
    kind = KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code or CODES.get(status)}}


def refusal(status: int, message: str) -> bytes:
    """The same as bytes."""
    return json.dumps(error(status, message)).encode()

"""Models on servers: `openai:NAME@http://host:port/v1`, or the address alone where a server has one model. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.errors import InputError

PREFIX = "openai:"
KEY_VARIABLE = "TAPROOT_API_KEY"
HOW = "write openai:NAME@http://host:port/v1, or only the address where the server has one model"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server with the OpenAI interface and the model asked for, "" for the only one it has."""

    name: str
    url: str

    @property
    def host(self) -> str:
        """Name or address of the server."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Its port."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def here(self) -> bool:
        """Whether the server is on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def label(self) -> str:
        """Model and server in a few words."""
        return f"{self.name or 'the model'} at {urlsplit(self.url).netloc}"

    @property
    def warning(self) -> str:
        """What a person must know before anything is sent."""
        if self.here:
            return (
                f"Questions and text of your documents go to the server at {self.url} on this machine; Taproot does "
                "not know what it does with them."
            )
        open_text = "" if self.url.startswith("https:") else ", unencrypted"
        return f"This model is not on this machine: questions and text of your documents are sent to {self.url}{open_text}."


def is_remote(spec: str) -> bool:
    """Whether a model's name names a server."""
    return spec.startswith((PREFIX, "http://", "https://"))


def read_endpoint(spec: str) -> Endpoint:
    """Read the name of a model on a server. Raises InputError with how to write it."""
    name, _, url = spec.removeprefix(PREFIX).rpartition("@") if spec.startswith(PREFIX) else ("", "", spec)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"{url!r} is not an address ({error}); {HOW}.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InputError(f"{spec!r} names no server; {HOW}.")
    if parts.username or parts.password or "@" in parts.netloc:
        raise InputError(f"An address holds no password; put an API key into the variable {KEY_VARIABLE}.")
    if parts.query or parts.fragment:
        raise InputError(f"{url!r} holds more than an address; {HOW}.")
    return Endpoint(name.strip(), f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}")

"""Classes of components of our own, made as Gradio makes its own but without the stub file beside their modules."""

from __future__ import annotations

from abc import ABCMeta
from typing import Any

from gradio.component_meta import ComponentMeta
from gradio.events import EventListener


class Stubless(ComponentMeta):
    """Makes a class of components as Gradio does, without the stub file that Gradio writes beside its module."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> Any:
        """The class, with a method for each of the EVENTS that it adds; without any it has those of its base."""
        if "EVENTS" in attributes:
            events = [EventListener(event) for event in attributes["EVENTS"]]
            methods = {event.event_name: event.listener for event in events}
            attributes = {**attributes, **methods, "EVENTS": events}
        return ABCMeta.__new__(cls, name, bases, attributes)

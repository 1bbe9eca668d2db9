"""What Gradio asks for to show a `FormLink`: the module that the page has too."""

from __future__ import annotations

from fastapi import APIRouter, Response

LINK = 'export * from "/ui/forms/link.js";'


def router(workbench: object) -> APIRouter:
    """The route of the front end, where Gradio looks for that of a component which is not its own."""
    routes = APIRouter()

    @routes.get("/gradio_api/custom_component/formlink/client/component/{file}")
    def front_end(file: str) -> Response:
        kind = "css" if file.endswith(".css") else "javascript"
        return Response("" if kind == "css" else LINK, media_type=f"text/{kind}")

    return routes

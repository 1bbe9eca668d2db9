"""What the tests of models share: a workbench with a small model, and the routes over it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from app.errors import status_of
from app.models import routes
from app.workbench import Workbench
from engine.errors import TaprootError
from tests.app.models.at_work import current, own, settled
from tests.small_model import small_model


@pytest.fixture(scope="module")
def workbench(tmp_path_factory) -> Iterator[Workbench]:
    """One workbench with a small model loaded, for the tests of this module."""
    data = tmp_path_factory.mktemp("models") / "data"
    (data / "models").mkdir(parents=True)
    with Workbench(data, shutil.copy(small_model(), data / "models")) as opened:
        opened.start()
        settled(opened)
        yield opened


@pytest.fixture(scope="module")
def client(workbench: Workbench) -> TestClient:
    """The routes of models, with the app's way of telling errors."""
    app = FastAPI()
    app.include_router(routes.router(workbench))

    @app.exception_handler(TaprootError)
    def explain(request: Request, error: TaprootError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_of(error))

    return TestClient(app)


@pytest.fixture
def small(workbench: Workbench) -> Iterator[None]:
    """The small model is in use before and after the test."""
    yield
    settled(workbench)
    if current(workbench) != own(workbench):
        workbench.models.load(own(workbench))
        settled(workbench)

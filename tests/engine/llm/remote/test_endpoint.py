"""How a model on a server is named."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.llm import open_model
from engine.llm.remote.endpoint import Endpoint, read_endpoint


def test_a_server_is_named_with_its_model_or_alone():
    assert read_endpoint("openai:org/some@8b@http://box:8000/v1/") == Endpoint(
        "org/some@8b", "http://box:8000/v1"
    )
    assert read_endpoint("https://api.example.com") == Endpoint("", "https://api.example.com/v1")
    assert read_endpoint("https://api.example.com").port == 443
    assert read_endpoint("http://localhost:1/v1").here and read_endpoint("http://[::1]:1/v1").here
    outside = read_endpoint("openai:a@http://192.0.2.7:8000/v1")
    assert not outside.here and "not on this machine" in outside.warning and "unencrypted" in outside.warning


@pytest.mark.parametrize(
    "spec",
    [
        "openai:name",
        "openai:name@ftp://host/v1",
        "http://",
        "http://h:99999/v1",
        "http://me:secret@host/v1",
        "http://h/v1?a=b",
    ],
)
def test_a_name_that_names_no_server_is_refused_without_repeating_a_password(spec):
    with pytest.raises(InputError) as caught:
        open_model(spec)
    assert "secret" not in str(caught.value)

"""What the API tests share: the running service."""

import json
from collections.abc import Callable, Mapping
from os import environ
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest


@pytest.fixture
def call() -> Callable[..., tuple[int, Any]]:
    """A function that sends a request to the service and gives its status and JSON."""

    def call(
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        request = Request(
            environ["USER_SERVICE_URL"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=dict(headers or {}),
        )
        try:
            with urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)

    return call


@pytest.fixture
def credentials(call: Callable[..., tuple[int, Any]]) -> dict[str, str]:
    """The address and the password of a user who has just registered."""
    credentials = {
        "email": f"{uuid4()}@example.org",
        "password": "correct horse battery staple",
    }
    status, user = call("POST", "/register", {"name": "Someone", **credentials})
    assert status == 201, user
    return credentials

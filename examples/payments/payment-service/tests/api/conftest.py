"""What the API tests share: the running service, and the database behind it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from os import environ
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg
import pytest

from payment.tokens import DEVELOPMENT_SECRET


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
            environ["PAYMENT_SERVICE_URL"] + path,
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
def database() -> Iterator[psycopg.Connection]:
    """The service's own database, to see what it really kept."""
    with psycopg.connect(
        host=environ["PAYMENT_DB_HOST"],
        port=environ["PAYMENT_DB_PORT"],
        user=environ["PAYMENT_DB_USER"],
        password=environ.get("PAYMENT_DB_PASSWORD"),
        dbname=environ["PAYMENT_DB_DATABASE"],
    ) as connection:
        yield connection


@pytest.fixture
def new_user(
    sign: Callable[[dict[str, object], str], str],
) -> Callable[[], dict[str, str]]:
    """A function that gives the headers of a user nobody has seen before."""

    def new_user() -> dict[str, str]:
        claims: dict[str, object] = {"sub": str(uuid4()), "exp": time.time() + 60}
        secret = environ.get("TOKEN_SECRET", DEVELOPMENT_SECRET)
        return {"Authorization": sign(claims, secret)}

    return new_user

"""A client that says what it is told to, and shows the whole answer."""

import json
import urllib.error
import urllib.request

import pytest
from attrs import frozen


@frozen
class Answered:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self):
        return json.loads(self.text) if self.text else None


def asked(url, method="GET", body=None, **headers):
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else None
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data, {"User-Agent": "test", **named}, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return Answered(answer.status, dict(answer.headers), answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answered(error.code, dict(error.headers), error.read().decode())


@pytest.fixture
def ask():
    return asked

"""Jira's REST API by the client of atlassian-python-api: one request for each question, and errors that say why."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import requests
from atlassian.rest_client import AtlassianRestAPI

from testflow_core.tracking import RequestFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TIMEOUT = 20
BAD = 400


class Api:
    """One Jira. Nothing is tried again here: that is decided in one place for all trackers."""

    def __init__(self, client: AtlassianRestAPI) -> None:
        self._client = client

    def ask(self, method: str, version: str, path: str, body: object = None, **query: object) -> dict[str, Any]:
        """What Jira answers, an empty object where that is nothing; RequestFailedError with what it says."""
        try:
            answer = self._client.request(
                method,
                path=f"rest/api/{version}/{path}",
                json=cast("dict[str, Any] | None", body),
                params=query or None,
                advanced_mode=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise RequestFailedError(f"Jira does not answer ({type(error).__name__})") from None
        told = _object(answer)
        if answer.status_code >= BAD:
            raise RequestFailedError(
                f"Jira answered {answer.status_code}: {_reason(told)}",
                status=answer.status_code,
                headers=dict(answer.headers),
            )
        return told


@contextmanager
def connected(url: str, user: str, token: str) -> Iterator[Api]:
    """The API, for a user and a token where there is a user (cloud), else for a personal access token (server)."""
    account: Mapping[str, str] = {"username": user, "password": token} if user else {"token": token}
    client = AtlassianRestAPI(url, timeout=TIMEOUT, retry_with_header=False, **account)
    try:
        yield Api(client)
    finally:
        client.close()


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        told: object = answer.json()
    except ValueError:
        return {}
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}


def _reason(told: Mapping[str, Any]) -> str:
    errors = cast("dict[str, str]", told.get("errors") or {})
    said = [*map(str, told.get("errorMessages") or ()), *(f"{field}: {text}" for field, text in errors.items())]
    return ", ".join(said) or str(told.get("message", "no reason"))

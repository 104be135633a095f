"""Registering and logging in through the running service."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

Call = Callable[..., tuple[int, Any]]


def test_login(
    call: Call, testflow_data: Mapping[str, Sequence[Mapping[str, str]]]
) -> dict[str, str]:
    """A registered user logs in and is known by the token."""
    person = testflow_data["users"][0]
    credentials = {"email": person["email"], "password": "correct horse battery staple"}
    status, user = call("POST", "/register", {"name": person["name"], **credentials})
    # 409: the service outlived an earlier attempt of this test.
    assert status in {201, 409}, user

    status, login = call("POST", "/login", credentials)
    assert status == 200, login
    authorization = f"{login['token_type']} {login['access_token']}"

    status, me = call("GET", "/me", headers={"Authorization": authorization})
    assert (status, me["name"], me["email"]) == (200, person["name"], person["email"])
    return {"token": authorization}


def test_wrong_password_is_refused(call: Call, credentials: dict[str, str]) -> None:
    """The address alone opens no account."""
    status, refusal = call("POST", "/login", {**credentials, "password": "guess"})
    assert status == 401
    assert refusal["error"] == "Authentication failed: wrong email or password"


def test_unknown_user_is_refused(call: Call) -> None:
    """Who never registered cannot log in."""
    credentials = {"email": "nobody@example.org", "password": "guess"}
    assert call("POST", "/login", credentials)[0] == 401


def test_address_registers_once(call: Call, credentials: dict[str, str]) -> None:
    """Nobody takes over an account by registering its address again."""
    status, _ = call("POST", "/register", {"name": "Somebody else", **credentials})
    assert status == 409


@pytest.mark.parametrize("missing", ["email", "password"])
def test_incomplete_login_is_refused(
    call: Call, credentials: dict[str, str], missing: str
) -> None:
    """A log-in that leaves out a field is told which."""
    del credentials[missing]
    status, refusal = call("POST", "/login", credentials)
    assert status == 400
    assert f"required field {missing}" in refusal["error"]


@pytest.mark.parametrize("authorization", [None, "Bearer of.bad.news"])
def test_nobody_is_known_without_a_valid_token(
    call: Call, authorization: str | None
) -> None:
    """A user is shown only to who holds their token."""
    headers = {"Authorization": authorization} if authorization else {}
    assert call("GET", "/me", headers=headers)[0] == 401


def test_answer_never_holds_the_password(
    call: Call, credentials: dict[str, str]
) -> None:
    """Not even the user sees again what was typed."""
    _, login = call("POST", "/login", credentials)
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    _, me = call("GET", "/me", headers=headers)
    assert set(me) == {"id", "name", "email", "created_at"}

"""Payments through the running service."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

Call = Callable[..., tuple[int, Any]]
NewUser = Callable[[], dict[str, str]]


def add_method(call: Call, headers: dict[str, str]) -> str:
    status, method = call("POST", "/payment-methods", {"type": "paypal"}, headers)
    assert status == 201, method
    return str(method["id"])


def test_create_payment(
    headers: dict[str, str], call: Call, database: psycopg.Connection
) -> dict[str, str]:
    """A payment by a user who has logged in is kept in the database."""
    method_id = add_method(call, headers)
    request = {"method_id": method_id, "amount": "49.90", "currency": "EUR"}
    status, receipt = call("POST", "/payments", request, headers)
    assert status == 201, receipt

    kept = database.execute(
        "select amount_minor, currency, status from payments where id = %s",
        (receipt["id"],),
    ).fetchone()
    assert kept == (4990, "EUR", "accepted")
    return {"id": receipt["id"]}


def test_receipt_needs_no_token(call: Call, new_user: NewUser) -> None:
    """Whoever was given a payment's id may read its receipt."""
    user = new_user()
    method_id = add_method(call, user)
    request = {"method_id": method_id, "amount": "5.00", "currency": "USD"}
    _, receipt = call("POST", "/payments", request, user)
    assert call("GET", f"/payments/{receipt['id']}") == (200, receipt)


def test_users_see_only_their_own(call: Call, new_user: NewUser) -> None:
    """Lists of payments and payment methods hold the caller's own, and no other."""
    user = new_user()
    method_id = add_method(call, user)
    request = {"method_id": method_id, "amount": "5.00", "currency": "USD"}
    _, receipt = call("POST", "/payments", request, user)

    assert call("GET", "/payments", headers=user) == (200, [receipt])
    _, methods = call("GET", "/payment-methods", headers=user)
    assert [method["id"] for method in methods] == [method_id]

    stranger = new_user()
    assert call("GET", "/payments", headers=stranger) == (200, [])
    assert call("GET", "/payment-methods", headers=stranger) == (200, [])


def test_nobody_pays_with_the_method_of_another(call: Call, new_user: NewUser) -> None:
    """A payment method that is not the caller's own is as good as unknown."""
    method_id = add_method(call, new_user())
    request = {"method_id": method_id, "amount": "5.00", "currency": "USD"}
    status, refusal = call("POST", "/payments", request, new_user())
    assert status == 400
    assert "not one of yours" in refusal["error"]


def test_refused_payment_is_not_kept(call: Call, new_user: NewUser) -> None:
    """A refused payment says why, and leaves nothing behind."""
    user = new_user()
    method_id = add_method(call, user)
    request = {"method_id": method_id, "amount": "5.005", "currency": "USD"}
    status, refusal = call("POST", "/payments", request, user)
    assert status == 400
    assert refusal["error"] == "invalid input: USD has at most 2 decimals, not 5.005"
    assert call("GET", "/payments", headers=user) == (200, [])


@pytest.mark.parametrize(
    "details", [{"number": "4242424242424242"}, {"number": "4242 4242 4242 4242"}]
)
def test_card_number_is_not_kept(
    call: Call,
    new_user: NewUser,
    database: psycopg.Connection,
    details: dict[str, str],
) -> None:
    """The database never sees more of a card's number than its last digits."""
    request = {"type": "credit_card", "details": details}
    _, method = call("POST", "/payment-methods", request, new_user())
    kept = database.execute(
        "select details from payment_methods where id = %s", (method["id"],)
    ).fetchone()
    assert kept == ({"number": "•••• 4242"},)


@pytest.mark.parametrize("authorization", [None, "Bearer of.bad.news"])
def test_payment_needs_a_valid_token(call: Call, authorization: str | None) -> None:
    """Without a token that user-service signed, nobody pays."""
    headers = {"Authorization": authorization} if authorization else {}
    status, refusal = call("POST", "/payments", {}, headers)
    assert status == 401
    assert refusal["error"].startswith("Unauthorized: ")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/payments/00000000-0000-0000-0000-000000000000", 404),
        ("/payments/7", 400),
        ("/nowhere", 404),
    ],
)
def test_what_is_not_there_is_not_found(call: Call, path: str, status: int) -> None:
    """An unknown address, an unknown id and an impossible id are told apart."""
    assert call("GET", path)[0] == status

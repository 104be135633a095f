"""What can be a payment, and what cannot."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from payment.errors import ValidationError
from payment.processor import (
    Payment,
    PaymentMethod,
    format_amount,
    new_method,
    new_payment,
    parse_amount,
    receipt,
)

USER = UUID(int=1)


def method_of_type(kind: str) -> PaymentMethod:
    return PaymentMethod(id=UUID(int=2), user_id=USER, type=kind, details={})


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("12", "USD", 1200),
        ("0.01", "GBP", 1),
        ("0.005", "BHD", 5),
    ],
)
def test_amount_is_counted_in_minor_units(text: str, currency: str, minor: int) -> None:
    """An amount becomes a whole number of its currency's smallest coin."""
    assert parse_amount(text, currency) == minor


def test_yen_have_no_minor_units() -> None:
    """A currency without minor units is counted in whole units."""
    assert parse_amount("1200", "JPY") == 1200


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("12.505", "EUR"),
        ("0.00", "EUR"),
        ("-1", "EUR"),
        ("1e3", "EUR"),
        ("1,50", "EUR"),
        ("NaN", "EUR"),
        ("1000000000000", "EUR"),
        ("1.00", "XXX"),
        ("1.00", "eur"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, currency: str) -> None:
    """Neither a wrong number nor an unknown currency is guessed at."""
    with pytest.raises(ValidationError, match=r"^invalid input: "):
        parse_amount(text, currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1250, "EUR", "12.50"), (5, "BHD", "0.005"), (1200, "JPY", "1200")],
)
def test_amount_is_written_with_its_decimals(
    minor: int, currency: str, text: str
) -> None:
    """Every decimal that the currency has is shown, and no other."""
    assert format_amount(minor, currency) == text


@pytest.mark.parametrize(
    ("kind", "status"),
    [("credit_card", "accepted"), ("paypal", "accepted"), ("bank_transfer", "pending")],
)
def test_only_bank_transfers_wait(kind: str, status: str) -> None:
    """A payment is accepted at once, unless a bank has to move the money first."""
    payment = new_payment(
        {"amount": "20.00", "currency": "EUR"}, method=method_of_type(kind)
    )
    assert payment.status == status


def test_payment_belongs_to_the_owner_of_its_method() -> None:
    """Whoever owns the payment method is the one who pays."""
    method = method_of_type("paypal")
    payment = new_payment({"amount": "20.00", "currency": "EUR"}, method=method)
    assert (payment.user_id, payment.method_id) == (USER, method.id)


@pytest.mark.parametrize("field", ["amount", "currency"])
def test_required_field_is_named_when_missing(field: str) -> None:
    """A request that leaves out a field is told which."""
    request = {"amount": "20.00", "currency": "EUR"}
    del request[field]
    with pytest.raises(ValidationError, match=f"required field {field}"):
        new_payment(request, method=method_of_type("paypal"))


def test_amount_must_not_be_a_float() -> None:
    """Binary fractions cannot hold cents, so an amount is a text."""
    with pytest.raises(ValidationError, match="amount must be a text"):
        new_payment(
            {"amount": 20.1, "currency": "EUR"}, method=method_of_type("paypal")
        )


def test_card_number_is_kept_by_its_last_digits() -> None:
    """The full number of a card is never kept."""
    method = new_method(
        {"type": "credit_card", "details": {"number": "4242424242424242"}}, owner=USER
    )
    assert method.details == {"number": "•••• 4242"}


@pytest.mark.parametrize(
    "request_", [{}, {"type": "cash"}, {"type": "paypal", "details": "me@example.org"}]
)
def test_unusable_method_is_refused(request_: dict[str, object]) -> None:
    """A payment method has a known type, and its details are an object."""
    with pytest.raises(ValidationError):
        new_method(request_, owner=USER)


def test_receipt_does_not_say_who_paid() -> None:
    """A receipt shows the payment, not the user or the payment method."""
    payment = Payment(
        id=UUID(int=3),
        user_id=USER,
        method_id=UUID(int=2),
        amount_minor=1999,
        currency="EUR",
        status="accepted",
        created_at=datetime(2024, 5, 17, 12, 30, tzinfo=UTC),
    )
    assert receipt(payment) == {
        "id": "00000000-0000-0000-0000-000000000003",
        "amount": "19.99",
        "currency": "EUR",
        "status": "accepted",
        "created_at": "2024-05-17T12:30:00+00:00",
    }

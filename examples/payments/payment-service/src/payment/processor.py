"""Decide whether what was asked for can be a payment, and make it one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from payment.errors import ValidationError

# ISO 4217: how many digits each currency has behind the point.
MINOR_UNITS = {"BHD": 3, "CHF": 2, "EUR": 2, "GBP": 2, "JPY": 0, "USD": 2}

METHOD_TYPES = ("credit_card", "paypal", "bank_transfer")

# Twelve digits: more is a slip of the keyboard, and would not fit the column.
AMOUNT = re.compile(r"(?P<whole>[0-9]{1,12})(\.(?P<fraction>[0-9]+))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentMethod:
    """A way in which one user can pay."""

    id: UUID
    user_id: UUID
    type: str
    details: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """Money that a user agreed to pay, in the minor units of its currency."""

    id: UUID
    user_id: UUID
    method_id: UUID
    amount_minor: int
    currency: str
    status: str
    created_at: datetime


def new_method(request: Mapping[str, object], *, owner: UUID) -> PaymentMethod:
    """The payment method that `owner` asks to keep."""
    kind = required_text(request, "type")
    if kind not in METHOD_TYPES:
        raise ValidationError(f"type must be one of {', '.join(METHOD_TYPES)}")
    details = request.get("details", {})
    if not isinstance(details, dict):
        raise ValidationError("details must be an object")
    return PaymentMethod(
        id=uuid4(), user_id=owner, type=kind, details=without_card_number(details)
    )


def new_payment(request: Mapping[str, object], *, method: PaymentMethod) -> Payment:
    """The payment that the owner of `method` asks to make with it."""
    currency = required_text(request, "currency")
    return Payment(
        id=uuid4(),
        user_id=method.user_id,
        method_id=method.id,
        amount_minor=parse_amount(required_text(request, "amount"), currency),
        currency=currency,
        # A bank tells us days later whether it moved the money.
        status="pending" if method.type == "bank_transfer" else "accepted",
        created_at=datetime.now(UTC),
    )


def receipt(payment: Payment) -> dict[str, object]:
    """What anyone who was given the payment's id may see of it."""
    return {
        "id": str(payment.id),
        "amount": format_amount(payment.amount_minor, payment.currency),
        "currency": payment.currency,
        "status": payment.status,
        "created_at": payment.created_at.isoformat(),
    }


def parse_amount(text: str, currency: str) -> int:
    """The amount in minor units: 1250 for "12.50" EUR."""
    digits = MINOR_UNITS.get(currency)
    if not digits:
        raise ValidationError(f"currency {currency} is not supported")
    number = AMOUNT.fullmatch(text)
    if not number:
        raise ValidationError(f"amount {text!r} is not a decimal number")
    fraction = number["fraction"] or ""
    if len(fraction) > digits:
        raise ValidationError(f"{currency} has at most {digits} decimals, not {text}")
    minor = int(number["whole"] + fraction.ljust(digits, "0"))
    if not minor:
        raise ValidationError("amount must be more than zero")
    return minor


def format_amount(minor: int, currency: str) -> str:
    """The amount as people write it: "12.50" for 1250 EUR."""
    digits = MINOR_UNITS[currency]
    whole, fraction = divmod(minor, 10**digits)
    return f"{whole}.{fraction:0{digits}}" if digits else str(whole)


def without_card_number(details: Mapping[str, object]) -> dict[str, object]:
    """The details, with no more of a number than its last four digits."""
    number = details.get("number")
    if number is None:
        return dict(details)
    return {**details, "number": f"•••• {str(number)[-4:]}"}


def required_text(request: Mapping[str, object], field: str) -> str:
    """The text of a field that no request may leave out."""
    value = request.get(field)
    if not isinstance(value, str) or not value:
        raise ValidationError(f"required field {field} must be a text")
    return value


def required_id(request: Mapping[str, object], field: str) -> UUID:
    """The id in a field that no request may leave out."""
    text = required_text(request, field)
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError(f"{field} {text!r} is not an id") from None

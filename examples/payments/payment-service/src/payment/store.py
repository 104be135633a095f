"""Keep payments and payment methods in PostgreSQL, whose schema is there already."""

from dataclasses import dataclass
from typing import LiteralString, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from payment.errors import ValidationError
from payment.processor import Payment, PaymentMethod

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Store:
    """Payments and payment methods in the database that `conninfo` names.

    Each call has a connection of its own: requests run in threads, and a database that
    was away is found again by the next request. While it is away, calls raise
    psycopg.OperationalError.
    """

    conninfo: str

    def ping(self) -> None:
        """Make sure that the database answers."""
        with psycopg.connect(self.conninfo) as connection:
            connection.execute("select 1")

    def add_method(self, method: PaymentMethod) -> None:
        """Keep a payment method."""
        with psycopg.connect(self.conninfo) as connection:
            try:
                connection.execute(
                    """
                    insert into payment_methods (id, user_id, type, details)
                    values (%s, %s, %s, %s)
                    """,
                    (method.id, method.user_id, method.type, Jsonb(method.details)),
                )
            except psycopg.DataError as error:
                # JSON has characters that PostgreSQL cannot keep, such as \u0000.
                reason = error.diag.message_primary
                raise ValidationError(f"details: {reason}") from error

    def add_payment(self, payment: Payment) -> None:
        """Keep a payment."""
        with psycopg.connect(self.conninfo) as connection:
            connection.execute(
                """
                insert into payments
                (id, user_id, method_id, amount_minor, currency, status, created_at)
                values (%s, %s, %s, %s, %s, %s, %s)
                """,
                (
                    payment.id,
                    payment.user_id,
                    payment.method_id,
                    payment.amount_minor,
                    payment.currency,
                    payment.status,
                    payment.created_at,
                ),
            )

    def method(self, method_id: UUID, *, owner: UUID) -> PaymentMethod | None:
        """The owner's payment method by that id."""
        query = "select * from payment_methods where id = %s and user_id = %s"
        return next(iter(self._all(PaymentMethod, query, method_id, owner)), None)

    def methods(self, *, owner: UUID) -> list[PaymentMethod]:
        """Every payment method of one user."""
        query = "select * from payment_methods where user_id = %s order by type, id"
        return self._all(PaymentMethod, query, owner)

    def payment(self, payment_id: UUID) -> Payment | None:
        """The payment by that id."""
        query = "select * from payments where id = %s"
        return next(iter(self._all(Payment, query, payment_id)), None)

    def payments(self, *, owner: UUID) -> list[Payment]:
        """Every payment of one user, the latest first."""
        query = "select * from payments where user_id = %s order by created_at desc"
        return self._all(Payment, query, owner)

    def _all(self, kind: type[Kind], query: LiteralString, *values: UUID) -> list[Kind]:
        with psycopg.connect(self.conninfo) as connection:
            cursor = connection.cursor(row_factory=class_row(kind))
            return cursor.execute(query, values).fetchall()

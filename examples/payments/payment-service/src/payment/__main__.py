"""Start the service as its environment variables say, and end it on SIGTERM."""

import signal
import sys
from os import environ

from psycopg.conninfo import make_conninfo

from payment.server import PaymentServer
from payment.store import Store
from payment.tokens import DEVELOPMENT_SECRET


def main() -> None:
    """Serve until told to stop."""
    address = environ.get("HOST", "0.0.0.0"), int(environ.get("PORT", "8080"))
    try:
        conninfo = make_conninfo(
            host=environ["DB_HOST"],
            port=environ.get("DB_PORT", "5432"),
            user=environ["PAYMENT_DB_USER"],
            password=environ.get("PAYMENT_DB_PASSWORD"),
            dbname=environ["PAYMENT_DB_DATABASE"],
            connect_timeout=5,
        )
    except KeyError as missing:
        sys.exit(f"payment-service: {missing} is not set")
    secret = environ.get("TOKEN_SECRET", DEVELOPMENT_SECRET)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit())
    with PaymentServer(address, store=Store(conninfo), token_secret=secret) as server:
        print(f"payment-service: listening on {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()

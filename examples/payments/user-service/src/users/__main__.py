"""Start the service as its environment variables say, and end it on SIGTERM."""

import signal
import sys
from os import environ

from users.accounts import Accounts
from users.server import UserServer
from users.tokens import DEVELOPMENT_SECRET


def main() -> None:
    """Serve until told to stop."""
    address = environ.get("HOST", "0.0.0.0"), int(environ.get("PORT", "8081"))
    secret = environ.get("TOKEN_SECRET", DEVELOPMENT_SECRET)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit())
    with UserServer(address, accounts=Accounts(), token_secret=secret) as server:
        print(f"user-service: listening on {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()

"""An environment that is made as it was when it came up."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from servers import Servers, environment, pids, server

if TYPE_CHECKING:
    from testflow_core.model import Site


def test_services_that_cannot_be_reset_start_anew_where_they_were(site: Site):
    with Servers().provision(environment(server("a"), server("b", "a")), site) as up:
        before = pids(site)
        assert up.renew is not None
        renewed = up.renew()
        assert renewed.endpoints.keys() == up.endpoints.keys()
        assert set(pids(site)) > set(before)
        for endpoint in renewed.endpoints.values():
            socket.create_connection((endpoint.host, endpoint.port or 0), timeout=20).close()


def test_a_wished_port_is_had_again(site: Site):
    with socket.create_server(("127.0.0.1", 0)) as free:
        wished = free.getsockname()[1]
    with Servers().provision(environment(server("a", port=wished)), site) as up:
        assert up.renew is not None
        assert up.renew().endpoints["a"].port == up.endpoints["a"].port == wished

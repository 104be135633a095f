"""The types `selenium` and `chrome`: browsers that are driven from outside, by the images of the Selenium project."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, ClassVar, Literal

from attrs import frozen

from testflow_core.model import Endpoint
from testflow_docker_env.preset import PresetContainer, Use

if TYPE_CHECKING:
    from testflow_core.model import Service, Site
    from testflow_core.provisioning.readiness import Probe
    from testflow_docker_env.preset import Address

_PATIENCE = 2.0
_HUB = "/wd/hub"
_ANSWER_LIMIT = 1 << 20


@frozen(kw_only=True, slots=False)
class ChromeContainer(PresetContainer):
    """The `config` of a service of type `chrome`; browsers crash with the little shared memory that containers have."""

    inside: ClassVar[int] = 4444

    port: int = 4444
    shm_size: str | None = "2g"

    @property
    def repository(self) -> str:
        """The image of the Selenium project."""
        return "selenium/standalone-chrome"

    def use(self, service: Service, site: Site, address: Address) -> Use:  # noqa: ARG002 - any is the same to it
        """A WebDriver that makes sessions at its URL; anybody who reaches it may."""
        return Use(published=self.inside, reached=self._reached, probe=ready_probe)

    def _reached(self, host: str, port: int) -> Endpoint:
        return Endpoint(host=host, ports={self.inside: port}, url=f"http://{host}:{port}{_HUB}")


@frozen(kw_only=True, slots=False)
class SeleniumContainer(ChromeContainer):
    """The `config` of a service of type `selenium`, with the browser that is to be driven."""

    browser: Literal["chrome", "firefox", "edge"] = "chrome"

    @property
    def repository(self) -> str:
        """The image of the Selenium project for the browser."""
        return f"selenium/standalone-{self.browser}"


def ready_probe(host: str, port: int) -> Probe:
    """Ready when its status says so (W3C WebDriver, 8.3): it answers before it can make a session."""

    def probe(seconds: float) -> str | None:
        connection = http.client.HTTPConnection(host, port, timeout=min(seconds, _PATIENCE))
        try:
            connection.request("GET", f"{_HUB}/status")
            status = json.loads(connection.getresponse().read(_ANSWER_LIMIT))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"no status from http://{host}:{port}{_HUB}/status ({error})"
        finally:
            connection.close()
        match status:
            case {"value": {"ready": True}}:
                return None
            case _:
                return f"http://{host}:{port}{_HUB}/status says that it is not ready"

    return probe

"""Who needs whom in an environment, and what each is told of the others."""

from __future__ import annotations

import re
import secrets as randomness
from typing import TYPE_CHECKING
from urllib.parse import quote

from testflow_core import graph, references
from testflow_core.errors import Problem, UnknownReferenceError
from testflow_core.specs import key_path, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from testflow_core.model import Endpoint, Environment, Service

ATTRIBUTES = ("host", "port", "url", "user", "password", "database")
"""What `{service.attribute}` may ask for, and what the variables `SERVICE_ATTRIBUTE` tell."""

RECORD = re.compile(r"data\.([\w-]+)\[(\d{1,9})\]\.([\w-]+(?:\.[\w-]+|\[\d{1,9}\])*)")
"""A value of a record of the test data, `data.users[0].id`, which is not one of the environment."""

REDACTED = "********"

OWN = ("host", "port")
"""What a service may ask about itself, as `{host}` and `{port}`."""


def values(endpoint: Endpoint) -> dict[str, str]:
    """Attribute to text, of those that this endpoint has."""
    found = {attribute: getattr(endpoint, attribute) for attribute in ATTRIBUTES}
    return {attribute: str(value) for attribute, value in found.items() if value is not None}


def reference_values(endpoints: Mapping[str, Endpoint]) -> dict[str, str]:
    """What references to these services resolve to, `payment-db.host` to `127.0.0.1`."""
    return {
        f"{name}.{attribute}": value
        for name, endpoint in endpoints.items()
        for attribute, value in values(endpoint).items()
    }


def variables(endpoints: Mapping[str, Endpoint]) -> dict[str, str]:
    """The environment variables that tell of these services, `PAYMENT_DB_HOST` and its sisters."""
    return {
        f"{re.sub(r'[^A-Z0-9]', '_', name.upper())}_{attribute.upper()}": value
        for name, endpoint in endpoints.items()
        for attribute, value in values(endpoint).items()
    }


def made_up_password() -> str:
    """A password that nobody can guess, of characters that need no quotes anywhere."""
    return randomness.token_urlsafe(24)


def secrets(endpoints: Mapping[str, Endpoint]) -> tuple[str, ...]:
    """What nobody may read who is not wired to these services: passwords, as they are and as they stand in URLs."""
    passwords = [endpoint.password for endpoint in endpoints.values() if endpoint.password]
    return tuple(dict.fromkeys(form for password in passwords for form in (password, quote(password, safe=""))))


def redacted(text: str, secret_values: Iterable[str]) -> str:
    """The text with these values made unreadable."""
    for secret in secret_values:
        text = text.replace(secret, REDACTED)
    return text


def dependencies(environment: Environment) -> dict[str, tuple[str, ...]]:
    """For each service those that it refers to or depends on, its application's dependencies included."""
    services = environment.services
    by_application = {each.application.name: name for name, each in services.items() if each.application is not None}
    found: dict[str, tuple[str, ...]] = {}
    for name, service in services.items():
        needed = [*service.depends_on]
        if service.application is not None:
            needed += [by_application[each] for each in service.application.depends_on if each in by_application]
        needed += [target for text in texts(service).values() for target in _targets(text)]
        found[name] = tuple(dict.fromkeys(each for each in needed if each in services))
    return found


def texts(service: Service) -> dict[str, str]:
    """Every text of a service in which references may stand, by its path below the service."""
    found = {key_path("env", key): value for key, value in service.env.items()}
    found |= {f"command[{index}]": word for index, word in enumerate(service.command or ())}
    if service.readiness is not None:
        found |= {f"readiness.exec[{index}]": word for index, word in enumerate(service.readiness.exec or ())}
    start = service.application.start if service.application is not None else None
    if start is not None:
        found |= {key_path("application.start.env", key): value for key, value in start.env.items()}
        found |= {f"application.start.command[{index}]": word for index, word in enumerate(start.command)}
    return found


def unavailable(environment: Environment) -> dict[str, str]:
    """The services that stay down because an application has no checkout, or because they need one that does."""
    needs = dependencies(environment)
    reasons = {
        name: service.unavailable for name, service in environment.services.items() if service.unavailable is not None
    }
    more = True
    while more:
        found = {
            name: f"it needs {missing[0]}, which stays down: {reasons[missing[0]]}"
            for name in environment.services
            if name not in reasons and (missing := [each for each in needs[name] if each in reasons])
        }
        reasons |= found
        more = bool(found)
    return reasons


def problems(environment: Environment) -> Iterator[Problem]:
    """References and dependencies that lead nowhere, and circles."""
    for name, service in environment.services.items():
        path = key_path("$.services", name)
        for below, text in texts(service).items():
            yield from _reference_problems(f"{path}.{below}", text, environment)
        for index, each in enumerate(service.depends_on):
            if each not in environment.services:
                yield Problem(f"{path}.depends_on[{index}]", unknown_name("service", each, environment.services))
    for circle in graph.cycles(dependencies(environment)):
        message = f"needs itself: {' -> '.join(circle)}; take one of these dependencies away"
        yield Problem(key_path("$.services", circle[0]), message)


def _targets(text: str) -> tuple[str, ...]:
    try:
        return tuple(name.rpartition(".")[0] for name in references.names(text))
    except UnknownReferenceError:
        return ()


def _reference_problems(path: str, text: str, environment: Environment) -> Iterator[Problem]:
    known = [f"{name}.{attribute}" for name in environment.services for attribute in ATTRIBUTES] + list(OWN)
    try:
        found = references.names(text)
    except UnknownReferenceError as error:
        yield Problem(path, str(error))
        return
    for name in found:
        if name in known or RECORD.fullmatch(name):
            continue
        if name.startswith("data.") and "data" not in environment.services:
            form = "write the entity, the number of the record and its field, as in {data.users[0].id}"
            yield Problem(path, f"{{{name}}} names no record of the test data; {form}")
        else:
            yield Problem(path, references.unknown(name, known))

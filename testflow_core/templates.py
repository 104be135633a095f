"""Text from templates: reports, advice, issue bodies. Jinja in its sandbox, strict about names."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from testflow_core.errors import TestflowError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment, Template

_SHOWN = 80


def render(template: str, values: Mapping[str, object]) -> str:
    """The template as plain text; TestflowError, listing the known names, where it asks for what is not there."""
    return _rendered(template, values, html=False)


def render_html(template: str, values: Mapping[str, object]) -> str:
    """As `render`, for HTML: every value is escaped."""
    return _rendered(template, values, html=True)


def _rendered(template: str, values: Mapping[str, object], *, html: bool) -> str:
    # Here and below: Jinja takes 70 ms to import, and few runs render anything.
    from jinja2 import TemplateSyntaxError, UndefinedError  # noqa: PLC0415
    from jinja2.exceptions import SecurityError  # noqa: PLC0415

    shown = template if len(template) <= _SHOWN else f"{template[:_SHOWN]}..."
    try:
        return _compiled(template, html=html).render(values)
    except TemplateSyntaxError as error:
        raise TestflowError(f"line {error.lineno} of the template {shown!r} is malformed: {error.message}") from error
    except UndefinedError as error:
        known = ", ".join(sorted(values)) or "none"
        raise TestflowError(f"the template {shown!r} cannot be filled: {error.message} (known: {known})") from error
    except SecurityError as error:
        raise TestflowError(f"the template {shown!r} asks for what templates may not do: {error.message}") from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise TestflowError(f"the template {shown!r} cannot be filled: {error}") from error


@lru_cache(maxsize=256)
def _compiled(template: str, *, html: bool) -> Template:
    return _environment(html=html).from_string(template)


@lru_cache(maxsize=2)
def _environment(*, html: bool) -> Environment:
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=html,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""What all readers share: types by names, what they could not say, and what people say in its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias, cast

from attrs import define, field

from testflow_core.errors import Problem, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testflow_core.model import FieldSpec, Json

Schema: TypeAlias = "dict[str, FieldSpec]"
Replace: TypeAlias = "Mapping[str, FieldSpec]"

NULL_SHARE = 0.1
"""The share of null where a value may be missing."""

WIDE = 1_000_000
"""How wide a range is of which one bound or none is known."""

TEXT_LENGTH = 40
ROOMY = 100
"""Text of this length holds any name, address or word of all locales."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMED = {each: each for each in ("name", "first_name", "last_name", "email", "city", "street", "country")} | {
    "company": "company",
    "job": "job",
    "postcode": "postcode",
    "full_name": "name",
    "surname": "last_name",
    "given_name": "first_name",
    "family_name": "last_name",
    "email_address": "email",
    "zip": "postcode",
    "zip_code": "postcode",
    "postal_code": "postcode",
    "job_title": "job",
}


@define
class Notes:
    """Everything that cannot be said, and the types that somebody gives in its place, both by paths."""

    replace: Replace
    problems: list[Problem] = field(factory=list[Problem])
    used: set[str] = field(factory=set[str])

    def given(self, path: str) -> FieldSpec | None:
        """The type that is given in place of what stands at a path."""
        if path in self.replace:
            self.used.add(path)
            return self.replace[path]
        return None

    def refuse(self, path: str, message: str) -> FieldSpec:
        """Keep what cannot be said; the answer stands in for it until all is known."""
        self.problems.append(Problem(path, f"{message}; give a type by replace={{{path!r}: ...}}"))
        return "word"

    def close(self, known: Iterable[str] = ()) -> None:
        """SpecError with all that could not be said, and with replacements of what is not there."""
        for path in self.replace:
            if path not in self.used:
                near = get_close_matches(path, [*known, *(each.path for each in self.problems)], n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                self.problems.append(Problem(f"replace[{path!r}]", f"there is nothing at this path{hint}"))
        if self.problems:
            raise SpecError(self.problems)


def text_type(name: str, least: int | None, most: int | None) -> FieldSpec:
    """Text of a length: where there is room, by what the field is called."""
    words = _CAMEL.sub("_", name).lower()
    if words in _NAMED and not least and (most is None or most >= ROOMY):
        return _NAMED[words]
    least = least or 0
    if most is None:
        most = max(least, TEXT_LENGTH)
    return f"text:{min(least or 1, most)}..{min(most, max(least, ROOMY))}"


def range_of(least: float | None, most: float | None) -> tuple[float, float] | None:
    """Both bounds, made up where one is missing; None where both are."""
    if least is None and most is None:
        return None
    if least is None:
        return cast("float", most) - WIDE, cast("float", most)
    return least, least + WIDE if most is None else most


def nullable(written: FieldSpec) -> FieldSpec:
    """The same, or null."""
    return {**as_mapping(written), "null": NULL_SHARE}


def unique(written: FieldSpec) -> FieldSpec:
    """The same, no value twice."""
    return {**as_mapping(written), "unique": True}


def as_mapping(written: FieldSpec) -> dict[str, Json]:
    """A type as a mapping."""
    return dict(written) if isinstance(written, Mapping) else {"type": written}

"""Types as mappings, which take what the compact form has no place for: `{"type": "int", "min": 1, "max": 9}`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast

from attrs import evolve

from testflow_core.errors import Problem
from testflow_faker_data.compact_form import Scope, bare, calculated, parsed
from testflow_faker_data.distributions import LEAST_SHARE, PARAMETERS, Distribution, window
from testflow_faker_data.errors import FieldTypeError
from testflow_faker_data.field_types import PLAIN_TYPES, Between, Calculated, Enum, FieldType, Listed, Nested, Ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import FieldSpec, Json
    from testflow_faker_data.field_types import Field

COMMON = ("type", "unique", "null", "edge", "when")
_BOUNDS = ("min", "max")
_NUMBER = (*_BOUNDS, "distribution", *dict.fromkeys(name for names in PARAMETERS.values() for name in names))
_KEYS: Mapping[str, tuple[str, ...]] = {
    "int": _NUMBER,
    "float": _NUMBER,
    "decimal": _NUMBER,
    "date": _BOUNDS,
    "timestamp": _BOUNDS,
    "text": _BOUNDS,
    "bool": ("rate",),
    "enum": ("values", "weights"),
    "sequence": ("first",),
    "ref": ("to", "spread", "exponent", "earlier"),
    "template": ("template",),
    "expression": ("expression",),
    "pattern": ("pattern",),
    "faker": ("provider",),
    "object": ("schema",),
    "list": ("of", *_BOUNDS),
}
_ARGUMENT = {"bool": "rate", "sequence": "first", "ref": "to", "template": "template", "expression": "expression"} | {
    "pattern": "pattern",
    "faker": "provider",
}
_SPREADS = ("any", "even", "zipf")
LIST_LIMIT = 1000
DEPTH_LIMIT = 20


class Reader:
    """Reads types of all kinds, and keeps every mistake with its path."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def read(self, written: FieldSpec, scope: Scope, path: str) -> FieldType | None:
        """The type that is written; None, and problems, where there is none."""
        before = len(self.problems)
        try:
            found = parsed(written, scope) if isinstance(written, str) else self._mapping(written, scope, path)
        except FieldTypeError as error:
            self._tell(path, str(error))
            return None
        return found if len(self.problems) == before else None

    def _mapping(self, written: Mapping[str, Json], scope: Scope, path: str) -> FieldType | None:
        kind = written.get("type")
        if not isinstance(kind, str):
            return self._without_type(written, path)
        name, colon, _ = kind.partition(":")
        own = () if colon else _KEYS.get(name, ())
        if colon:
            own = tuple(key for key in _KEYS.get(name, ()) if key not in (*_BOUNDS, "values", _ARGUMENT.get(name)))
        for key in written if name in _KEYS or name in PLAIN_TYPES else ():
            # Of a type that nobody knows, nobody knows the keys.
            if key not in (*COMMON, *own):
                self._unknown(path, key, (*COMMON, *own))
        if " | " in kind:
            raise FieldTypeError(f"{kind!r} has modifiers; give them as keys: {', '.join(COMMON[1:])}")
        if len(scope.place) > 2 * DEPTH_LIMIT:
            raise FieldTypeError(f"is nested deeper than {DEPTH_LIMIT} times")
        found = self._kind(name, written, scope, path) if not colon else bare(kind, scope)
        found = self._details(found, written, path) if found else None
        return self._common(found, written, scope, path) if found else None

    def _without_type(self, written: Mapping[str, Json], path: str) -> None:
        kind = written.get("type")
        near = get_close_matches("type", written, n=1) if kind is None else ()
        if near:
            return self._unknown(path, near[0], ("type",))
        return self._tell(f"{path}.type", f"expected the name of a type, got {kind!r}" if kind else "is missing")

    def _kind(  # noqa: PLR0911 - one for each kind of type
        self, name: str, written: Mapping[str, Json], scope: Scope, path: str
    ) -> FieldType | None:
        if name == "object":
            return self._object(written, scope, path)
        if name == "list":
            return self._list(written, scope, path)
        if name == "enum":
            return self._enum(written, path)
        if key := _ARGUMENT.get(name):
            if key not in written:
                return bare(name, scope) if name in ("bool", "sequence") else self._missing(path, key)
            return bare(f"{name}:{written[key]}", scope)
        given = [key for key in _BOUNDS if key in written]
        if len(given) == 1 or (name in ("text", "decimal") and not given):
            return self._missing(path, next(key for key in _BOUNDS if key not in given))
        return bare(f"{name}:{written['min']}..{written['max']}" if given else name, scope)

    def _object(self, written: Mapping[str, Json], scope: Scope, path: str) -> FieldType | None:
        schema = written.get("schema")
        if not isinstance(schema, Mapping) or not schema:
            return self._missing(path, "schema", ": the fields of the object")
        places: dict[str, Field] = {name: (*scope.place, ".", name) for name in schema}
        fields = {
            name: self._inner(each, Scope(place=places[name], siblings=places, entities=scope.entities), path, name)
            for name, each in cast("Mapping[str, Json]", schema).items()
        }
        known = {name: each for name, each in fields.items() if each}
        return Nested(fields=known) if len(known) == len(fields) else None

    def _inner(self, written: Json, scope: Scope, path: str, name: str) -> FieldType | None:
        below = f"{path}.schema.{name}"
        if isinstance(written, str | Mapping):
            return self.read(cast("FieldSpec", written), scope, below)
        return self._tell(below, f"expected a type as text or as a mapping, got {written!r}")

    def _list(self, written: Mapping[str, Json], scope: Scope, path: str) -> FieldType | None:
        item = written.get("of")
        least, most = written.get("min", 0), written.get("max", 3)
        if not _is_count(least) or not _is_count(most) or not 0 <= least <= most <= LIST_LIMIT:
            self._tell(path, f"a list has 'min' to 'max' items, from 0 to {LIST_LIMIT}; got {least!r} and {most!r}")
            least = most = 0
        if not isinstance(item, str | Mapping):
            return self._missing(path, "of", ": the type of the items")
        inside = Scope(place=(*scope.place, "[]"), siblings={}, entities=scope.entities)
        found = self.read(cast("FieldSpec", item), inside, f"{path}.of")
        return Listed(item=found, least=cast("int", least), most=cast("int", most)) if found else None

    def _enum(self, written: Mapping[str, Json], path: str) -> FieldType | None:
        values, weights = written.get("values"), written.get("weights", [])
        if not isinstance(values, list | tuple) or not values:
            wrong = "is missing" if values is None else f"has no values in {values!r}"
            return self._tell(f"{path}.values", f"{wrong}; give a list of one or more, as in ['card', 'cash']")
        if not isinstance(weights, list | tuple) or not all(map(_is_count, weights)):
            return self._tell(f"{path}.weights", f"expected a list of whole numbers, got {weights!r}")
        given = cast("Sequence[int]", weights)
        if given and (len(given) != len(values) or min(given) < 0 or not any(given)):
            return self._tell(f"{path}.weights", f"expected one for each of {len(values)} values, 0 or more, not all 0")
        return Enum(values=tuple(cast("Sequence[Json]", values)), weights=tuple(given))

    def _details(self, found: FieldType, written: Mapping[str, Json], path: str) -> FieldType | None:
        if isinstance(found, Between) and "distribution" in written:
            return self._distributed(found, written, path)
        if isinstance(found, Ref):
            return self._spread(found, written, path)
        stray = [key for key in written if key in _NUMBER and key not in (*_BOUNDS, "rate")]
        if stray and isinstance(found, Between):
            return self._tell(f"{path}.{stray[0]}", f"belongs to a 'distribution' (known: {', '.join(PARAMETERS)})")
        return found

    def _distributed(self, found: Between, written: Mapping[str, Json], path: str) -> FieldType | None:
        name = written["distribution"]
        if not isinstance(name, str) or name not in PARAMETERS:
            return self._unknown_word(f"{path}.distribution", "distribution", name, tuple(PARAMETERS))
        wanted = PARAMETERS[name]
        wrong = [key for key in wanted if not _is_number(written.get(key)) or not _allowed(name, key, written[key])]
        for key in wrong:
            self._tell(f"{path}.{key}", f"{name} needs a number{'' if (name, key) == _ANY else ' above 0'} here")
        for key in written:
            if key in _NUMBER and key not in (*_BOUNDS, "distribution", *wanted):
                self._tell(f"{path}.{key}", f"{name} does not take it (known: {', '.join(wanted) or 'none'})")
        if name == "zipf" and found.name != "int":
            return self._tell(f"{path}.distribution", "zipf is of whole numbers; make the type 'int'")
        if wrong or name == "uniform":
            return found
        distribution = Distribution(name=name, parameters=tuple(float(cast("float", written[key])) for key in wanted))
        if name != "zipf" and window(distribution, found.least, found.most, found.places).share < LEAST_SHARE:
            return self._tell(f"{path}.distribution", "has next to nothing from 'min' to 'max'; move one of them")
        return evolve(found, distribution=distribution)

    def _spread(self, found: Ref, written: Mapping[str, Json], path: str) -> FieldType | None:
        spread, exponent, earlier = (written.get(key) for key in ("spread", "exponent", "earlier"))
        if spread is not None and spread not in _SPREADS:
            return self._unknown_word(f"{path}.spread", "spread", spread, _SPREADS)
        if "exponent" in written and spread != "zipf":
            return self._tell(f"{path}.exponent", "belongs to the spread 'zipf'")
        if exponent is not None and (not _is_number(exponent) or not 0 < cast("float", exponent) <= 10):  # noqa: PLR2004
            return self._tell(f"{path}.exponent", f"expected a number above 0, to 10, got {exponent!r}")
        if earlier is not None and not isinstance(earlier, bool):
            return self._tell(f"{path}.earlier", f"expected true or false, got {earlier!r}")
        skew = float(cast("float", exponent or 1.0)) if spread == "zipf" else 0.0
        if earlier and (spread not in (None, "any") or written.get("unique")):
            return self._tell(f"{path}.earlier", "goes with no other spread, and not with 'unique'")
        return evolve(found, even=spread == "even", skew=skew, earlier=bool(earlier))

    def _common(self, found: FieldType, written: Mapping[str, Json], scope: Scope, path: str) -> FieldType:
        unique, null, edge, when = (written.get(key) for key in ("unique", "null", "edge", "when"))
        if unique is not None and not isinstance(unique, bool):
            self._tell(f"{path}.unique", f"expected true or false, got {unique!r}")
        for key, share in (("null", null), ("edge", edge)):
            if share is not None and (not _is_number(share) or not 0 <= cast("float", share) <= 1):
                self._tell(f"{path}.{key}", f"expected a share from 0 to 1, got {share!r}")
        if when is not None and not isinstance(when, str):
            self._tell(f"{path}.when", f"expected an expression as text, got {when!r}")
        if self.problems and self.problems[-1].path.startswith(path):
            return found
        try:
            condition = Calculated(**calculated(when, scope)) if isinstance(when, str) else None
        except FieldTypeError as error:
            self._tell(f"{path}.when", str(error))
            return found
        shares = {"null": float(cast("float", null or 0)), "edge": float(cast("float", edge or 0))}
        return evolve(found, unique=found.unique or bool(unique), when=condition, **shares)

    def _tell(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def _missing(self, path: str, key: str, what: str = "") -> None:
        self._tell(f"{path}.{key}", f"is missing{what}")

    def _unknown(self, path: str, key: str, known: tuple[str, ...]) -> None:
        self._unknown_word(f"{path}.{key}", "key", key, known)

    def _unknown_word(self, path: str, what: str, word: object, known: tuple[str, ...]) -> None:
        close = get_close_matches(str(word), known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        self._tell(path, f"unknown {what} {word!r}{hint} (known: {', '.join(known)})")


_ANY = ("normal", "mean")


def _allowed(name: str, key: str, value: Json) -> bool:
    return (name, key) == _ANY or cast("float", value) > 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18  # noqa: PLR2004


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

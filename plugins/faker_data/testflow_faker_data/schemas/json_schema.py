"""The schema of an entity, read from a JSON Schema (2020-12, and older drafts as far as they say the same)."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor
from typing import TYPE_CHECKING, cast

from testflow_core.errors import Problem, SpecError
from testflow_faker_data.errors import FieldTypeError
from testflow_faker_data.pattern_reader import parsed
from testflow_faker_data.schemas.reading import Notes, nullable, range_of, text_type

if TYPE_CHECKING:
    from testflow_core.model import FieldSpec, Json
    from testflow_faker_data.schemas.reading import Replace, Schema

    Node = Mapping[str, Json]

_FORMATS: Mapping[str, FieldSpec] = {
    "uuid": "uuid",
    "email": "email",
    "date": "date",
    "date-time": "timestamp",
    "time": r"pattern:([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ",
    "uri": r"pattern:https://example\.com/[a-z]{3,12}",
    "url": r"pattern:https://example\.com/[a-z]{3,12}",
    "hostname": r"pattern:[a-z]{3,12}\.example",
    # Networks of documentation (RFC 5737, RFC 3849): nobody is there.
    "ipv4": r"pattern:192\.0\.2\.[1-9]\d?",
    "ipv6": r"pattern:2001:db8::[1-9a-f][0-9a-f]{0,3}",
}
_CONDITIONS = ("if", "not", "dependentSchemas", "dependentRequired", "dependencies", "contains", "prefixItems")
_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
_ITEMS = 3
_STEP = 1e-6


def from_json_schema(document: Mapping[str, Json], *, replace: Replace | None = None) -> Schema:
    """
    The schema of an entity whose records are valid by a JSON Schema of objects.

    Types, `enum`, `const`, `format`, `pattern`, bounds, lengths, `allOf`, objects and lists, local `$ref`. Fields
    that are not required are made, too, unless they contain the schema itself. SpecError with the path of everything
    that cannot be said; `replace` gives types for such paths.
    """
    notes = Notes(replace or {})
    reader = _Reader(document, notes)
    root = reader.resolved(document, "$", ("#",))
    if root is None or not isinstance(root[0].get("properties"), Mapping):
        raise SpecError([Problem("$", "a record is an object with 'properties'; this schema has none")])
    found = reader.properties(*root)
    notes.close(reader.paths)
    return found


class _Reader:
    def __init__(self, document: Node, notes: Notes) -> None:
        self._document = document
        self._notes = notes
        self.paths: list[str] = []

    def properties(self, node: Node, path: str, within: tuple[str, ...]) -> Schema:
        """The fields of an object."""
        required = cast("list[str]", node.get("required", []))
        found: Schema = {}
        for name, each in cast("Node", node["properties"]).items():
            below = f"{path}.properties.{name}"
            if isinstance(each, Mapping) and self._circular(each, within) and name not in required:
                continue
            found[name] = self._type(each, below, name, within)
        for name in required:
            if name not in found:
                self._notes.refuse(f"{path}.required", f"{name!r} is required, and nothing says what it is")
        return found

    def resolved(self, node: Node, path: str, within: tuple[str, ...]) -> tuple[Node, str, tuple[str, ...]] | None:
        """What a node says once its references are followed, and what it is all of is merged; None if it cannot be."""
        while "$ref" in node:
            pointer = node["$ref"]
            if not isinstance(pointer, str) or not pointer.startswith("#"):
                self._notes.refuse(path, f"the reference {pointer!r} leads out of the document")
                return None
            if pointer in within:
                self._notes.refuse(path, f"it contains itself: {' → '.join([*within, pointer])}")
                return None
            target = self._target(pointer)
            if target is None:
                self._notes.refuse(path, f"the reference {pointer!r} leads to nothing")
                return None
            within = (*within, pointer)
            node = {**target, **{key: each for key, each in node.items() if key != "$ref"}}
        parts = node.get("allOf")
        if isinstance(parts, list | tuple):
            merged: dict[str, Json] = {key: each for key, each in node.items() if key != "allOf"}
            for at, part in enumerate(parts):
                whole = self.resolved(cast("Node", part), f"{path}.allOf[{at}]", within)
                if whole is None or not self._merge(merged, whole[0], f"{path}.allOf[{at}]"):
                    return None
                within = whole[2]
            node = merged
        return node, path, within

    def _target(self, pointer: str) -> Node | None:
        found: Json = self._document
        for step in pointer.lstrip("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or key not in found:
                return None
            found = cast("Node", found)[key]
        return cast("Node", found) if isinstance(found, Mapping) else None

    def _circular(self, node: Node, within: tuple[str, ...]) -> bool:
        items = node.get("items")
        return node.get("$ref") in within or (isinstance(items, Mapping) and items.get("$ref") in within)

    def _merge(self, into: dict[str, Json], part: Node, path: str) -> bool:
        for key, each in part.items():
            old = into.get(key, each)
            if key == "properties" and isinstance(old, Mapping) and isinstance(each, Mapping):
                into[key] = {**old, **each}
            elif key == "required":
                into[key] = [*cast("list[Json]", old), *cast("list[Json]", each)]
            elif old != each:
                self._notes.refuse(path, f"it says of {key!r} what another part says differently")
                return False
            else:
                into[key] = each
        return True

    def _type(  # noqa: C901, PLR0911 - one for each kind
        self, written: Json, path: str, name: str, within: tuple[str, ...]
    ) -> FieldSpec:
        self.paths.append(path)
        given = self._notes.given(path)
        if given is not None:
            return given
        if not isinstance(written, Mapping):
            return self._notes.refuse(path, f"{written!r} says nothing of what a value is")
        found = self.resolved(cast("Node", written), path, within)
        if found is None:
            return "word"
        node, _, within = found
        for word in ("anyOf", "oneOf"):
            if word in node:
                return self._one_of(node, word, path, name, within)
        for word in _CONDITIONS:
            if word in node:
                return self._notes.refuse(path, f"{word!r} cannot be kept")
        if "const" in node or "enum" in node:
            values = [node["const"]] if "const" in node else list(cast("list[Json]", node["enum"]))
            return {"type": "enum", "values": values} if values else self._notes.refuse(path, "'enum' has no values")
        return self._by_type(node, path, name, within)

    def _one_of(self, node: Node, word: str, path: str, name: str, within: tuple[str, ...]) -> FieldSpec:
        parts = [cast("Node", each) for each in cast("list[Json]", node[word]) if isinstance(each, Mapping)]
        some = [each for each in parts if each.get("type") != "null"]
        if len(some) != 1:
            return self._notes.refuse(path, f"{word!r} of several types cannot be kept")
        rest = {key: each for key, each in node.items() if key not in (word, "default", "title", "description")}
        if any(self._circular(each, within) for each in some):
            return {"type": "enum", "values": [None]} if len(parts) > 1 else self._notes.refuse(path, "contains itself")
        found = self._type({**some[0], **rest}, path, name, within)
        return nullable(found) if len(parts) > 1 else found

    def _by_type(  # noqa: C901, PLR0911 - one for each kind
        self, node: Node, path: str, name: str, within: tuple[str, ...]
    ) -> FieldSpec:
        kind = node.get("type")
        if isinstance(kind, list | tuple):
            kinds = [each for each in kind if each != "null"]
            if len(kinds) != 1:
                return self._notes.refuse(path, f"several types cannot be kept: {', '.join(map(str, kind))}")
            found = self._by_type({**node, "type": kinds[0]}, path, name, within)
            return nullable(found) if len(kinds) < len(kind) else found
        if kind is None and "properties" in node:
            kind = "object"
        if kind == "string":
            return self._text(node, path, name)
        if kind in ("integer", "number"):
            return self._number(node, path, whole=kind == "integer")
        if kind == "array":
            return self._list(node, path, name, within)
        if kind == "object":
            empty: FieldSpec = {"type": "enum", "values": [{}]}
            if not node.get("properties"):
                return self._notes.refuse(path, "its fields are not named") if node.get("required") else empty
            return {"type": "object", "schema": cast("Json", self.properties(node, path, within))}
        if kind in ("boolean", "null"):
            return "bool" if kind == "boolean" else {"type": "enum", "values": [None]}
        known = ", ".join(_TYPES)
        return self._notes.refuse(path, f"the type {kind!r} is unknown (known: {known})" if kind else "it has no type")

    def _text(self, node: Node, path: str, name: str) -> FieldSpec:
        least, most = cast("int | None", node.get("minLength")), cast("int | None", node.get("maxLength"))
        if "format" in node:
            form = str(node["format"])
            if "pattern" in node or least or most is not None:
                return self._notes.refuse(path, "a format that must have a length or match a pattern cannot be kept")
            return _FORMATS.get(form) or self._notes.refuse(
                path, f"the format {form!r} is unknown (known: {', '.join(_FORMATS)})"
            )
        if "pattern" not in node:
            return text_type(name, least, most)
        if least or most is not None:
            return self._notes.refuse(path, "a pattern that must have a length cannot be kept; write it in the pattern")
        pattern = str(node["pattern"])
        pattern = pattern.removeprefix("^")
        if pattern.endswith("$") and not pattern.endswith("\\$"):
            pattern = pattern[:-1]
        try:
            parsed(pattern)
        except FieldTypeError as error:
            return self._notes.refuse(path, str(error))
        return {"type": "pattern", "pattern": pattern}

    def _number(self, node: Node, path: str, *, whole: bool) -> FieldSpec:
        if node.get("multipleOf", 1 if whole else None) not in (1, 1.0, None):
            return self._notes.refuse(path, f"multiples of {node['multipleOf']} cannot be kept")
        step = 1 if whole else _STEP
        least, most = (cast("float | None", node.get(key)) for key in ("minimum", "maximum"))
        above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
        # In draft 4 these are true beside the bound, later they are bounds.
        if isinstance(above, bool):
            above = least if above else None
        if isinstance(below, bool):
            below = most if below else None
        if above is not None:
            inside = (floor(cast("float", above)) + 1) if whole else cast("float", above) + step
            least = inside if least is None else max(least, inside)
        if below is not None:
            inside = (ceil(cast("float", below)) - 1) if whole else cast("float", below) - step
            most = inside if most is None else min(most, inside)
        bounds = range_of(least, most)
        if bounds is None:
            return "int" if whole else "float"
        first, last = (ceil(bounds[0]), floor(bounds[1])) if whole else bounds
        if first > last:
            return self._notes.refuse(path, f"no number is from {least} to {most}")
        return {"type": "int" if whole else "float", "min": first, "max": last}

    def _list(self, node: Node, path: str, name: str, within: tuple[str, ...]) -> FieldSpec:
        least = cast("int", node.get("minItems", 0))
        most = cast("int", node.get("maxItems", least + _ITEMS))
        if node.get("uniqueItems") and most > 1:
            return self._notes.refuse(path, "items that are different cannot be kept")
        if "items" not in node:
            return self._notes.refuse(path, "nothing says what its items are")
        item = self._type(node["items"], f"{path}.items", name.removesuffix("s"), within)
        return {"type": "list", "min": least, "max": most, "of": cast("Json", item)}

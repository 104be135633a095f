"""From columns to records, and a sequence of records that are made when they are asked for."""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import TYPE_CHECKING, TypeAlias, overload

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import CodeType

    from testflow_core.model import Json, Record

CHUNK = 8192
"""Records that are made in one go while someone iterates."""

Build: TypeAlias = "Callable[[Sequence[Sequence[Json]]], list[dict[str, Json]]]"
Columns: TypeAlias = "Callable[[Sequence[str], range, Container[str]], Sequence[Sequence[Json]]]"


def builder(fields: Sequence[str]) -> Build:
    """
    A function from columns to records with these fields, one field or more.

    It is compiled from a syntax tree, as a dict display is twice as fast as `dict(zip(...))`. The fields are constants
    in it: no text of anybody is parsed.
    """
    names = [f"v{number}" for number in range(len(fields))]
    target = ast.Tuple([ast.Name(name, ast.Store()) for name in names], ast.Store())
    record = ast.Dict([ast.Constant(field) for field in fields], [ast.Name(name, ast.Load()) for name in names])
    rows = ast.Call(ast.Name("zip", ast.Load()), [ast.Starred(ast.Name("columns", ast.Load()), ast.Load())], [])
    made = ast.ListComp(record, [ast.comprehension(target, rows, [], 0)])
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg("columns")], kwonlyargs=[], kw_defaults=[], defaults=[])
    tree = ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, made)))
    module = compile(tree, "<records>", "eval")
    code: CodeType = next(each for each in module.co_consts if hasattr(each, "co_code"))
    return FunctionType(code, {"zip": zip})


class Rows(Sequence["Record"]):
    """Records that are made when they are asked for, each alone or many at a time; the same whenever they are."""

    def __init__(self, fields: Sequence[str], count: int, columns: Columns) -> None:
        self._build: Build = builder(fields) if fields else lambda _: []
        self._fields = tuple(fields)
        self._rows = range(count)
        self._columns = columns

    def columns(self, fields: Sequence[str], rows: range, /, encoded: Container[str] = ()) -> Sequence[Sequence[Json]]:
        """The values of each field in these rows; of fields in `encoded`, each value but null as the text of JSON."""
        with without_collector():
            return self._columns(fields, rows, encoded)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            wanted = self._rows[index]
            if wanted.step == 1:
                return [record for chunk in self._chunks(wanted) for record in chunk]
            return [self[row] for row in wanted]
        row = self._rows[index]
        return self._made(range(row, row + 1))[0]

    def __iter__(self) -> Iterator[Record]:
        for chunk in self._chunks(self._rows):
            yield from chunk

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # pyright: ignore[reportAssignmentType] - like a list, it is equal to what has the same items

    def _chunks(self, rows: range) -> Iterator[Sequence[Record]]:
        for start in range(rows.start, rows.stop, CHUNK):
            yield self._made(range(start, min(start + CHUNK, rows.stop)))

    def _made(self, rows: range) -> Sequence[Record]:
        if not self._fields:
            return [{} for _ in rows]
        with without_collector():
            return self._build(self._columns(self._fields, rows, ()))


@contextmanager
def without_collector() -> Generator[None]:
    """No garbage is looked for: nothing of a chunk is any, and looking takes longer than making it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

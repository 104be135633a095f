"""The test files of an application, kept so that those of a pattern are found without trying all."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from testflow_git_selector.patterns import TestPattern

_Key: TypeAlias = "Callable[[str], str]"
_Sorted: TypeAlias = "tuple[Sequence[str], Sequence[str]]"

_LAST = "\U0010ffff"  # sorts behind whatever begins with a prefix
_FEW = 100  # trying so many costs no more than searching the text of all


def _backwards(file: str) -> str:
    return file[::-1]


def _name(file: str) -> str:
    return file.rpartition("/")[2]


_KEYS: Sequence[_Key] = (_backwards, _name, str)


@frozen(kw_only=True)
class FileIndex:
    """Test files, each once, in the order of their first test."""

    files: Mapping[str, None]

    @classmethod
    def of(cls, files: Iterable[str]) -> FileIndex:
        """The index of these files."""
        return cls(files=dict.fromkeys(files))

    def matching(self, pattern: TestPattern, groups: Mapping[str, str]) -> tuple[str, ...]:
        """The files that a pattern names with these texts for its references; a reference's text is literal."""
        if pattern.regex is None:
            file = pattern.filled(groups)
            return (file,) if file in self.files else ()
        before = "".join(f"{groups[name]}\0" for name in pattern.references)
        matches = pattern.regex.fullmatch
        return tuple(file for file in self._candidates(pattern, groups) if matches(before + file))

    def _candidates(self, pattern: TestPattern, groups: Mapping[str, str]) -> Iterable[str]:
        """Files among which are all that the pattern names: few, as far as its literal texts lead to few."""
        runs = pattern.literal_runs(groups)
        prefixes = (runs[-1][0][::-1], pattern.start_of_name(groups), runs[0][0])
        for prefix, key in zip(prefixes, _KEYS, strict=True):
            if prefix:
                keys, files = self._sorted(key)
                start = bisect_left(keys, prefix)
                end = bisect_left(keys, prefix + _LAST, start)
                if end - start <= _FEW:
                    return files[start:end]
        telling = max((with_reference, len(run), run) for run, with_reference in runs)[2]
        return self._holding(telling) if telling else self.files

    def _holding(self, fragment: str) -> Iterable[str]:
        at = self._joined.find(fragment)
        while at >= 0:
            start, end = self._joined.rfind("\0", 0, at) + 1, self._joined.index("\0", at)
            yield self._joined[start:end]
            at = self._joined.find(fragment, end)

    def _sorted(self, key: _Key) -> _Sorted:
        """The files by a key of theirs, and the keys; made when first asked for."""
        if key not in self._orders:
            files = sorted(self.files, key=key)
            self._orders[key] = ([key(file) for file in files], files)
        return self._orders[key]

    @cached_property
    def _orders(self) -> dict[_Key, _Sorted]:
        return {}

    @cached_property
    def _joined(self) -> str:
        return "\0".join(["", *self.files, ""])

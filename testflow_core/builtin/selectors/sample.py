"""The selector `sample`: a random share of the tests, the same for the same seed."""

from __future__ import annotations

from hashlib import blake2b
from math import ceil
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import Problem, SpecError
from testflow_core.interfaces import Selector
from testflow_core.model import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Context, TestCase


@frozen(kw_only=True)
class SelectSample(Selector):
    """
    A random share of the tests, from above 0 to 1, at least one of them.

    Without a `seed` the newest commit of the application is it: each commit draws anew, all machines draw the same.
    """

    share: float = 0.1
    seed: str = ""

    def __attrs_post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise SpecError([Problem("$.share", f"expected a share above 0, up to 1, such as 0.1, got {self.share!r}")])

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """Those are chosen whose ids have the smallest digests: a test that is added moves at most one other out."""
        seed = self.seed or (context.change.head if context.change else None) or ""
        number = ceil(self.share * len(tests))
        drawn = set(sorted({test.id for test in tests}, key=lambda test_id: _digest(seed, test_id))[:number])
        how = f"{number} of {len(tests)} at random (seed {seed!r})"
        return [
            Choice(test=test, selected=True, reason=f"drawn with {how}")
            if test.id in drawn
            else Choice(test=test, selected=False, reason=f"not drawn with {how}")
            for test in tests
        ]


def _digest(seed: str, test_id: str) -> bytes:
    return blake2b(f"{seed}\0{test_id}".encode("utf-8", "surrogatepass"), digest_size=8).digest()

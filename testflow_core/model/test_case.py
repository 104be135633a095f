"""A test, the same in every run."""

from __future__ import annotations

from functools import cached_property

from attrs import frozen

from testflow_core.model.variant import labelled


# Tests are keys of many mappings: their hash is worked out once.
@frozen(kw_only=True, cache_hash=True)
class TestCase:
    """
    One test, or a whole file of them while its tests are not known (`name` is None).

    `file` is relative to the checkout, with `/` between its parts; `name` is what the framework calls the test in it.
    `variant` names that of an environment in which the test runs, where there are several.
    """

    __test__ = False

    application: str
    file: str
    name: str | None = None
    variant: str = ""

    @cached_property
    def id(self) -> str:
        """`application::file::name`, or `application::file` for a whole file."""
        whole = f"{self.application}::{self.file}"
        return whole if self.name is None else f"{whole}::{self.name}"

    @property
    def label(self) -> str:
        """What people call it: its id, and its variant where it has one, `application::file::name [variant]`."""
        return labelled(self.id, self.variant)

    @classmethod
    def from_id(cls, test_id: str) -> TestCase:
        """The test that has this id; a name may itself contain `::`."""
        application, file, name = (*test_id.split("::", 2), None, None)[:3]
        return cls(application=application or "", file=file or "", name=name)

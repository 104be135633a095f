"""Decides how a command is made to report single tests: the one place that knows all the frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.runners import jest, node, vitest
from testflow_core.builtin.runners.package_scripts import invocation, scripts
from testflow_core.builtin.runners.suite_report import SuiteReport, read_suites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.builtin.runners.junit_report import JUnitReport
    from testflow_core.builtin.runners.package_scripts import Invocation
    from testflow_core.provisioning.supervisor import Supervisor


@frozen(kw_only=True)
class Reporting:
    """
    A command that reports as well as it can be made to, and where.

    `framework` is jest or vitest where one of them was asked for a report, else empty.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    by_node: Path
    by_framework: Path
    framework: str = ""

    def node_report(self) -> JUnitReport | None:
        """What Node's own runner has reported; None where it was not that which ran."""
        return node.read_report(self.by_node)

    def suites(self, file: Path) -> SuiteReport | None:
        """What jest or vitest has reported of the file; None where neither was asked."""
        return read_suites(self.by_framework, file, self.framework) if self.framework else None


class Reporters:
    """Decides for the commands of a session, and remembers what it found out about Node and vitest."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._node_takes_options: bool | None = None
        self._vitest: dict[tuple[str, ...], vitest.Reporters | None] = {}

    def reporting(
        self, argv: Sequence[str], file: str, *, checkout: Path, env: Mapping[str, str], directory: Path
    ) -> Reporting:
        """The command for this file; as it is, where it is not certain what runs and what that would make of more."""
        by_node, by_framework = directory / "node.xml", directory / "suites.json"
        for report in (by_node, by_framework):
            report.unlink(missing_ok=True)
        named = scripts(checkout)
        found = invocation(argv, named)
        framework, more = "", list[str]()
        if found is not None and jest.is_jest(found):
            asked = jest.more_arguments(found, file, by_framework)
            framework, more = ("jest", asked) if asked is not None else ("", [])
        elif found is not None and vitest.is_vitest(found):
            kept = self._vitest_reporters(found, file, checkout=checkout, env=env, directory=directory)
            if kept is not None:
                framework, more = "vitest", vitest.more_arguments(found, kept, by_framework)
        elif node.reports_by_node(argv, named) and self._options_work(env, directory):
            env = node.with_reporters(env, by_node)
        return Reporting(argv=(*argv, *more), env=env, by_node=by_node, by_framework=by_framework, framework=framework)

    def _options_work(self, env: Mapping[str, str], directory: Path) -> bool:
        if self._node_takes_options is None:
            self._node_takes_options = node.options_work(env, self._supervisor, directory)
        return self._node_takes_options

    def _vitest_reporters(
        self, found: Invocation, file: str, *, checkout: Path, env: Mapping[str, str], directory: Path
    ) -> vitest.Reporters | None:
        words = tuple(word for word in found.arguments if word != file)
        if words not in self._vitest:
            self._vitest[words] = vitest.reporters_of(
                words, self._supervisor, checkout=checkout, env={**env, **found.variables}, directory=directory
            )
        return self._vitest[words]

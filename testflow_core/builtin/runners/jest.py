"""Makes jest report single tests: what its command line needs for that, https://jestjs.io/docs/cli."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.builtin.runners.package_scripts import options

if TYPE_CHECKING:
    from pathlib import Path

    from testflow_core.builtin.runners.package_scripts import Invocation

REPORTS = {"json", "outputfile"}
# It does something else than running tests to their end.
DOES_OTHERWISE = {"listtests", "showconfig", "help", "h", "version", "v", "init", "clearcache", "watch", "watchall"}
# These choose the tests by what changed, not by their paths.
BY_CHANGE = {"findrelatedtests", "onlychanged", "o", "lastcommit", "changedsince", "onlyfailures", "f"}


def is_jest(invocation: Invocation) -> bool:
    """Whether the program is jest, be it inside of `react-scripts test`."""
    return invocation.program == "jest" or (
        invocation.program == "react-scripts" and invocation.arguments[:1] == ("test",)
    )


def more_arguments(invocation: Invocation, file: str, report: Path) -> list[str] | None:
    """
    The words that make it write its JSON report there, beside its reporters; None where they would change what it does.

    A path is a regular expression to jest, so that `pages/[id].test.js` is not found and `a.test.js` is more than one
    file: it is told that the file is a path.
    """
    given = options(invocation.arguments)
    if (REPORTS | DOES_OTHERWISE) & given or "--" in invocation.arguments:
        return None
    more = ["--json", f"--outputFile={report}"]
    if file in invocation.arguments and not BY_CHANGE & given:
        more.append("--runTestsByPath")
    if invocation.program == "react-scripts":
        # Without a terminal, too, it waits for changes unless CI is set.
        more.append("--watchAll=false")
    return [*invocation.separator, *more]

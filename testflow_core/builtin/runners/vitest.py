"""Makes vitest report single tests: what its command line needs for that, https://vitest.dev/guide/reporters."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, cast

from attrs import frozen

from testflow_core.builtin.runners.package_scripts import options
from testflow_core.builtin.runners.program import run_program
from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from testflow_core.builtin.runners.package_scripts import Invocation
    from testflow_core.provisioning.supervisor import Supervisor

# It does something else than running tests to their end.
OTHERWISE = {"watch", "w", "help", "h", "version", "v", "mergereports", "standalone", "ui", "open", "listtags"}
OTHER_COMMANDS = {"watch", "dev", "bench", "list", "related", "init", "complete", "typecheck"}
ANSWER_LIMIT = 1 << 20
TIME_LIMIT = 60.0
# Reporters on the command line take the place of those in the configuration, so these must be known. Only vitest knows
# them: its configuration is a program.
QUESTION = """
import { writeFileSync } from "node:fs";
const [file, ...words] = process.argv.slice(1);
const { parseCLI, resolveConfig } = await import("vitest/node");
const { options } = parseCLI(["vitest", ...words]);
const resolved = await resolveConfig({ ...options, watch: false });
const { reporters, outputFile } = resolved.vitestConfig ?? resolved.test;
const plain = (each) => {
  const [name, settings] = [each].flat();
  return typeof name === "string" && Object.keys(settings ?? {}).length === 0 ? name : null;
};
const answer = {
  reporters: reporters.map(plain),
  outputFile: outputFile ?? null,
  given: { reporters: [options.reporter ?? []].flat(), outputFile: options.outputFile ?? null },
};
writeFileSync(file, JSON.stringify(answer));
process.exit(0);
"""


@frozen(kw_only=True)
class Reporters:
    """
    What vitest reports with by itself: `to_repeat` are words that say so again.

    They are needed as soon as a reporter is named on the command line.
    """

    to_repeat: tuple[str, ...]


def is_vitest(invocation: Invocation) -> bool:
    """Whether the program is vitest, about to run tests to their end."""
    words = invocation.arguments
    return invocation.program == "vitest" and not (
        OTHERWISE & options(words) or OTHER_COMMANDS & set(words) or "--" in words
    )


def more_arguments(invocation: Invocation, reporters: Reporters, report: Path) -> list[str]:
    """The words that make it write its JSON report there, beside its reporters, and never wait for changes."""
    run = () if {"run", "--run"} & set(invocation.arguments) else ("--run",)
    return [*invocation.separator, *run, *reporters.to_repeat, "--reporter=json", f"--outputFile.json={report}"]


def reporters_of(
    words: Sequence[str], supervisor: Supervisor, *, checkout: Path, env: Mapping[str, str], directory: Path
) -> Reporters | None:
    """
    The reporters that vitest has when it is given these words, as it says itself.

    None where they cannot be kept beside another: one has settings, for which the command line has no place, or is a
    JSON reporter already, or all share one output file. None, too, where vitest does not answer.
    """
    node = shutil.which("node", path=env.get("PATH"))
    if node is None:
        return None
    file = directory / "vitest.json"
    file.unlink(missing_ok=True)
    argv = [node, "--input-type=module", "--eval", QUESTION, "--", str(file), *words]
    try:
        run_program(argv, supervisor, cwd=checkout, env=env, directory=directory, timeout=TIME_LIMIT)
        with file.open("rb") as stream:
            answer: object = json.loads(stream.read(ANSWER_LIMIT))
    except (OSError, ValueError, RecursionError, ProvisionError):
        return None
    return _kept(cast("dict[str, object]", answer)) if isinstance(answer, dict) else None


def _kept(answer: Mapping[str, object]) -> Reporters | None:
    given = cast("dict[str, object]", answer["given"])
    names = cast("list[str | None]", answer["reporters"])
    output = answer["outputFile"]
    if None in names or "json" in names:
        return None
    # One file for whichever reporter writes one goes before any that is named for ours.
    if isinstance(output, str) or isinstance(given["outputFile"], str):
        return None
    return Reporters(to_repeat=() if given["reporters"] else tuple(f"--reporter={name}" for name in names))

"""
How long a script waits for testflow: its import, its first declaration, its engine; and the payments example, warm.

Whole processes, in turn, so that what else the machine does falls on all alike; medians, in milliseconds over a bare
interpreter. Writes JSON to the file named by the first argument (default `.testflow/benchmarks/startup.json`).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15
EXAMPLE_ROUNDS = 3
RUN = Path(__file__).parents[1] / "examples" / "payments" / "run.py"

BARE = "bare interpreter"
CASES = {
    BARE: "pass",
    "import testflow": "import testflow",
    "  and declare": "import testflow; testflow.Environment('e').add_service('db', {'type': 'postgres'})",
    "  and make an engine": "import testflow; testflow.Engine()",
    "import attrs, cattrs": "import attrs, cattrs",
    "import pytest": "import pytest",
    "import networkx": "import networkx",
}


def seconds(arguments: list[str]) -> float:
    """The wall time of a process that must end well."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Measure, print the table, write the figures."""
    rounds = [{name: seconds(["-c", code]) for name, code in CASES.items()} for _ in range(ROUNDS)]
    median = {name: 1000 * statistics.median(each[name] for each in rounds) for name in CASES}
    print(f"{'':24}{'ms over bare':>14}{'of pytest':>12}")
    for name in CASES:
        over = median[name] - median[BARE]
        shown = median[BARE] if name == BARE else over
        print(f"{name:24}{shown:14.0f}{over / (median['import pytest'] - median[BARE]):12.0%}")
    seconds([str(RUN)])
    example = statistics.median(seconds([str(RUN)]) for _ in range(EXAMPLE_ROUNDS))
    print(f"{'payments example, warm':24}{example:12.1f} s")
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/startup.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"milliseconds": median, "payments_seconds": example}, indent=2) + "\n")


if __name__ == "__main__":
    main()

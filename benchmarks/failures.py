"""
How well failures are explained and grouped, and how fast: `python benchmarks/failures.py JSONL... [--json FILE]`.

Each line of a file is one failure with its cause: what an analyzer may read (`message`, `text`, `stdout`, `stderr`,
`framework`, `language`), and the answer (`true_category`, `acceptable`). It drives `testflow.diagnose`.
Nothing is fitted to these files, so there is no figure with a language left out.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testflow_regex_analyzer import RegexAnalyzer, hits_in_passed
from testflow_regex_analyzer.pattern_sets import LinearSet, OneByOne, PatternSet, linear_available

import testflow
from testflow_core.model import UNKNOWN, KnownCause
from testflow_core.testing import failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Diagnosis, Failure

ALLOWED = ("message", "text", "stdout", "stderr", "framework", "language")
MET = {"network", "tls", "timeout", "service", "auth", "environment", "configuration", "dependency", "resource"}
"""Where another test that meets it has the same cause."""
SIZE = 3_000
"""Characters of a failure in the measurement of speed."""
Row = dict[str, Any]


def main() -> None:
    """Print the tables, and write them as JSON where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="JSONL")
    parser.add_argument("--passed", nargs="*", type=Path, default=[], help="what suites printed whose tests passed")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    chosen = parser.parse_args()
    rows = [json.loads(line) for file in chosen.files for line in file.read_text(encoding="utf-8").splitlines() if line]
    diagnoses = testflow.diagnose([_failure(row) for row in rows])
    figures = {
        "quality": _quality(rows, diagnoses),
        "clusters": _clusters(rows),
        "speed": _speed(rows),
        "many rules": _many_rules(),
    }
    if chosen.passed:
        figures["passed tests"] = {file.name: _passed(file) for file in chosen.passed}
    for name, table in figures.items():
        _print(name, table)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _failure(row: Row) -> Failure:
    return failure(**{key: str(row.get(key) or "") for key in ALLOWED})


def _quality(rows: Sequence[Row], diagnoses: Sequence[Diagnosis]) -> dict[str, dict[str, float]]:
    parts: dict[str, list[tuple[Row, Diagnosis]]] = defaultdict(list)
    for row, made in zip(rows, diagnoses, strict=True):
        for name in ("all", f"language {row['language']}", f"framework {row['framework']}"):
            parts[name].append((row, made))
    return {name: _scores(pairs) for name, pairs in parts.items()}


def _scores(pairs: Sequence[tuple[Row, Diagnosis]]) -> dict[str, float]:
    answers = [(row["true_category"], _first(made.category), row, made) for row, made in pairs]
    told = [(true, said) for true, said, _, _ in answers if said != UNKNOWN]
    acceptable = sum(said in row["acceptable"] for _, said, row, _ in answers)
    second = sum(true in {said, _first(made.runner_up or "")} for true, said, _, made in answers)
    return {
        "failures": len(pairs),
        "strict": sum(true == said for true, said, _, _ in answers) / len(pairs),
        "lenient": acceptable / len(pairs),
        "macro-F1": _macro_f1([(true, said) for true, said, _, _ in answers]),
        "abstained": 1 - len(told) / len(pairs),
        "precision": sum(true == said for true, said in told) / max(1, len(told)),
        "top-2": second / len(pairs),
    }


def _macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    scores: list[float] = []
    for category in {true for true, _ in pairs}:
        right = sum(true == said == category for true, said in pairs)
        wrong = sum((true == category) != (said == category) for true, said in pairs)
        scores.append(2 * right / (2 * right + wrong))
    return sum(scores) / len(scores)


def _first(category: str) -> str:
    return category.partition("/")[0]


def _clusters(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """
    Two runs of the same causes, the second with other ports, ids, line numbers, addresses and stack depths.

    A pair is right where both are of one cause, that is, provoked in the same way in one language.
    """
    chance = random.Random(20)  # noqa: S311 - a simulation
    again = [_another_run(row, chance) for row in rows]
    first, clusters = _prints_and_clusters([*rows, *again])
    rows_twice = [*rows, *rows]
    by_row = [row["id"] for row in rows_twice]
    by_cause = [(row["language"], row["true_category"], row["how_provoked"]) for row in rows_twice]
    alone = [(place, row["id"]) for place, row in enumerate(rows_twice)]
    met = [row for row in rows if row["true_category"] in MET]
    elsewhere, elsewhere_clusters = _prints_and_clusters([*met, *map(_by_another_test, met)])
    by_met = [row["id"] for row in (*met, *met)]
    return {
        "one failing test, fingerprints": _pair_f1(by_row, first),
        "one failing test, clusters": _pair_f1(by_row, clusters),
        "one way to fail, fingerprints": _pair_f1(by_cause, first),
        "one way to fail, clusters": _pair_f1(by_cause, clusters),
        "met by two tests, fingerprints": _pair_f1(by_met, elsewhere),
        "met by two tests, clusters": _pair_f1(by_met, elsewhere_clusters),
        "nothing grouped": _pair_f1(by_row, alone),
    }


def _prints_and_clusters(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """The fingerprint of each failure, and the cluster that it is in."""
    diagnoses = testflow.diagnose([_failure(row) for row in rows])
    causes = {
        each.fingerprint: KnownCause(id=each.fingerprint, category=each.category, title="", masked=each.masked)
        for each in diagnoses
    }
    names = RegexAnalyzer().related(tuple(causes.values()), ())
    prints = [each.fingerprint for each in diagnoses]
    return prints, [names.get(print_, print_) for print_ in prints]


def _by_another_test(row: Row) -> Row:
    """The failure as a test in another file, with another line, would meet it."""
    changed = dict(row)
    for key in ("message", "text", "stdout", "stderr"):
        said = str(row.get(key) or "")
        said = re.sub(r"(?m)^>( +).*$", r">\1probe_again(everything=True)", said)
        said = re.sub(r"(?m)^(\s+File \"[^\"]*(?:test_suite|helpers)\.py\".*\n)(\s+).*$", r"\1\2probe_again()", said)
        said = said.replace("test_suite.py", "test_more.py").replace("orders.test.js", "more.test.js")
        said = said.replace("helpers.py", "more_helpers.py").replace("ShopTest", "MoreTest")
        changed[key] = said
    return changed


def _another_run(row: Row, chance: random.Random) -> Row:
    """The failure as another run would print it."""
    digits: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        old = found[0]
        return digits.setdefault(old, "".join(chance.choice("123456789") for _ in old))

    def hexadecimal(found: re.Match[str]) -> str:
        old = found[0]
        return digits.setdefault(old, "".join(chance.choice("0123456789abcdef") for _ in old))

    changed = dict(row)
    for key in ("message", "text", "stdout", "stderr"):
        said = str(row.get(key) or "")
        said = re.sub(r"(?<=0x)[0-9a-fA-F]{6,}\b", hexadecimal, said)
        said = re.sub(r"(?<=127\.0\.0\.1:)\d{4,5}|(?<=port=)\d{4,5}|(?<=localhost:)\d{4,5}", other, said)
        said = re.sub(r"(?<=\.py:)\d+|(?<=\.java:)\d+|(?<=\.[jt]s:)\d+(?::\d+)?", other, said)
        said = re.sub(r"(?<=\", line )\d+|(?<=on line )\d+", other, said)
        said = re.sub(r"(?<=/tmp/)[\w-]+|\b[0-9a-f]{32}\b", hexadecimal, said)
        changed[key] = _other_depth(said, chance)
    return changed


def _other_depth(text: str, chance: random.Random) -> str:
    """One frame of a library more or less, in the middle of a stack of Java or JavaScript."""
    lines = text.split("\n")
    places = [
        at for at, line in enumerate(lines) if re.match(r"\s+at .*(?:node_modules|node:|java\.base|org\.junit)", line)
    ]
    if len(places) > 2:  # noqa: PLR2004 - the first and the last stay
        at = chance.choice(places[1:-1])
        lines[at : at + 1] = [] if chance.random() < 0.5 else [lines[at]] * 2  # noqa: PLR2004 - half of them
    return "\n".join(lines)


def _pair_f1(true: Sequence[object], said: Sequence[object]) -> dict[str, float]:
    together = _pairs(Counter(zip(true, said, strict=True)).values())
    of_truth, of_answer = _pairs(Counter(true).values()), _pairs(Counter(said).values())
    return {
        "precision": together / of_answer if of_answer else 0.0,
        "recall": together / of_truth if of_truth else 0.0,
        "pair F1": 2 * together / (of_truth + of_answer) if of_truth + of_answer else 0.0,
        "clusters": len(set(said)),
    }


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _speed(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    base = [_failure(row) for row in rows if SIZE / 2 <= len(str(row["text"])) <= 2 * SIZE] or [_failure(rows[0])]
    size = sum(len(piece.text) for each in base for piece in each.evidence) / len(base)
    many = (base * (2_000 // len(base) + 1))[:2_000]
    return {
        name: {**_rate(many, linear=linear), "mean characters": size}
        for name, linear in (("with re2", True), ("without", False))
    }


def _rate(many: Sequence[Failure], *, linear: bool) -> dict[str, float]:
    analysis = {"options": {"linear": linear}}
    testflow.diagnose(many[:50], analysis)
    started = time.perf_counter()
    testflow.diagnose(many, analysis)
    taken = time.perf_counter() - started
    each: list[float] = []
    for one in many[:500]:
        before = time.perf_counter()
        testflow.diagnose([one], analysis)
        each.append(time.perf_counter() - before)
    return {"failures/s": len(many) / taken, "p99 ms": 1_000 * sorted(each)[int(len(each) * 0.99)]}


def _passed(file: Path) -> dict[str, float]:
    """How often the rules for logs blame a cause in what passed tests printed; every hit is told."""
    text = file.read_text(encoding="utf-8", errors="replace")
    pieces = [text[at : at + 200_000] for at in range(0, len(text), 200_000)]
    hits = hits_in_passed(RegexAnalyzer().rulebook, pieces)
    for hit in hits:
        print(f"{file.name}: {hit.rule.id}: {hit.text[max(0, hit.start - 60) : hit.end + 60]!r}")
    return {"characters": len(text), "hits": len(hits)}


def _many_rules() -> dict[str, dict[str, float]]:
    """1,000 made rules over 10 MB of a made log, in pieces; the first pass includes what the automaton learns."""
    chance = random.Random(3)  # noqa: S311 - a simulation
    words = [
        "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randint(3, 9))) for _ in range(400)
    ]
    patterns = [
        re.compile(rf"{chance.choice(words)}: \w+ {chance.choice(words)} \d+ (?:failed|refused)") for _ in range(1_000)
    ]
    lines = [f"{number % 86_400} INFO {' '.join(chance.choices(words, k=9))}" for number in range(10_000)]
    text = "\n".join(lines)
    pieces = [text] * (10_000_000 // len(text))
    size = sum(map(len, pieces)) / 1_000_000
    linear = LinearSet(patterns) if linear_available() else OneByOne(patterns)
    return {
        "first pass": {"MB/s": size / _taken(linear, pieces)},
        "second pass": {"MB/s": size / _taken(linear, pieces)},
    }


def _taken(patterns: PatternSet, pieces: Sequence[str]) -> float:
    started = time.perf_counter()
    for piece in pieces:
        patterns.matching(piece)
    return time.perf_counter() - started


def _print(name: str, table: dict[str, dict[str, float]]) -> None:
    columns = list(next(iter(table.values())))
    width = max(len(row) for row in table)
    print(f"\n{name:<{width}}", *(f"{column:>16}" for column in columns))
    for row, values in table.items():
        print(
            f"{row:<{width}}",
            *(f"{value:16,.0f}" if value == int(value) > 1 else f"{value:16,.3f}" for value in values.values()),
        )


if __name__ == "__main__":
    main()

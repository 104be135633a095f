"""
How fast test data is made: by the generator `faker` with and without numpy, Faker, mimesis and polyfactory, in one go.

Peers and testflow are installed in an environment of their own. Ways take turns, each time in a new process, `ROUNDS`
times, so that what else the machine does falls on all alike; the best counts, in processor time: the rest is others'.
Ways that are slow make a part of what is asked for, and are compared by records a second. Writes JSON to FILE (default
`.testflow/benchmarks/data.json`). CASE is some of `dicts`, `csv`, `cold`, `unique`, `postgres`, or none for all.

    uv run --group benchmarks python benchmarks/data.py [--file FILE] [--rows ROWS_OF_CSV] [CASE ...]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from measuring import measured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROUNDS = 5
ROOT = Path(__file__).parents[1]
PEERS = ("faker==40.63.0", "mimesis==22.2.0", "polyfactory==3.5.0", "numpy==2.4.6")
DATABASE_PEERS = ("psycopg[binary]==3.3.9", "sqlalchemy==2.1.9")
CSV_ROWS = 10_000_000
SLOW_ROWS = 5_000
"""What is made of 100,000 by what makes no more than some thousand a second."""

Row: TypeAlias = "dict[str, str | float]"

OURS = """
import sys
if {plain}: sys.modules["numpy"] = None
from testflow_faker_data import FakerGenerator
from testflow_core.model import Entity, TestData
SCHEMA = {{"id": "uuid", "name": "name", "email": "email", "created": "timestamp", "friend": "ref:users.id",
          "plan": "enum:free,pro,team", "about": "json"}}
def make(count):
    data = TestData(name="bench", entities={{"users": Entity(count=count, schema=SCHEMA)}})
    return list(FakerGenerator().generate(data)["users"])
"""

BY_FAKER = """
from faker import Faker
faker = Faker({options})
def make(count):
    found, ids = [], [str(faker.uuid4()) for _ in range(count)]
    for number in range(count):
        found.append({{
            "id": ids[number], "name": faker.name(), "email": faker.email(), "created": faker.date_time().isoformat(),
            "friend": faker.random_element(ids), "plan": faker.random_element(("free", "pro", "team")),
            "about": {{"label": faker.word(), "quantity": faker.random_int(1, 100), "active": faker.boolean(),
                      "tags": [faker.word(), faker.word()],
                      "address": {{"city": faker.city(), "postcode": faker.postcode()}}}},
        }})
    return found
"""

BY_MIMESIS = """
from mimesis import Generic
from mimesis.locales import Locale
from mimesis.random import Random
g, chance = Generic(Locale.EN, seed=1), Random()
person, text, address = g.person, g.text, g.address
def make(count):
    ids = [g.cryptographic.uuid() for _ in range(count)]
    return [{
        "id": ids[at], "name": person.full_name(), "email": person.email(),
        "created": g.datetime.datetime().isoformat(), "friend": chance.choice(ids),
        "plan": chance.choice(("free", "pro", "team")),
        "about": {"label": text.word(), "quantity": chance.randint(1, 100), "active": chance.random() < 0.5,
                  "tags": [text.word(), text.word()],
                  "address": {"city": address.city(), "postcode": address.postal_code()}},
    } for at in range(count)]
"""

BY_POLYFACTORY = """
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from polyfactory.factories import DataclassFactory
@dataclass
class Address: city: str; postcode: str
@dataclass
class About: label: str; quantity: int; active: bool; tags: list[str]; address: Address
@dataclass
class User:
    id: UUID; name: str; email: str; created: datetime; friend: UUID; plan: Literal["free", "pro", "team"]; about: About
class Factory(DataclassFactory[User]): __model__ = User
def make(count): return [asdict(each) for each in Factory.batch(count)]
"""

WAYS: Mapping[str, tuple[str, bool]] = {
    "Faker, a call per field": (BY_FAKER.format(options=""), True),
    "Faker, without weights": (BY_FAKER.format(options='"en_US", use_weighting=False'), True),
    "polyfactory": (BY_POLYFACTORY, True),
    "mimesis": (BY_MIMESIS, False),
    "testflow": (OURS.format(plain=True), False),
    "testflow[fast]": (OURS.format(plain=False), False),
}

TIMED = """
import json, sys, time
count = int(sys.argv[1])
make(min(count, 100))
best, began = 9e9, time.perf_counter()
for _ in range(20):
    at = time.process_time()
    made = make(count)
    best = min(best, time.process_time() - at)
    if time.perf_counter() - began > 0.5: break
assert len(made) == count and len(made[0]) == 7
print(json.dumps({"seconds": best}))
"""

CSV = """
import json, resource, sys, time
from pathlib import Path
from testflow_faker_data import FakerGenerator
from testflow_core.builtin.destinations.files import FilesDestination
from testflow_core.model import Bench, DataSet, Entity, TestData
count, folder = int(sys.argv[1]), Path(sys.argv[2])
users = {"id": "uuid", "name": "name", "email": "email"}
orders = {"id": "uuid", "buyer": "ref:users.id", "placed": "timestamp", "state": "enum:open,paid",
          "total": "int:1..99999"}
entities = {"users": Entity(count=100_000, schema=users), "orders": Entity(count=count, schema=orders)}
data = TestData(name="bench", entities=entities)
at = time.perf_counter()
made = DataSet(name="bench", records=FakerGenerator().generate(data))
with FilesDestination().load(made, Bench(directory=folder, checkout=folder)) as loaded:
    size = (Path(loaded.variables["TESTFLOW_FILES"]) / "orders.csv").stat().st_size
print(json.dumps({"seconds": time.perf_counter() - at, "megabytes of file": size / 1e6,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""

COLD = """
import testflow
data = testflow.TestData("bench")
data.add_generator("users", {"count": 1000, "schema": {"id": "uuid", "name": "name", "email": "email",
    "created": "timestamp", "friend": "ref:users.id", "plan": "enum:free,pro,team", "about": "json"}})
assert len(list(testflow.generate(data)["users"])) == 1000
"""

UNIQUE = """
import json, sys, time
from testflow_faker_data import FakerGenerator
from testflow_core.model import Entity, TestData
def take(written, count):
    data = TestData(name="bench", entities={"all": Entity(count=count, schema={"x": written})})
    at = time.process_time()
    made = FakerGenerator().generate(data)["all"][:]
    return time.process_time() - at, [each["x"] for each in made]
plain, unique = [], []
for _ in range(3):
    plain.append(take(sys.argv[1], int(sys.argv[2]))[0])
    seconds, values = take(sys.argv[1] + " | unique", int(sys.argv[2]))
    unique.append(seconds)
print(json.dumps({"plain": min(plain), "unique": min(unique), "different": len(set(values))}))
"""
DOMAINS = {"int:1..1000000": 1_000_000, "pattern:[A-Z]{3}\\d{2}": 1_757_600, "name": 483_000}


class Bench:
    """The environment of all ways, and what was measured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases: dict[str, list[Row]] = {}
        venv.create(folder / "peers", with_pip=True)
        self.python = folder / "peers" / "bin" / "python"
        ours = [ROOT, ROOT / "plugins/faker_data"]
        subprocess.run([self.python, "-m", "pip", "install", "-q", *ours, *PEERS], check=True)

    def run(self, code: str, *arguments: object) -> Mapping[str, float]:
        """What the code prints."""
        argv = [self.python, "-c", code, *map(str, arguments)]
        said = subprocess.run(argv, check=True, capture_output=True, text=True, cwd=self.folder).stdout
        return cast("Mapping[str, float]", json.loads(said))

    def told(self, case: str, rows: list[Row]) -> None:
        """Keep the rows of a case, and print them as a table."""
        self.cases[case] = rows
        print(f"\n{case}", flush=True)
        names = [name for name in rows[0] if name != "way"]
        print(f"{'':<28}" + "".join(f"{name:>20}" for name in names))
        for row in rows:
            values = (row[name] for name in names)
            print(
                f"{row['way']:<28}"
                + "".join(f"{each:>20,.4g}" if isinstance(each, float) else f"{each:>20,}" for each in values)
            )


def case_dicts(bench: Bench) -> None:
    """1,000 and 100,000 entities as dicts."""
    for count in (1_000, 100_000):
        best = dict.fromkeys(WAYS, 0.0)
        for _ in range(ROUNDS):
            for name, (code, slow) in WAYS.items():
                part = min(count, SLOW_ROWS) if slow else count
                best[name] = max(best[name], part / bench.run(code + TIMED, part)["seconds"])
        naive, mimesis = best["Faker, a call per field"], best["mimesis"]
        rows: list[Row] = [
            {"way": name, "records a second": round(each), "x Faker": each / naive, "x mimesis": each / mimesis}
            for name, each in best.items()
        ]
        bench.told(f"{count:,} entities as dicts", rows)


def case_csv(bench: Bench, rows: int) -> None:
    """Rows that are streamed to a file."""
    found = bench.run(CSV, rows, bench.folder)
    bench.told(
        f"{rows:,} rows streamed to CSV",
        [{"way": "testflow[fast]", "rows a second": round((rows + 100_000) / found["seconds"]), **found}],
    )


def case_cold(bench: Bench) -> None:
    """1,000 entities in a new process, over an interpreter that does nothing."""
    codes = {"bare Python": "pass", "testflow": COLD, "Faker, import alone": "from faker import Faker; Faker()"}
    best = dict.fromkeys(codes, (9e9, 9e9))
    for _ in range(4 * ROUNDS):
        for name, code in codes.items():
            taken = measured([str(bench.python), "-c", code], bench.folder)
            best[name] = min(best[name][0], taken.wall), min(best[name][1], taken.cpu)
    wall, cpu = best["bare Python"]
    rows: list[Row] = [
        {"way": name, "ms": 1000 * each, "ms over bare": 1000 * (each - wall), "CPU ms over bare": 1000 * (other - cpu)}
        for name, (each, other) in best.items()
    ]
    bench.told("1,000 entities in a cold process", rows)


def case_unique(bench: Bench) -> None:
    """Every value of a domain once, beside as many that may repeat."""
    rows: list[Row] = []
    for written, count in DOMAINS.items():
        found = bench.run(UNIQUE, written, count)
        rows.append({"way": written, "values": count, "x not unique": found["unique"] / found["plain"], **found})
    bench.told("unique values up to the whole domain", rows)


def case_postgres(bench: Bench) -> None:
    """100,000 rows into a real PostgreSQL, records of testflow in all ways; needs `postgres` and `initdb`."""
    packages = [ROOT / "plugins/postgres_data", ROOT / "plugins/process_env", *DATABASE_PEERS]
    subprocess.run([bench.python, "-m", "pip", "install", "-q", *packages], check=True)
    found = bench.run((ROOT / "benchmarks/data_postgres.py").read_text(), 100_000, ROUNDS)
    slowest = max(found.values())
    rows: list[Row] = [{"way": name, "ms": 1000 * each, "x slowest": slowest / each} for name, each in found.items()]
    bench.told("100,000 rows into PostgreSQL", rows)


def main() -> None:
    """Run the cases and write what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[1])
    parser.add_argument("--file", type=Path, default=Path(".testflow/benchmarks/data.json"))
    parser.add_argument("--rows", type=int, default=CSV_ROWS)
    parser.add_argument("cases", nargs="*", choices=["dicts", "csv", "cold", "unique", "postgres", []])
    given = parser.parse_args()
    cases: dict[str, Callable[[Bench], None]] = {
        "cold": case_cold,
        "dicts": case_dicts,
        "unique": case_unique,
        "csv": lambda bench: case_csv(bench, given.rows),
        "postgres": case_postgres,
    }
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for name in given.cases or cases:
            cases[name](bench)
    given.file.parent.mkdir(parents=True, exist_ok=True)
    given.file.write_text(
        json.dumps({"python": sys.version, "peers": PEERS + DATABASE_PEERS, "cases": bench.cases}, indent=1)
    )


if __name__ == "__main__":
    main()

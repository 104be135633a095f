"""The values of `faker` are the same on every Python, with numpy and without: by hashes that never change."""

import subprocess
from pathlib import Path

import pytest
from pythons import base_python, environment

ROOT = Path(__file__).parents[1]

PROGRAM = """
import hashlib, json, sys
plain = sys.argv[1] == "plain"
if plain:
    sys.modules["numpy"] = None
else:
    import numpy
from testflow_core.model import Entity, TestData
from testflow_faker_data import FakerGenerator
users = {
    "id": "uuid", "number": "int:1..9000000 | unique", "code": "pattern:[A-Z]{3}\\\\d{2} | unique", "name": "name",
    "first": "first_name | null=0.2", "email": "email", "created": "timestamp", "born": "date:1900-01-01..2026-01-01",
    "about": "json", "city": "city", "plan": "enum:free=8,pro=1", "rate": "float", "part": "float:-1..1",
    "ok": "bool:0.2",
    "big": "int:0..99999999999999", "limit": "decimal:0.00..99.95", "text": "text:5..30",
    "boss": "ref:users.number | null=0.1", "mail": "template:{first}.{number}@x", "twice": "expression:number * 2",
    "net": {"type": "float", "min": 0, "max": 9, "distribution": "normal", "mean": 4, "deviation": 1},
    "edge": {"type": "timestamp", "edge": 0.1}, "lines": {"type": "list", "min": 0, "max": 2, "of": "name"},
}
orders = {"user": "ref:users.id", "even": {"type": "ref", "to": "users.email", "spread": "even"},
          "often": {"type": "ref", "to": "users.city", "spread": "zipf"}}
entities = {"users": Entity(count=9000, schema=users), "orders": Entity(count=3000, schema=orders)}
for locale in ("en_US", "ja_JP"):
    made = FakerGenerator(locale=locale).generate(TestData(name="golden", entities=entities))
    text = json.dumps({name: list(rows) for name, rows in made.items()})
    print(hashlib.sha256(text.encode()).hexdigest())
"""

GOLDEN = [
    "1e6895e7c52998b7c80f19188cbf5c6f0f72894b4469d2db53e5a4e6ea764294",
    "52717c2451795b4e047e54dfded619d4b21e5685c173d0299d412df852f64b0b",
]


@pytest.mark.parametrize("numbers", ["plain", "numpy"])
@pytest.mark.parametrize("version", ["3.11", "3.13"])
def test_values_are_what_they_were(version, numbers):
    packages = ("attrs", "numpy>=2.2,<3")
    python = environment(base_python(version), packages, f"values-{version}")
    path = f"{ROOT}:{ROOT / 'plugins/faker_data'}"
    finished = subprocess.run(
        [python, "-c", PROGRAM, numbers], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.split() == GOLDEN

"""
A small project, and what is done to it before each run of a case.

A case is a series of runs, each after a commit; the labels are those of the tests that fail in the last one. What the
world does (a database that listens or does not, a file that is there or not) changes between runs and is in no commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from testflow_core.model import Blame

C, F, E, B, U = Blame.CHANGE, Blame.FLAKY, Blame.ENVIRONMENT, Blame.BEFORE, Blame.UNKNOWN

Files = dict[str, "str | None"]

CART = """\
from shop.rates import rate


def total(prices):
    return sum(prices)


def taxed(price, country):
    return round(price * (1 + rate(country)), 2)


def first(items):
    return items[0]
"""
DB = """\
import os
import socket

HOST = "127.0.0.1"


def connect():
    return socket.create_connection((HOST, int(os.environ["SHOP_DB_PORT"])), timeout=1)


def answer():
    with connect() as connection:
        return connection.recv(10)
"""
TEST_CART = """\
from shop.cart import first, taxed, total


def test_total():
    assert total([1, 2]) == 3


def test_taxed():
    assert taxed(100, "de") == 119


def test_first():
    assert first(["apple"]) == "apple"
"""
TEST_DB = """\
from shop.db import answer


def test_answer():
    assert answer() == b"ready"


def test_answer_again():
    assert answer() == b"ready"
"""
BASE: Files = {
    "shop/__init__.py": "",
    "shop/cart.py": CART,
    "shop/rates.py": (
        "import json\nimport pathlib\n\n\ndef rate(country):\n"
        '    return json.loads(pathlib.Path(__file__).with_name("rates.json").read_text())[country]\n'
    ),
    "shop/rates.json": '{"de": 0.19, "fr": 0.2}\n',
    "shop/db.py": DB,
    "shop/store.py": 'def save(path, text):\n    with open(path, "w") as stream:\n        stream.write(text)\n',
    "tests/test_cart.py": TEST_CART,
    "tests/test_db.py": TEST_DB,
    "README.md": "# shop\n",
}
NEWS: Files = {"README.md": "# shop\n\nnews\n"}

COUNTED = """\
import os
import pathlib


def test_sometimes():
    count = pathlib.Path(os.environ["SHOP_WORLD"]) / "count"
    tried = int(count.read_text()) if count.exists() else 0
    count.write_text(str(tried + 1))
    assert tried {passes}, f"the third of these is {{tried}}"
"""
"""A test that passes or fails by how often it was tried."""


@frozen(kw_only=True)
class Step:
    """A run: on a branch, after `files` were committed (None removes one), in a world, with `attempts` at each test."""

    branch: str = "main"
    files: Files = field(factory=dict[str, "str | None"])
    world: Mapping[str, str] = field(factory=dict[str, str])
    attempts: int = 1
    record: bool = False
    git: bool = True
    runs: bool = True


@frozen(kw_only=True)
class Case:
    """Runs in their order, and of each test that fails in the last one what is to blame."""

    name: str
    steps: Sequence[Step]
    truth: Mapping[str, Blame]


def on(branch: str = "work", files: Files | None = None, **more: object) -> Step:
    """A run on a branch, after these files were committed."""
    return Step(branch=branch, files=files or {}, **more)  # pyright: ignore[reportArgumentType] - by name, as in Step


def case(name: str, truth: Mapping[str, Blame], *steps: Step, base: Files | None = None) -> Case:
    """A case whose first run is of main, with the files of all projects, and its own."""
    first = Step(files={**BASE, **(base or {})})
    return Case(name=name, truth=truth, steps=(first, *steps))


def cart(old: str, new: str) -> Files:
    """The cart with something else in it."""
    return {"shop/cart.py": CART.replace(old, new)}


def db(old: str, new: str) -> Files:
    """What asks the database, with something else in it."""
    return {"shop/db.py": DB.replace(old, new)}


DOWN = {"SHOP_DB": "down"}
TWO = {"test_answer": E, "test_answer_again": E}
BROKEN = cart("sum(prices)", "sum(prices) + 1")
COMMENT: Files = {"tests/test_db.py": f"# of the database\n{TEST_DB}"}
SAVES = 'from shop.store import save\n\n\ndef test_save():\n    save({path}, "text")\n'
WORLD = 'import os\n\n\ndef test_world():\n    assert open(os.environ["SHOP_WORLD"] + "/{name}").read()\n'
SLOW = "def test_slow():\n    from shop.wait import wait\n\n    wait()\n"

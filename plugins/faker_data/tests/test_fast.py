"""With numpy, values are the same as without."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testflow_faker_data import FakerGenerator, vectors
from testflow_faker_data.domains import domain
from testflow_faker_data.draw import Draws, Permutation
from testflow_faker_data.field_types import Between, Enum, Plain

from testflow_core.interfaces import GivesColumns
from testflow_core.model import Entity, TestData

numpy = pytest.importorskip("numpy")
ROWS = range(500, 500 + 2 * vectors.MANY)


@given(
    size=st.one_of(st.integers(1, 2**70), st.integers(2**24 - 2, 2**24 + 2), st.integers(2**38, 2**41)), key=st.text()
)
@settings(max_examples=60)
def test_what_is_drawn_below_any_size_is_the_same(size, key):
    found = Draws(key).many_below(ROWS, size, count=0)
    assert vectors.listed(found) == Draws(key).below(ROWS, size)
    assert vectors.is_array(found) == (size < 2**39), "beyond, products do not fit"


@given(size=st.one_of(st.integers(ROWS.stop, 5000), st.integers(ROWS.stop, 2**40)), key=st.text())
@settings(max_examples=60)
def test_a_permutation_is_the_same(size, key):
    order = Permutation(size, key)
    found = order.many_of(ROWS, count=0)
    assert vectors.listed(found) == order.of(ROWS)
    rows = list(reversed(ROWS))
    assert vectors.listed(order.many_of(rows, count=0)) == order.of(rows)


@pytest.mark.parametrize(
    "type_",
    [
        Between(name="int", least=-5, most=10**6),
        Between(name="float", least=-(10**9), most=10**9, places=6),
        Between(name="float", least=2**60, most=2**60 + 9, places=1),
        Between(name="decimal", least=-999, most=999, places=2),
        Between(name="date", least=1, most=3_000_000),
        Between(name="timestamp", least=-(10**10), most=10**10),
        Between(name="timestamp", least=1_700_000_000, most=1_700_000_009),
        Enum(values=("a", None, [1, 2], {"b": []}, True)),
        Enum(values=("a", "b", "c"), weights=(0, 7, 3)),
        *(Plain(name=each) for each in ("name", "email", "city", "bool", "float", "first_name")),
    ],
    ids=str,
)
def test_numbers_of_numpy_say_the_same_values_of_pythons_own_types(type_):
    of = domain(type_, "de_DE")
    numbers = [at * of.size // 3000 for at in range(3000)]
    made = of.values(numpy.asarray(numbers, numpy.int64))
    plain = of.values(numbers)
    assert made == plain
    assert [type(each) for each in made] == [type(each) for each in plain]


def made(schema, count):
    data = TestData(name="d", entities={"many": Entity(count=count, schema=schema)})
    return FakerGenerator().generate(data)["many"]


def test_references_and_what_they_lead_to_are_the_same_one_by_one():
    schema = {
        "id": "int:1..9000000 | unique",
        "boss": "ref:many.id | null=0.1",
        "chain": "ref:many.boss",
        "even": {"type": "ref", "to": "many.chain", "spread": "even"},
        "about": "json",
        "mail": "email",
        "seen": {"type": "timestamp", "edge": 0.1},
    }
    many = made(schema, 2 * vectors.MANY)
    together = list(many)
    assert together[::97] == [many[row] for row in range(0, len(many), 97)]


def test_few_records_are_made_without_numpy_and_many_with_it():
    code = (
        "import sys\n"
        "from testflow_faker_data import FakerGenerator\n"
        "from testflow_core.model import Entity, TestData\n"
        "for count in (1, 8000, 60_000):\n"
        "    data = TestData(name='d', entities={'a': Entity(count=count, schema={'x': 'name'})})\n"
        "    made = FakerGenerator().generate(data)['a']\n"
        "    print(made[0] and 'numpy' in sys.modules, len(list(made)) and 'numpy' in sys.modules)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["False", "False", "False", "False", "False", "True"]


@pytest.mark.parametrize("locale", ["en_US", "ja_JP"])
def test_columns_are_those_of_the_records_and_as_json_say_the_same(locale):
    schema = {"id": "sequence", "about": "json | null=0.2", "lines": {"type": "list", "min": 0, "max": 2, "of": "word"}}
    entities = {"users": Entity(count=3000, schema=schema)}
    rows = FakerGenerator(locale=locale).generate(TestData(name="shop", entities=entities))["users"]
    assert isinstance(rows, GivesColumns)
    part = range(500, 2900)
    about, number, lines = rows.columns(["about", "id", "lines"], part, {"about", "lines"})
    read = [None if text is None else json.loads(text) for text in about]
    assert [(each["id"], each["about"]) for each in rows[500:2900]] == list(zip(number, read, strict=True))
    assert [json.loads(text) for text in lines] == [each["lines"] for each in rows[500:2900]]
    assert rows.columns(["about"], range(7, 8)) == [[rows[7]["about"]]]

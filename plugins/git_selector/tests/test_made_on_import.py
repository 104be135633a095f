"""What a changed file makes when it is imported: which changes concern all who import it, and which a name alone."""

import pytest
from testflow_git_selector.unit_changes import changed_units, spread
from testflow_git_selector.units import units

MADE = {
    "a default": ("A = 1\ndef f(x=A): return x\n", "def f(x=A): return x\n"),
    "a default by name": ("A = 1\ndef f(*, x=A): return x\n", "def f(*, x=A): return x\n"),
    "a default of what is kept": ("A = 1\nF = lambda x=A: x\n", "F = lambda x=A: x\n"),
    "an annotation": ("from typing import Any\ndef f(x: Any) -> Any: ...\n", "def f(x: Any) -> Any: ...\n"),
    "a value": ("A = 1\nX = [A]\n", "X = [A]\n"),
    "a name that is nowhere": ("X = 1\n", "X = nowhere\n"),
    "an attribute": ("import os\nX = os.sep\n", "import os\nX = os.seq\n"),
    "an item": ("A = {}\nX = A[1]\n", "A = {}\nX = A[2]\n"),
    "an operator": ("A = 1\nX = A + 1\n", "A = 1\nX = A + ''\n"),
    "an operator in place": ("A = ''\nX = 1\n", "A = ''\nX = 1\nX += A\n"),
    "items of another": ("A = 1\nX = [0]\n", "A = 1\nX = [*A]\n"),
    "a call": ("from shop import A\nX = dict(a=1)\n", "from shop import A\nX = dict(a=B)\n"),
    "what is called": ("X = frozenset()\n", "X = frozen.frozenset()\n"),
    "a member": ("class X:\n    a = 1\n    b = a\n", "class X:\n    b = a\n"),
    "an annotated member": ("class X:\n    a: int\n", "class X:\n    a: Int = 1\n"),
    "a member that is a function": (
        "class X:\n    def f(self): ...\n    g = f\n",
        "class X:\n    g = f\n    def f(self): ...\n",
    ),
    "a literal that is none of its type": ("X = int('1')\n", "X = int('a')\n"),
    "a literal of a type of the library": (
        "from decimal import Decimal\nX = Decimal('1')\n",
        "from decimal import Decimal\nX = Decimal('x')\n",
    ),
    "a regular expression": ("import re\nX = re.compile('a', re.I)\n", "import re\nX = re.compile('(', re.I)\n"),
    "one that only later versions know": ("import re\nX = re.compile('a+')\n", "import re\nX = re.compile('a++')\n"),
    "a date": ("import datetime as d\nX = d.date(2024, 2, 29)\n", "import datetime as d\nX = d.date(2023, 2, 29)\n"),
    "names of fields": (
        "from collections import namedtuple\nX = namedtuple('X', 'a b')\n",
        "from collections import namedtuple\nX = namedtuple('X', ['a', 'a'])\n",
    ),
    "what another is made of": ("A = '1'\nX = int(A)\n", "A = 'a'\nX = int(A)\n"),
    "an item of a table": ("A = {'a': 1}\nX = A['a']\n", "A = {'b': 1}\nX = A['a']\n"),
    "a text that is formatted": ("A = '%d'\nX = A % 1\n", "A = '%d %d'\nX = A % 1\n"),
    "several names for other than as many values": ("X, Y = 1, 2\n", "X, Y = 1, 2, 3\n"),
    "a literal as a default": ("def f(x=int('1')): ...\n", "def f(x=int('a')): ...\n"),
    "a literal of a member": ("class X:\n    a = float('1')\n", "class X:\n    a = float('a')\n"),
    "a slot that has a value": (
        "class X:\n    __slots__ = ('a',)\n    b = 1\n",
        "class X:\n    __slots__ = ('b',)\n    b = 1\n",
    ),
    "what loops": ("X = [1]\n", "X = [x for x in 1]\n"),
    "a decorator of a member": (
        "from typing import overload\nclass X:\n    @overload\n    def f(self): ...\n",
        "class X:\n    @overload\n    def f(self): ...\n    def g(self): ...\n",
    ),
    "a member that decorates": (
        "class X:\n    @property\n    def f(self): ...\n    @f.setter\n    def f(self, x): ...\n",
        "class X:\n    @f.setter\n    def f(self, x): ...\n",
    ),
    "a metaclass": (
        "from abc import ABCMeta\nclass X(metaclass=ABCMeta):\n    a = 1\n",
        "class X(metaclass=ABCMeta):\n    a = 2\n",
    ),
    "what looks up in a loop": ("A = [1]\nX = [A[x] for x in (0,)]\n", "A = [1]\nX = [A[x] for x in (1,)]\n"),
}


@pytest.mark.parametrize(("before", "after"), MADE.values(), ids=MADE.keys())
def test_what_may_fail_when_it_is_made_concerns_all_who_import_the_file(before, after):
    assert changed_units(before, after).whole.startswith("making ")
    assert changed_units(after, before).whole.startswith("making ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from shop import *\nX = 1\n", "from shop import *\nX = A\n"),
        ("import a\ndef f(x: int): ...\n", "import a\ndef f(x: a.B[int], *y: int, **z: int): ...\n"),
        ("class X:\n    a = 1\n", "class X:\n    a = 1\n    b = a\n    def f(self, x=b): ...\n    g = f\n"),
        ("X = 1\n", "X = __file__\n"),
        ("X = 'a' 'b'\n", "X = 'a' + 'b'\n"),
        ("X = int('1')\n", "X = int('2')\n"),
        ("import fractions\nX = fractions.Fraction('1/2')\n", "import fractions\nX = fractions.Fraction('1/3')\n"),
        ("import re\nX = re.compile('a')\n", "import re\nX = re.compile('b' f'{1:>2}' r'\\d', flags=re.X | re.M)\n"),
        ("A = {'a': [1, 2]}\nX = A['a'][-1]\n", "A = {'a': [1, 3], **{}}\nX = A['a'][0:1]\n"),
        ("A = 1\nX = -A * 'a'\n", "A = 2\nX = -A * 'a'\n"),
        ("X, (Y, Z) = 1, (2, 3)\n", "X, [Y, Z] = 1, [2, 4]\n"),
        ("X = 1\nX += 1\n", "X = 1\nX += 2\n"),
        ("X = [x + 1 for x in (0, 1, 2) if x]\n", "X = {x: y for x, y in {'a': 1}.items() for _ in 'ab'}\n"),
        ("X = set('a b'.split())\n", "X = {x for x in 'a c'.split()}\n"),
        ("X = 'a {}'.strip()\n", "X = ', '.join(f'{n}' for n, _ in enumerate(zip('ab', 'cd')))\n"),
        ("X = {*()}\n", "X = {*(), bytes(1), bytes([1]), f'{1!r}'}\n"),
        ("class X:\n    a = int('1')\n", "class X:\n    a = int('2')\n"),
    ],
)
def test_what_is_made_of_names_that_are_there_concerns_those_who_use_it_alone(before, after):
    found = changed_units(before, after)
    assert not found.whole
    assert found.names & {"X", "f"}


TAKEN = {
    "from prices import TAX\nX = TAX + 1\n": ("TAX = 1\n", "TAX = 'a'\n"),
    "from prices import TAX\nX = int(TAX)\n": ("TAX = '1'\n", "TAX = 'a'\n"),
    "from prices import TAX\nY = TAX\nX = [*Y]\n": ("TAX = [1]\n", "TAX = None\n"),
    "from prices import TAX\nX = TAX['a']\n": ("TAX = {'a': 1}\n", "TAX = {'b': 1}\n"),
    "import prices\nclass Y:\n    a = prices.TAX\nX = Y.a + 1\n": ("TAX = 1\n", "TAX = '1'\n"),
    "import prices\nX = prices.Tax.full\n": ("class Tax:\n    full = half = 1\n", "class Tax:\n    half = 1\n"),
    "import prices\ndef f(x=prices.Tax.full): ...\n": (
        "class Tax(E):\n    full = half = 1\n",
        "class Tax(E):\n    half = 1\n",
    ),
}


@pytest.mark.parametrize(("use", "change"), TAKEN.items())
def test_what_another_file_makes_of_a_name_may_fail_once_that_is_of_another_kind(use, change):
    before, after = change
    found = spread({"prices.py": changed_units(before, after)}, {"prices.py": after.encode(), "a.py": use.encode()})
    assert found["a.py"].whole.startswith("making ")


KEPT = {
    "from prices import TAX\nX = TAX + 1\n": ("TAX = 1\n", "TAX = 2\n"),
    "from prices import TAX\nX = TAX['a']\n": ("TAX = {'a': 1}\n", "TAX = {'a': 2}\n"),
    "from prices import TAX\nX = TAX + 'a'\n": ("TAX = 'a'\n", "TAX = 'b'\n"),
    "import prices\nX = prices.tax\nY = X.__name__\n": ("def tax(): ...\n", "def tax(x=1): ...\n"),
    "import prices\nX = prices.Tax.full\n": ("class Tax:\n    full = 1\n", "class Tax:\n    full = half = 1\n"),
}


@pytest.mark.parametrize(("use", "change"), KEPT.items())
def test_what_another_file_makes_of_a_name_that_is_of_the_same_kind_concerns_those_who_use_it(use, change):
    before, after = change
    found = spread({"prices.py": changed_units(before, after)}, {"prices.py": after.encode(), "a.py": use.encode()})
    assert ("X" in found["a.py"].names, found["a.py"].whole) == (True, "")


@pytest.mark.parametrize(
    "value",
    ["'a' * 10 ** 9", "2 ** 10 ** 9", "1 << 10 ** 9", "'%999999d' % 1", "f'{1:999999}'", "bytes(10 ** 9)",
     "range(10 ** 9)", "[0] * 20_000", "9 ** 5000", "open('a')", "compile('a')", "dict(**{})",
     "'a'.replace('a', 'b' * 20_000)", "[x for x in range(5_000)]", "[[*x] for x[0] in [1]]", "[x for x, in a]",
     "'a'.split(sep='b')", "[1].copy()", "'a'.nothing()", "'a' * 200 .get(1)", "''.join(a)", "re.nothing", "a.I",
     "[[0] * 9_000] * 9_000", "([0] * 9_000) * 9_000", "{'a': ['b' * 9_000 for _ in range(12)]}", "'%*d' % (1, 1)",
     "str([[[0] * 90] * 90] * 9_000)", "Fraction('1e99999999')", "int(Decimal('1e9999999'))",
     "[sum([b for b in range(900)]) for a in range(900)]", "[1 for a in range(900) for b in range(9_000) if not b]"],
)  # fmt: skip
def test_what_is_large_or_unknown_is_not_worked_out(value):
    imports = "import re, a\nfrom decimal import Decimal\nfrom fractions import Fraction\n"
    found = units(f"{imports}X = {value}\n")
    assert (found.kinds["X"], found.failing, found.problem) == ("", frozenset(), "")


@pytest.mark.parametrize(
    "base", ["Exception", "OSError", "abc.ABC", "Generic[T]", "typing.Protocol", "Own", "Own, dict"]
)
def test_a_class_of_bases_that_do_nothing_is_a_name(base):
    source = f"import abc, typing\nfrom typing import Generic\nT = 1\nclass Own: ...\nclass X({base}):\n    a = 1\n"
    found = changed_units(source, source.replace("a = 1", "a = 2"))
    assert (found.names, found.whole) == ({"X"}, "")
    assert changed_units(source, source.replace(f"({base})", "")).whole == "what runs when it is imported changed"


@pytest.mark.parametrize(
    "source",
    ["from shop import Exception\nclass X(Exception):\n    a = 1\n",
     "class Own:\n    def __init_subclass__(cls): ...\nclass X(Own):\n    a = 1\n",
     "class Own: ...\nif debug:\n    from shop import Own\nclass X(Own):\n    a = 1\n",
     "import shop\nclass X(shop.Protocol):\n    a = 1\n", "class X(make()):\n    a = 1\n", "class X(ABC):\n    a = 1\n",
     "from enum import Enum\nclass X(Enum):\n    a = 1\n"],
)  # fmt: skip
def test_a_class_of_other_bases_concerns_all_who_import_it(source):
    assert changed_units(source, source.replace("a = 1", "a = 2")).whole == "what runs when it is imported changed"

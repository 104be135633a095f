"""What of a Python file is another than before."""

import os
import shutil
import subprocess
from pathlib import Path

import attrs
import pytest
import testflow_git_selector
from hypothesis import given
from hypothesis import strategies as st
from testflow_git_selector.syntax import all_of
from testflow_git_selector.unit_changes import ChangedUnits, changed_units, spread
from testflow_git_selector.units import units

PRICES = '''"""Prices."""

import json
from shop.money import rounded

TAX = 0.2
RATES = {"at": TAX, "ch": 0.08}
LIMIT = 3


def total(net, country="at"):
    """What is to be paid."""
    def taxed(rate):
        return net * (1 + rate)
    return rounded(taxed(RATES[country]))


def few(number):
    return number < LIMIT


class Card:
    """A card."""

    fee = 1

    def charge(self, amount):
        return amount + self.fee

    @property
    def name(self):
        return json.dumps(self.fee)

    class Chip:
        def read(self):
            return 1


async def fetch():
    return few(2)
'''


def changed(old: str, new: str, source: str = PRICES) -> ChangedUnits:
    assert old in source
    return changed_units(source, source.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return number < LIMIT", "return (number <\n        LIMIT)  # few"),
        ('"at"', "'at'"),
        ('"""What is to be paid."""', '"""What somebody pays."""'),
        ('    """A card."""\n', ""),
        ('"""Prices."""\n', ""),
        ("0.08", "0.080"),
        ("fee = 1\n", "fee = 1\n\n\n"),
    ],
)
def test_comments_formatting_and_docstrings_change_nothing(old, new):
    assert not changed(old, new)


@pytest.mark.parametrize(
    ("old", "new", "function"),
    [
        ("return number < LIMIT", "return number <= LIMIT", "few"),
        ("net * (1 + rate)", "net * (2 + rate)", "total"),
        ("amount + self.fee", "amount - self.fee", "Card.charge"),
        ("json.dumps(self.fee)", "str(self.fee)", "Card.name"),
        ("            return 1", "            return 2", "Card.Chip.read"),
        ("few(2)", "few(3)", "fetch"),
        ("few(2)", "{'a': few(2), 'b': ''}", "fetch"),
        ("return number < LIMIT", "pass", "few"),
    ],
)
def test_a_body_changes_its_function_alone(old, new, function):
    assert changed(old, new) == ChangedUnits(functions={function: f"function {function} changed"})


def test_an_empty_text_is_a_value():
    assert changed_units("def f():\n    return {'a': '', 'b': 1}\n", "def f():\n    return {'a': 1, 'b': ''}\n")


def test_a_constant_changes_who_uses_it_directly_or_through_another():
    found = changed("TAX = 0.2", "TAX = 0.25")
    assert found.functions == {"total": "function total uses RATES, which changed"}
    assert found.names == {"TAX", "RATES"}
    assert not found.whole
    assert set(changed("LIMIT = 3", "LIMIT = 4").functions) == {"few"}


def test_a_signature_changes_whoever_mentions_the_function():
    found = changed("def few(number)", "def few(number=0)")
    assert set(found.functions) == {"fetch"}
    assert found.names == {"few"}


def test_a_generator_is_another_kind_of_function():
    assert changed("return number < LIMIT", "yield number < LIMIT").names == {"few"}
    inner = "def few(number):\n    def inner():\n        return 1\n    return inner\n"
    assert changed_units(inner, inner.replace("return 1", "yield 1")).names == frozenset()


def test_a_function_that_comes_or_goes_changes_who_uses_its_name():
    without = PRICES.replace("def few(number):\n    return number < LIMIT\n", "")
    for found in (changed_units(PRICES, without), changed_units(without, PRICES)):
        assert set(found.functions) == {"few", "fetch"}
        assert found.names == {"few"}
        assert not found.whole


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fee = 1", "fee = 2"),
        ("def charge(self, amount)", "def charge(self, amount, tip=0)"),
        ("    @property\n", ""),
        ("    class Chip:", "    def pay(self):\n        pass\n\n    class Chip:"),
    ],
)
def test_the_body_of_a_plain_class_changes_the_name_of_the_class(old, new):
    found = changed(old, new)
    assert found.names == {"Card"}
    assert not found.whole


@pytest.mark.parametrize(
    "source",
    [
        "class Card(Base):\n    fee = 1\n",
        "class Card(metaclass=Meta):\n    fee = 1\n",
        "@register\nclass Card:\n    fee = 1\n",
        "class Card:\n    fee = field(1)\n",
        "class Card:\n    if x:\n        fee = 1\n",
        "class Card:\n    @route(1)\n    def f(self): pass\n",
        "class Card:\n    def f(self, x=make(1)): pass\n",
        "@cached(1)\ndef f(): pass\n",
        "def f(x=make(1)): pass\n",
        "def pytest_configure():\n    return 1\n",
        "class Plugin:\n    def pytest_configure(self):\n        return 1\n",
        "register(1)\n",
        "X = make(1)\n",
        "X = [y := 1]\n",
        "REGISTRY['a'] = 1\n",
        "config.level = 1\n",
        "if debug:\n    X = 1\n",
        "try:\n    import a\nexcept ImportError:\n    X = 1\nelse:\n    pass\nfinally:\n    pass\n",
        "match x:\n    case 2:\n        X = 1\n",
        "for each in x:\n    go(1)\n",
        "del x[1]\n",
        "__all__ = names + [1]\n",
        "__all__ = names(1)\n",
        "import shop1\n",
        "from shop import a1\n",
        "from . import a1\n",
        "from shop1 import *\n",
    ],
)
def test_what_has_effects_when_imported_changes_the_whole_file(source):
    found = changed_units(source, source.replace("1", "3"))
    assert found.whole == "what runs when it is imported changed"


def test_what_python_calls_by_its_name_concerns_all_once_it_is_there_and_then_who_enters_it():
    source = "X = 1\n"
    hook = f"{source}def __getattr__(name):\n    return 1\n"
    assert changed_units(source, hook).whole == "what runs when it is imported changed"
    assert changed_units(hook, source).whole == "what runs when it is imported changed"
    changed = changed_units(hook, hook.replace("return 1", "return 2"))
    assert (changed.functions.keys(), changed.whole) == ({"__getattr__"}, "")


@pytest.mark.parametrize("statement", ["register(TAX)", "if TAX:\n    go()", "class Vat(Base):\n    rate = TAX"])
def test_a_name_that_what_runs_on_import_uses_changes_the_whole_file(statement):
    source = f"TAX = 1\n{statement}\n"
    found = changed_units(source, source.replace("1", "2"))
    assert found.whole == "what runs when it is imported uses TAX, which changed"


@pytest.mark.parametrize(
    "source",
    [
        "X = frozenset({1})\n",
        "import re\nX = re.compile('1')\n",
        "X, *Y = 1, 2\n",
        "X: int = 1\n",
        "X = lambda: go(1)\n",
        "X = 5\nX += 1\n",
        "import os.path1\n",
        "from os import path1\n",
        "class X:\n    a: int = 1\n    b: int\n    pass\n",
        "class X(object):\n    'text'\n    def f(self, a=1): ...\n",
    ],
)
def test_what_only_makes_a_value_changes_its_names(source):
    found = changed_units(source, source.replace("1", "3"))
    assert not found.whole
    assert found.names


def test_what_is_for_types_alone_changes_nothing():
    source = "if TYPE_CHECKING:\n    from a import X1\n"
    assert not changed_units(source, source.replace("1", "2"))
    other = source + "else:\n    X1 = 0\n"
    assert changed_units(other, other.replace("1", "2")).whole


def test_names_that_are_computed_of_those_a_module_has_are_no_others():
    changes = {"prices.py": changed_units("TAX = 1\n", "TAX = 2\n")}
    assert set(spread(changes, {"prices.py": b"TAX = 2\n", "a.py": b"def f(name): return globals()[name]\n"})) == {
        "prices.py"
    }
    rebinding = b"def f(name): return globals()[name]\ndef g():\n    global TAX\n    TAX = 3\n"
    assert set(spread(changes, {"a.py": rebinding})["a.py"].functions) == {"f", "g"}


def test_text_that_is_run_may_ask_for_any_name_which_is_known_once_it_was_run():
    changes = {"prices.py": changed_units("TAX = 1\n", "TAX = 2\n")}
    source = b"""
X = lambda name: eval(name)
exec(compile(name, '', 'exec'))
def f(name): exec(compile(name, filename='', mode='exec'))
def g(name): builtins.eval(name)
def h(): return X
"""
    found = spread(changes, {"a.py": source})["a.py"]
    assert found.made.keys() == {"f", "g", "<module>"}
    assert "TAX" in found.made["f"]
    assert (set(found.functions), found.names, found.whole) == ({"h"}, {"X"}, "")


USES = {
    "from prices import TAX\ndef f(): return TAX\ndef g(): pass\n": "it imports TAX, which is gone",
    "import prices\nHALF = [prices.TAX]\ndef g(): pass\n": "making HALF when it is imported may fail now, or failed",
    "import prices\ndef f(): return prices.TAX\n": "",
}


@pytest.mark.parametrize(("source", "reason"), USES.items())
def test_whoever_imports_a_name_that_is_gone_fails_and_whoever_asks_for_it_later_does_so_later(source, reason):
    changes = {"prices.py": changed_units("TAX = 1\nRATE = 2\n", "RATE = 2\n")}
    assert changes["prices.py"].gone == {"TAX"}
    found = spread(changes, {"prices.py": b"RATE = 2\n", "a.py": source.encode()})
    assert found["a.py"].whole == reason
    assert found["prices.py"].whole == ""


def test_what_is_exported_is_a_change_of_the_names_that_come_or_go():
    bound = "a = 1\nb = 1\nc = 1\nd = 1\n"
    after = "__all__ = ['a', 'c']\n__all__ += ['d']\n__all__: list\n"
    found = changed_units(f"__all__ = ['a', 'b']\n{bound}", after + bound)
    assert found.names == {"b", "c", "d"}
    assert not found.whole


@pytest.mark.parametrize(
    "bound", ["def b(): pass\n", "class b: pass\n", "import b\n", "try:\n    b = 1\nfinally: pass\n"]
)
def test_a_name_that_is_exported_and_not_there_concerns_all_who_import_the_file(bound):
    sound, other = f"__all__ = ['b']\n{bound}", f"__all__ = ['b', 'c']\n{bound}"
    assert "exports and does not have" in changed_units(sound, other).whole
    assert "exports and does not have" in changed_units(other, sound).whole
    assert not changed_units(sound, f"{other}\ndef c(): pass\n").whole
    gone = changed_units(f"{sound}b = 2\n", "__all__ = ['b']\n")
    assert gone.whole


def test_functions_under_conditions_are_functions():
    source = "if x:\n    def f(): return 1\n    class C:\n        def m(self): return 2\nelse:\n    def f(): return 3\n"
    assert set(changed_units(source, source.replace("3", "4")).functions) == {"f"}
    assert set(changed_units(source, source.replace("2", "4")).functions) == {"C.m"}
    assert changed_units(source, source.replace("def m(self)", "def m(self, x)")).whole


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A = 1\nB = A\n", "B = A\nA = 1\n"),
        ("if x:\n    A = 1\nB = A\n", "B = A\nif x:\n    A = 1\n"),
        ("import os\nB = os\n", "B = os\nimport os\n"),
        ("def A(): pass\nB = A\n", "B = A\ndef A(): pass\n"),
        ("if x:\n    import A\n    def f(): pass\nB = f, A\n", "B = f, A\nif x:\n    import A\n    def f(): pass\n"),
        ("def f(): return A\nA = 1\nfor each in f(): pass\n", "def f(): return A\nfor each in f(): pass\nA = 1\n"),
    ],
)
def test_a_name_that_moves_below_its_use_is_a_change(before, after):
    found = changed_units(before, after)
    assert "B" in found.names or found.whole
    assert changed_units(before, before + "\n# more\n") == ChangedUnits()


def test_definitions_that_do_not_need_each_other_may_move():
    assert not changed_units("A = 1\ndef f(): return A\n", "def f(): return A\nA = 1\n")


def test_docstrings_count_where_somebody_shows_them():
    source = 'def f():\n    """One."""\nprint_help(f.__doc__)\n'
    assert set(changed_units(source, source.replace("One", "Two")).functions) == {"f"}
    command = '@app.command()\ndef f():\n    """One."""\n'
    # Who asks for help does not enter the command.
    assert changed_units(command, command.replace("One", "Two")).whole


def test_a_docstring_concerns_who_asks_for_it_by_the_name_of_what_has_it():
    source = 'def f():\n    """One."""\n'
    change = {"f.py": changed_units(source, source.replace("One", "Two"))}
    others = {
        "a.py": b"from f import f\ndef asks(): return f.__doc__\ndef calls(): return f()\n",
        "b.py": b"from f import f\nTEXT = f.__doc__\n",
        "c.py": b"def shows(g): return g.__doc__\n",
    }
    found = spread(change, others)
    assert set(found["a.py"].functions) == {"asks"}
    assert found["b.py"].whole
    assert "c.py" not in found


def test_a_docstring_of_what_is_decorated_concerns_whoever_asks_for_one():
    source = '@listed\ndef f():\n    """One."""\n'
    change = {"f.py": changed_units(source, source.replace("One", "Two"))}
    assert set(spread(change, {"c.py": b"def shows(g): return g.__doc__\n"})["c.py"].functions) == {"shows"}


def test_examples_in_docstrings_are_a_change_of_their_own():
    source = 'def f():\n    """One.\n\n    >>> f()\n    """\n'
    changed = changed_units(source, source.replace('f()\n    "', 'f() is None\n    "'))
    assert changed == ChangedUnits(examples=True, documented=frozenset({"f"}))


@pytest.mark.parametrize(("after", "moved"), [("# more\ndef f(): ...\n", True), ("def f(): ...  # more\n", False)])
def test_what_is_no_part_of_the_program_may_be_shown_by_it(after, moved):
    assert changed_units("def f(): ...\n", after) == ChangedUnits(moved=moved)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(*, a, b=1): ...\n", "def f(*, a=1, b): ...\n"),
        ("def f(a, b): return {**a, 'b': b}\n", "def f(a, b): return {'b': a, **b}\n"),
    ],
)
def test_what_is_missing_has_its_place(before, after):
    assert changed_units(before, after)


@pytest.mark.parametrize("name", ["pytest_plugins", "pytestmark", "collect_ignore", "__path__", "__getattr__"])
def test_a_name_that_pytest_or_python_looks_for_concerns_all_who_import_the_file(name):
    assert changed_units(f"{name} = ['a']\n", f"{name} = ['a', 'b']\n").whole
    assert not changed_units("__version__ = '1'\n", "__version__ = '2'\n").whole


HANDED_ON = [
    "from shop import settings\ndef f(): return load(settings)\n",
    "import shop.settings as s\ndef f(): return s.__dict__\n",
    "import shop.settings\ndef f(): return load(of=shop.settings)\n",
    "from shop import settings\nTABLE = {'a': settings}\ndef f(name): return getattr(TABLE['a'], name)\n",
    "from . import settings\ndef f(name): return attrgetter(name)(settings)\n",
    "def f(name): return pkgutil.resolve_name(name)\n",
]


@pytest.mark.parametrize("source", HANDED_ON)
@pytest.mark.parametrize("path", ["shop/settings.py", "shop/settings/__init__.py"])
def test_whoever_hands_a_module_on_may_have_it_asked_for_any_name(source, path):
    change = changed_units("TAX = 1\n", "TAX = 2\n")
    change = attrs.evolve(change, names=change.names | {all_of(path)})
    assert set(spread({path: change}, {"a.py": source.encode()})["a.py"].functions) == {"f"}


@pytest.mark.parametrize(
    "source",
    [
        "from shop import settings\ndef f(m): m.setattr(settings, 'RATE', 0)\n",
        "from shop import settings\ndef f(): return settings.RATE, settings.get(1)\n",
        "from shop import other\ndef f(): return load(other)\n",
    ],
)
def test_whoever_names_what_he_asks_a_module_for_is_concerned_by_that_alone(source):
    change = attrs.evolve(changed_units("TAX = 1\n", "TAX = 2\n"), names=frozenset({"TAX", all_of("shop/settings.py")}))
    assert "a.py" not in spread({"shop/settings.py": change}, {"a.py": source.encode()})


@pytest.mark.parametrize("source", ["def f(:\n", "x = \0", b"# coding: nonsense\n", "(" * 500, "-" * 20_000 + "1"])
def test_a_file_that_does_not_parse_counts_as_changed(source):
    good = "X = 1\n"
    assert changed_units(good, source).whole.startswith("it ")
    assert changed_units(source, good).whole.startswith("it, as it was,")
    spread_ = spread({"a.py": ChangedUnits(names=frozenset({"X"}))}, {"b.py": b"X = (\n"})
    assert spread_["b.py"].whole


def test_a_file_that_comes_or_goes_counts_as_changed():
    assert changed_units(None, "X = 1\n").whole == "it is new"
    assert changed_units("X = 1\n", None).whole == "it is gone"


@pytest.mark.parametrize(
    "use",
    [
        "from prices import TAX\ndef f(): return TAX\n",
        "from prices import TAX as rate\ndef f(): return rate\n",
        "import prices\ndef f(): return prices.TAX\n",
        "import prices\ndef f(): return getattr(prices, 'TAX')\n",
        "import prices\ndef f(name): return getattr(prices, name)\n",
        "import prices\ndef f(name): return vars(prices)\n",
        "import prices\ndef f(name): return hasattr (  # whether\n    prices  # has\n    , name)\n",
        "import prices\ndef f(name): return getattr(prices,\n    f'{name}')\n",
        "import prices\ndef f(name): return dir(prices)\n",
        "import sys\ndef f(name): return sys.modules[name]\n",
        "from sys import modules\ndef f(name): return modules[name]\n",
        "from prices import TAX\ndef f(name): return globals()[name]\n",
        "from prices import TAX as rate\ndef f(name): return globals()[name]\n",
        "from prices import *\ndef f(name): return globals()[name]\n",
        "import prices\ndef f(one, other): return getattr(globals()[one], other)\n",
        "def f(base): return base.__subclasses__()\n",
        "def f(names): return map(eval, names)\n",
        "def f(one, other): return getattr(eval(one), other)\n",
        "def f(name): return getattr(builtins, 'exec')(name)\n",
        "def f(name): return __import__(name)\n",
        "def f(name): return inspect.getmembers(name)\n",
        "def f(name): return importlib.import_module(name)\n",
        "def f(patch): patch.setattr('shop.prices.TAX', 0)\n",
        "import prices\ndef f(name): return prices.__dict__[name]\n",
        "import prices\ndef f(name): return inspect.getattr_static(prices, name)\n",
        "import prices\ndef f(names): return map(partial(getattr, prices), names)\n",
        "import prices\ndef f(names): return map(prices.__getattribute__, names)\n",
        "import prices\ndef f(name): return attrgetter(name)(prices)\n",
        "import prices\ndef f(name): return operator.methodcaller(name)(prices)\n",
        "def f(name): return pydoc.locate(name)\n",
        "def f(name): return pkgutil.resolve_name(name)\n",
        "import prices\nHALF = prices.TAX / 2\ndef f(): return HALF\n",
        "def f():\n    global TAX\n    TAX = 2\n",
    ],
)
def test_a_changed_name_is_followed_into_other_files(use):
    found = spread(
        {"prices.py": changed_units("TAX = 1\n", "TAX = 2\n")}, {"prices.py": b"TAX = 2\n", "a.py": use.encode()}
    )
    assert set(found["a.py"].functions) == {"f"}
    assert not found["a.py"].whole


@pytest.mark.parametrize(
    "use",
    [
        "import os\ndef f(name): return getattr(os, name)\n",
        "import operator\ndef f(name): return operator.attrgetter(name)\n",
        "import prices\ndef f(): return attrgetter('rate')(prices)\n",
        "def f(self, name): return self.__dict__[name]\n",
        "def f(card, name): return card.getattr(name)\n",
    ],
)
def test_what_can_be_asked_for_no_name_of_the_application_concerns_nobody(use):
    changes = {"prices.py": changed_units("TAX = 1\n", "TAX = 2\n")}
    assert set(spread(changes, {"prices.py": b"TAX = 2\n", "a.py": use.encode()})) == {"prices.py"}


@pytest.mark.parametrize("given", ["'TAX > 1'", "condition='not prices.TAX', reason='none'", "prices.TAX > 1"])
@pytest.mark.parametrize("mark", ["skipif", "xfail"])
def test_a_condition_in_a_text_uses_the_names_in_it(mark, given):
    changes = {"prices.py": changed_units("TAX = 1\n", "TAX = 2\n")}
    tests = f"import prices\n@pytest.mark.{mark}({given})\ndef test_tax(): pass\n"
    found = spread(changes, {"test_prices.py": tests.encode()})["test_prices.py"]
    assert found.whole == "what runs when it is imported uses TAX, which changed"


def test_a_changed_name_is_followed_from_file_to_file():
    sources = {
        "a.py": b"from prices import TAX\nRATE = TAX\n",
        "b.py": b"import a\nclass Vat(a.Tax):\n    rate = a.RATE\n",
        "c.py": b"class Other:\n    def f(self): return self.TAX\n",
        "d.py": b"def f(x): return getattr(x, 'y') or getattr(x)\n",
    }
    found = spread({"prices.py": ChangedUnits(names=frozenset({"TAX"})), "a.py": ChangedUnits(examples=True)}, sources)
    assert found["a.py"].names == {"RATE"}
    assert found["a.py"].examples
    assert found["b.py"].whole == "what runs when it is imported uses RATE, which changed"
    assert set(found) == {"prices.py", "a.py", "b.py"}


NAMES = st.sampled_from(["a", "b", "c"])
BODY = st.one_of(NAMES, st.integers(0, 9).map(str), st.tuples(NAMES, NAMES).map(" + ".join))
PIECE = st.one_of(
    st.tuples(NAMES, BODY).map(lambda each: f"def {each[0]}():\n    return {each[1]}\n"),
    st.tuples(NAMES, BODY).map(lambda each: f"{each[0]} = {each[1]}\n"),
    st.tuples(NAMES, BODY).map(lambda each: f"class {each[0]}:\n    def m(self):\n        return {each[1]}\n"),
)


@given(st.lists(PIECE, max_size=4), st.lists(PIECE, max_size=4))
def test_what_differs_is_a_change_and_what_does_not_is_none(before, after):
    old, new = "".join(before), "".join(after)
    assert not changed_units(old, "# a comment\n" + old.replace("\n", "  \n\n"))
    if sorted(before) != sorted(after):
        assert changed_units(old, new)


PROGRAM = """
import sys
from types import ModuleType
package = sys.modules["testflow_git_selector"] = ModuleType("testflow_git_selector")
package.__path__ = [sys.argv[1]]
from testflow_git_selector.units import units
for name, body in sorted(units(sys.stdin.read()).functions.items()):
    print(name, body.digest)
"""
VARIED = """
def f(x, /, y=1, *z, **w):
    return f"{x!r:>{y}} {x=} a" "b" u"c", b"d", 1j, ..., None, -1.5e300, "\\ud800"

@a
async def h(*, x: int = 1) -> None:
    async with a as b:
        return [z async for z in x], {**b}, {*b}, lambda: (yield)

class C:
    def m(self):
        try:
            return
        except* ValueError:
            match self:
                case {"a": [1, *_], **rest} | C(x=None):
                    raise
"""


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_digests_are_those_of_any_python(version):
    environment = {**os.environ, "PYTHONPATH": str(Path(attrs.__file__).parent.parent)}
    python = shutil.which(f"python{version}") or ""
    folder = str(Path(testflow_git_selector.__file__).parent)
    try:
        told = subprocess.run(
            [python, "-c", PROGRAM, folder],
            input=VARIED,
            capture_output=True,
            encoding="utf-8",
            env=environment,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"Python {version} does not run here: {error}")
    ours = sorted(units(VARIED).functions.items())
    assert told.stdout.splitlines() == [f"{name} {body.digest}" for name, body in ours]
    assert len(ours) == 3

"""What a function has kept for later calls concerns all who come to it, not only the test that came first."""

import pytest
from touched_project import Project, selected

LIBRARY = {
    "of_module.py": """
        _settings = None

        def load():
            return {"a": 1}

        def settings():
            global _settings
            if _settings is None:
                _settings = load()
            return _settings
    """,
    "of_two.py": """
        _state = None

        def make():
            return 5

        def begin():
            global _state
            if _state is None:
                _state = make()

        def state():
            return _state
    """,
    "of_class.py": """
        class Lexer:
            instance = None

            @classmethod
            def get(cls):
                if cls.instance is None:
                    cls.instance = cls()
                    cls.instance.prepare()
                return cls.instance

            def prepare(self):
                self.words = ["a"]
    """,
    "by_name.py": """
        class Parser:
            tables = {}

            def table(self, name):
                if name not in Parser.tables:
                    self.__class__.tables[name] = build(name)
                return Parser.tables[name]

        def build(name):
            return name * 2
    """,
    "of_instances.py": """
        class Parser:
            tables = {}

            def table(self, name):
                try:
                    return self.tables[name]
                except KeyError:
                    self.tables[name] = made = built(name)
                    return made

        def built(name):
            return name * 3
    """,
    "of_metaclass.py": """
        class Once(type):
            made = {}

            def __call__(cls):
                if cls not in cls.made:
                    cls.made[cls] = super().__call__()
                return cls.made[cls]

        class Keeper(metaclass=Once):
            def __init__(self):
                self.value = value()

        def value():
            return 9
    """,
    "of_default.py": """
        _known = {}

        def first(key):
            return 4

        def default(key):
            return _known.setdefault(key, _known.get(key) or first(key))
    """,
    "of_dict.py": """
        _cache = {}

        def compute(number):
            return number * 2

        def cached(first, second=0):
            if first + second not in _cache:
                _cache[first + second] = compute(first)
            return _cache[first + second]
    """,
    "of_list.py": """
        _known = []

        def made():
            return 1

        def known():
            if not _known:
                _known.append(made())
            return _known
    """,
    "of_function.py": """
        def parsed():
            return 7

        def parser():
            if not hasattr(parser, "cache"):
                parser.cache = parsed()
            return parser.cache
    """,
    "of_closure.py": """
        def remembering(function):
            seen = {}
            def call(number):
                if number not in seen:
                    seen[number] = function(number)
                return seen[number]
            return call

        def inner(number):
            return number + 1

        @remembering
        def outer(number):
            return inner(number)
    """,
    "of_type.py": """
        class Form:
            def fields(self):
                if "found" not in vars(type(self)):
                    type(self).found = collected()
                return self.found

        def collected():
            return 8
    """,
    "of_sum.py": """
        class Totals:
            parts = []

        def part():
            return 6

        def total():
            if not Totals.parts:
                Totals.parts += [part()]
            return sum(Totals.parts)
    """,
    "of_itself.py": """
        class Box:
            def __init__(self, items):
                self.items = {}
                self.items.update(items)
                self.fill()

            def fill(self):
                self.items["b"] = self.count()

            def count(self):
                return 2
    """,
}
CALLS = {
    "of_module": "of_module.settings()",
    "of_two": "of_two.begin() or of_two.state()",
    "of_class": "of_class.Lexer.get().words",
    "by_name": "by_name.Parser().table('a')",
    "of_instances": "of_instances.Parser().table('a')",
    "of_metaclass": "of_metaclass.Keeper().value",
    "of_default": "of_default.default(2)",
    "of_dict": "of_dict.cached(2)",
    "of_list": "of_list.known()",
    "of_function": "of_function.parser()",
    "of_closure": "of_closure.outer(2)",
    "of_type": "of_type.Form().fields()",
    "of_sum": "of_sum.total()",
}
CHANGES = {
    "of_module": '"a": 1',
    "of_two": "return 5",
    "of_class": '["a"]',
    "by_name": "name * 2",
    "of_instances": "name * 3",
    "of_metaclass": "return 9",
    "of_default": "return 4",
    "of_dict": "number * 2",
    "of_list": "return 1",
    "of_function": "return 7",
    "of_closure": "number + 1",
    "of_type": "return 8",
    "of_sum": "return 6",
}


@pytest.fixture(scope="module")
def application(tmp_path_factory, python):
    imports = "import " + ", ".join([*CALLS, "of_itself"]) + "\n"
    calls = "".join(f"def test_{name}(): assert {call}\n" for name, call in CALLS.items())
    of_itself = "def test_box(): assert of_itself.Box({}).items\ndef test_none(): assert of_itself\n"
    files = {**LIBRARY, "test_first.py": imports + calls + of_itself, "test_second.py": imports + calls}
    project = Project(tmp_path_factory.mktemp("kept"), python, files)
    project.record("test_first.py", "test_second.py")
    return project


@pytest.mark.parametrize("name", CALLS)
def test_what_the_first_call_has_made_concerns_who_makes_the_second(application, name):
    found = concerned(application, f"{name}.py", CHANGES[name])
    assert found == {f"test_first.py::test_{name}", f"test_second.py::test_{name}"}


def test_what_an_object_keeps_in_itself_concerns_nobody_else(application):
    assert concerned(application, "of_itself.py", "return 2") == {"test_first.py::test_box"}


def test_what_the_set_up_of_a_class_keeps_concerns_its_tests_alone(project, python):
    tests = "".join(
        f"class Test{name}:\n"
        f"    @classmethod\n    def setup_class(cls): cls.made = lib.make_{name.lower()}()\n"
        f"    def test_{name.lower()}(self): assert self.made\n"
        for name in ("One", "Two")
    )
    application = project(
        {"lib.py": "def make_one(): return 1\ndef make_two(): return 2\n", "test_it.py": f"import lib\n{tests}"}, python
    )
    application.record("test_it.py")
    assert concerned(application, "lib.py", "return 1") == {"test_it.py::TestOne::test_one"}
    assert concerned(application, "lib.py", "return 2") == {"test_it.py::TestTwo::test_two"}


def test_a_file_that_is_read_to_make_what_is_kept_concerns_who_comes_to_it(project, python):
    application = project(
        {
            "lib.py": """
                from pathlib import Path
                _rates = None

                def rates():
                    global _rates
                    if _rates is None:
                        _rates = Path(__file__).with_name("rates.txt").read_text()
                    return _rates
            """,
            "rates.txt": "7",
            "test_first.py": "import lib\ndef test_first(): assert lib.rates()\n",
            "test_second.py": "import lib\ndef test_second(): assert lib.rates()\ndef test_none(): assert lib\n",
        },
        python,
    )
    touched = application.record("test_first.py", "test_second.py")
    reading = touched.places(touched.reading("rates.txt"))
    assert set(reading) == {"test_first.py::test_first", "test_second.py::test_second"}


def test_what_a_later_call_makes_concerns_others_though_the_test_had_entered_it_before(project, python):
    rates = """
        _rates = {}

        def low():
            return 1

        def high():
            return 2

        def rate(kind):
            if kind not in _rates:
                _rates[kind] = low() if kind == "low" else high()
            return _rates[kind]
    """
    first = """
        import rates

        def test_all():
            assert rates.high() == 2
            assert rates.rate("low") == 1
            assert rates.high() == 2
            assert rates.rate("high") == 2
    """
    second = "import rates\ndef test_high(): assert rates.rate('high') == 2\n"
    application = project({"rates.py": rates, "test_first.py": first, "test_second.py": second}, python)
    application.record("test_first.py", "test_second.py")
    application.write("rates.py", rates.replace("return 2", "return 3"))
    assert "test_second.py::test_high" in selected(application, "rates.py")


def test_what_a_module_makes_when_it_is_asked_for_a_name_concerns_all_who_import_it(project, python):
    package = """
        import importlib

        def limit():
            return 3

        def __getattr__(name):
            found = limit() if name == "LIMIT" else importlib.import_module(f"shop.{name}")
            globals()[name] = found
            return found
    """
    asks = "".join(
        f"def test_limit_{number}(): assert shop.LIMIT == 3\ndef test_rates_{number}(): assert shop.rates.RATE == 2\n"
        for number in (1, 2)
    )
    files = {
        "shop/__init__.py": package,
        "shop/rates.py": "from shop.base import base\nRATE = base()\n",
        "shop/base.py": "def base():\n    return 2\n",
        "test_asks.py": f"import shop\n{asks}",
        "test_other.py": "def test_other(): pass",
    }
    application = project(files, python)
    application.record("test_asks.py", "test_other.py")
    application.write("shop/base.py", "def base():\n    return 4\n")
    assert {"test_asks.py::test_rates_1", "test_asks.py::test_rates_2"} <= set(selected(application, "shop/base.py"))
    application.write("shop/base.py", files["shop/base.py"])
    application.write("shop/__init__.py", package.replace("return 3", "return 5"))
    found = set(selected(application, "shop/__init__.py"))
    assert {"test_asks.py::test_limit_1", "test_asks.py::test_limit_2"} <= found
    assert "test_other.py::test_other" not in found


def test_what_an_abstract_class_was_answered_once_concerns_who_asks_it_again(project, python):
    drawn = """
        from abc import ABC

        class Drawn(ABC):
            @classmethod
            def __subclasshook__(cls, kind):
                return has(kind)

        class Line:
            def draw(self):
                return "-"

        def has(kind):
            return hasattr(kind, "draw")
    """
    asks = "import drawn\n" + "".join(
        f"def test_{number}(): assert isinstance(drawn.Line(), drawn.Drawn)\n" for number in (1, 2)
    )
    files = {"drawn.py": drawn, "test_asks.py": asks, "test_other.py": "def test_other(): pass"}
    application = project(files, python)
    application.record("test_asks.py", "test_other.py")
    application.write("drawn.py", drawn.replace('kind, "draw"', 'kind, "drawn"'))
    assert set(selected(application, "drawn.py")) == {"test_asks.py::test_1", "test_asks.py::test_2"}


def concerned(application, file, before):
    path = application.checkout / file
    text = path.read_text()
    path.write_text(text.replace(before, f"{before} + 1" if "[" not in before else "['b']"))
    try:
        return set(selected(application, file))
    finally:
        path.write_text(text)

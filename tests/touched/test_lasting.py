"""What an object that outlives a test has put off until the first test asked for it concerns all who come to it."""

import pytest
from touched_project import Project, selected

LIBRARY = {
    "cached.py": """
        import functools

        class Config:
            @functools.cached_property
            def rates(self):
                return load()

        def load():
            return [1]

        CONFIG = Config()
    """,
    "lazy.py": """
        class Shop:
            def __init__(self):
                self._items = None

            def items(self):
                if self._items is None:
                    self._items = fetch()
                return self._items

        def fetch():
            return [2]

        SHOP = Shop()
    """,
    "by_two.py": """
        class Shop:
            items = ()

            def all(self):
                if not self.items:
                    self._load()
                return self.items

            def _load(self):
                self.items = fetch()

        def fetch():
            return [3]

        SHOPS = {"here": [Shop()]}
    """,
    "trying.py": """
        class Shop:
            @property
            def items(self):
                try:
                    return self._items
                except AttributeError:
                    self._items = fetch()
                    return self._items

        def fetch():
            return [4]

        class Mall:
            def __init__(self):
                self.shop = Shop()

        MALL = Mall()
    """,
    "by_decorator.py": """
        class memo:
            def __init__(self, function):
                self.function = function
                self.cache = {}

            def __call__(self, *arguments):
                if arguments not in self.cache:
                    self.cache[arguments] = self.function(*arguments)
                return self.cache[arguments]

        @memo
        def price(number):
            return rate() * number

        @memo
        def other(number):
            return number

        def rate():
            return 5
    """,
    "by_descriptor.py": """
        class lazy:
            def __init__(self, function):
                self.function = function

            def __set_name__(self, owner, name):
                self.name = name

            def __get__(self, one, owner):
                made = one.__dict__[self.name] = self.function(one)
                return made

        class Shop:
            @lazy
            def goods(self):
                return fetch()

        def fetch():
            return [6]

        SHOP = Shop()
    """,
    "by_wrapper.py": """
        import functools

        def once(function):
            name = "_" + function.__name__

            @functools.wraps(function)
            def asked(self):
                if not hasattr(self, name):
                    setattr(self, name, function(self))
                return getattr(self, name)

            return asked

        class Shop:
            @once
            def stock(self):
                return fetch()

        def fetch():
            return [7]

        SHOP = Shop()
    """,
    "by_default.py": """
        def known(key, cache={}):
            if key not in cache:
                cache[key] = fetch()
            return cache[key]

        def fetch():
            return [8]
    """,
    "by_cache.py": """
        import functools

        class Shop:
            def __init__(self):
                self.price = functools.lru_cache(maxsize=None)(self._price)

            def _price(self, number):
                return rate() * number

        def rate():
            return 9

        SHOP = Shop()
    """,
    "by_name.py": """
        class Settings:
            def __getattr__(self, name):
                value = self.__dict__[name] = fetch()
                return value

        def fetch():
            return [10]

        SETTINGS = Settings()
    """,
    "missing.py": """
        class Rates(dict):
            def __missing__(self, key):
                self[key] = made = fetch()
                return made

        def fetch():
            return [11]

        RATES = Rates()
    """,
    "made_later.py": """
        import functools

        class App:
            @functools.cached_property
            def routes(self):
                return fetch()

        def fetch():
            return [12]

        _app = None

        def app():
            global _app
            if _app is None:
                _app = App()
            return _app
    """,
    "slotted.py": """
        class Shop:
            __slots__ = ("_items",)

            def items(self):
                if not hasattr(self, "_items"):
                    self._items = fetch()
                return self._items

        def fetch():
            return [13]

        SHOP = Shop()
    """,
    "in_closure.py": """
        class Shop:
            def __init__(self):
                self._items = None

            def items(self):
                if self._items is None:
                    self._items = fetch()
                return [each for each in self._items if self]

        def fetch():
            return [14]

        def handing_out():
            shop = Shop()
            return lambda: shop.items()

        items = handing_out()
    """,
    "of_two_tests.py": """
        import functools

        class Shop:
            @functools.cached_property
            def own(self):
                return fetch()

        def fetch():
            return [15]
    """,
}
LIBRARY["made_at_once.py"] = LIBRARY["made_later.py"].replace("12", "17").replace("routes", "paths")
LIBRARY["imported_late.py"] = LIBRARY["cached.py"].replace("[1]", "[18]").replace("rates", "charges")
CALLS = {
    "cached": "cached.CONFIG.rates",
    "lazy": "lazy.SHOP.items()",
    "by_two": "by_two.SHOPS['here'][0].all()",
    "trying": "trying.MALL.shop.items",
    "by_decorator": "by_decorator.price(2)",
    "by_descriptor": "by_descriptor.SHOP.goods",
    "by_wrapper": "by_wrapper.SHOP.stock()",
    "by_default": "by_default.known(1)",
    "by_cache": "by_cache.SHOP.price(2)",
    "by_name": "by_name.SETTINGS.anything",
    "missing": "missing.RATES['a']",
    "slotted": "slotted.SHOP.items()",
    "in_closure": "in_closure.items()",
}
NUMBERS = {name: number for number, name in enumerate(LIBRARY, start=1)}


@pytest.fixture(scope="module")
def application(recorded, python):
    imports = "import " + ", ".join(name.removesuffix(".py") for name in LIBRARY if name != "imported_late.py") + "\n"
    calls = "".join(f"def test_{name}(): assert {call}\n" for name, call in CALLS.items())
    made = "def test_made(): assert made_at_once.app().paths\n"
    made += "def test_late():\n    import imported_late\n    assert imported_late.CONFIG.charges\n"
    alone = "def test_own(): assert of_two_tests.Shop().own\ndef test_other(): assert by_decorator.other(1)\n"
    # One that is made anew has put off nothing.
    alone += "def test_new(): assert lazy.Shop() and in_closure.Shop()\n"
    later = "def test_later(): assert made_later.app().routes\n"
    first = "def test_a_earlier(): assert made_later.app()\n"
    return recorded(
        python,
        {
            **LIBRARY,
            "test_first.py": imports + first + calls + alone + later + made,
            "test_second.py": imports + calls + later + made,
        },
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    def record(python, files):
        made = Project(tmp_path_factory.mktemp("lasting"), python, files)
        made.record("test_first.py", "test_second.py")
        return made

    return record


@pytest.mark.parametrize("name", CALLS)
def test_what_the_first_test_has_it_make_concerns_the_second(application, name):
    found = concerned(application, f"{name}.py", str(NUMBERS[f"{name}.py"]))
    assert found >= {f"test_first.py::test_{name}", f"test_second.py::test_{name}"}
    # Who imports a file may have what `lru_cache` keeps of it, and before Python 3.12 nobody tells objects apart.
    assert len(found) <= {"by_cache": 99, "by_decorator": 3, "by_name": 4, "missing": 4}.get(name, 2)


def test_an_object_that_is_made_later_outlives_tests_as_well(application):
    found = concerned(application, "made_later.py", "12")
    assert found >= {"test_first.py::test_later", "test_second.py::test_later"}


@pytest.mark.parametrize(
    ("name", "file", "number"), [("made", "made_at_once.py", "17"), ("late", "imported_late.py", "18")]
)
def test_what_an_object_puts_off_in_the_test_that_makes_it_concerns_the_next(application, name, file, number):
    found = concerned(application, file, number)
    assert found == {f"test_first.py::test_{name}", f"test_second.py::test_{name}"}


def test_what_does_not_outlive_its_test_concerns_nobody_else(application):
    assert concerned(application, "of_two_tests.py", "15") == {"test_first.py::test_own"}


def test_what_a_fixture_hands_to_tests_of_several_files_has_put_off_concerns_them_all(recorded, python):
    tests = """
        def test_shop_{0}(shop): assert shop.goods
        def test_found_{0}(shop): assert shop.anything
        def test_other_{0}(shop): assert shop
    """
    application = recorded(
        python,
        {
            "lib.py": """
                import functools

                class Shop:
                    @functools.cached_property
                    def goods(self):
                        return fetch()

                    def __getattr__(self, name):
                        value = self.__dict__[name] = found()
                        return value

                def fetch():
                    return [15]

                def found():
                    return [16]
            """,
            "conftest.py": """
                import lib
                import pytest

                @pytest.fixture(scope="session")
                def shop():
                    return lib.Shop()
            """,
            "test_first.py": tests.format("first"),
            "test_second.py": tests.format("second"),
        },
    )
    assert concerned(application, "lib.py", "15") == {
        f"test_{each}.py::test_shop_{each}" for each in ("first", "second")
    }
    # What is not there when it is asked for concerns whoever has the fixture.
    assert concerned(application, "lib.py", "16") >= {
        f"test_{each}.py::test_found_{each}" for each in ("first", "second")
    }


def test_objects_are_looked_at_without_a_call_of_anything_of_theirs(recorded, python):
    application = recorded(
        python,
        {
            "lib.py": """
                class Touchy:
                    def refuse(self, *arguments):
                        raise RuntimeError("touched")

                    __getattribute__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __repr__ = refuse

                class Strange(type):
                    @property
                    def __module__(cls):
                        return ["no name"]

                class Odd(metaclass=Strange):
                    pass

                THINGS = [Touchy(), {"a": Touchy()}, Odd(), Touchy]
                TOUCHY = Touchy()
            """,
            "test_first.py": "import lib\ndef test_first(): assert lib.THINGS\n",
            "test_second.py": "import lib\ndef test_second(): assert lib.THINGS\n",
        },
    )
    assert "Touchy.refuse" not in application.map().units("lib.py")


def test_what_a_thread_goes_on_with_that_another_test_has_begun_concerns_both(recorded, python):
    application = recorded(
        python,
        {
            "lib.py": """
                import queue
                import threading

                asked, answered = queue.Queue(), queue.Queue()
                workers = []

                def work():
                    while True:
                        answered.put(asked.get() + 1)

                def ask(number):
                    if not workers:
                        workers.append(threading.Thread(target=work, daemon=True))
                        workers[0].start()
                    asked.put(number)
                    return answered.get()
            """,
            "test_first.py": "import lib\ndef test_first(): assert lib.ask(1)\n",
            "test_second.py": "import lib\ndef test_second(): assert lib.ask(1)\n",
        },
    )
    found = concerned(application, "lib.py", "+ 1")
    assert found == {"test_first.py::test_first", "test_second.py::test_second"}


def concerned(application, file, before):
    path = application.checkout / file
    text = path.read_text()
    path.write_text(text.replace(before, f"{before} + 0"))
    try:
        return set(selected(application, file))
    finally:
        path.write_text(text)

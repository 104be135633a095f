"""What an object that outlives a test has put off until the first test asked for it concerns all who come to it."""

import pytest
from lasting_library import CALLS, LIBRARY, NUMBERS
from touched_project import Project, selected


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

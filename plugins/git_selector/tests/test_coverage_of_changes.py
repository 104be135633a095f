"""What of a change no test that runs is known to reach is told: by the record, else by imports, else as unknown."""

import hashlib
import subprocess
from textwrap import dedent

import pytest
from attrs import evolve
from testflow_git_selector import SelectByChange
from testflow_git_selector.base_texts import texts_at
from testflow_git_selector.compared import _TIMEOUT
from testflow_git_selector.git_command import Git

from testflow_core.model import Application, Change, Choice, Context, Past, TestCase, TestSelection
from testflow_core.touched import MapStore
from testflow_core.touched.shards import FileState, Touched

LIB = """
    LIMIT = 3

    def charge():
        return 1

    class Card:
        def refund(self):
            return 2
"""
TESTS = ("tests/test_charge.py::test_one[a]", "tests/test_refund.py::Refunds::test_two")
IDENTITY = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")


def git(checkout, *words):
    return subprocess.run(["git", "-C", str(checkout), *IDENTITY, *words], check=True, capture_output=True).stdout


class Shop:
    """A checkout in git, of which a map says who enters what."""

    def __init__(self, root):
        self.checkout = root / "shop"
        self.store = MapStore(root / "map")
        self.checkout.mkdir()
        git(self.checkout, "init", "-q")
        for file, text in {
            "lib.py": LIB,
            "other.py": "def other(): pass\n",
            "data.json": "1",
            "README.md": "x",
        }.items():
            self.write(file, text)
        for file in ("tests/test_charge.py", "tests/test_refund.py"):
            self.write(file, "import lib\n")
        git(self.checkout, "add", ".")
        git(self.checkout, "commit", "-q", "-m", "first")
        self.base = git(self.checkout, "rev-parse", "HEAD").decode().strip()

    def write(self, file, text):
        path = self.checkout / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")

    def record(self, **entering):
        """That the tests of these numbers enter a function of lib.py, all of them the module; the first reads data."""
        touched = Touched(python="3.13", tests={test: number for number, test in enumerate(TESTS)})
        touched.postings = {("enter", "lib.py", name.replace("_", ".")): bits for name, bits in entering.items()}
        touched.postings |= {("enter", "lib.py", "<module>"): 0b11, ("read", "data.json", ""): 0b01}
        for file in ("lib.py", "data.json"):
            path = self.checkout / file
            found = path.stat()
            digest = hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
            touched.files[file] = FileState(digest=digest, size=found.st_size, time=found.st_mtime_ns)
        self.store.keep("shop", touched, self.checkout)

    def uncovered(
        self, *changed, chosen=("tests/test_charge.py",), others=("tests/test_refund.py",), base=True, path=True
    ):
        known, _ = self.store.map_of("shop")
        context = Context(
            application=Application(name="shop", path=self.checkout if path else None),
            change=Change(application="shop", files=changed, reason="git", base=self.base if base else None),
            selection=TestSelection(application="shop"),
            past=Past(maps={"shop": known} if known else {}),
        )
        selector = SelectByChange()
        choices = [
            Choice(test=TestCase.from_id(f"shop::{file}"), selected=file in chosen, reason="r")
            for file in (*chosen, *others)
        ]
        looked = evolve(context, evidence=selector.gather(context))
        return [str(each).removeprefix("shop: ") for each in selector.uncovered(choices, looked)]


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def test_a_changed_function_that_no_chosen_test_enters_is_told(shop):
    shop.record(charge=0b01, Card_refund=0b10)
    shop.write("lib.py", LIB.replace("return 2", "return 3").replace("return 1", "return 9"))
    assert shop.uncovered("lib.py") == ["lib.py: Card.refund: no test that runs is known to enter it"]
    assert shop.uncovered("lib.py", chosen=("tests/test_refund.py",), others=()) == []


@pytest.mark.parametrize("name", ["Refunds::test_two", "Refunds"])
def test_a_test_is_chosen_by_its_name_or_its_class(shop, name):
    shop.record(Card_refund=0b10)
    shop.write("lib.py", LIB.replace("return 2", "return 3"))
    assert shop.uncovered("lib.py", chosen=(f"tests/test_refund.py::{name}",), others=("tests/test_charge.py",)) == []


def test_a_test_without_its_parameters_stands_for_all_of_them(shop):
    shop.record(charge=0b01)
    shop.write("lib.py", LIB.replace("return 1", "return 3"))
    assert shop.uncovered("lib.py", chosen=("tests/test_charge.py::test_one",)) == []
    assert len(shop.uncovered("lib.py", chosen=("tests/test_charge.py::test_other",))) == 1


def test_a_new_function_is_unknown_until_tests_are_recorded_again(shop):
    shop.record(charge=0b01)
    shop.write("lib.py", f"{LIB}\n    def fresh():\n        return 5\n")
    assert shop.uncovered("lib.py") == ["lib.py: fresh: unknown: it is new, and nothing was recorded since"]
    shop.record(charge=0b01)
    assert shop.uncovered("lib.py") == ["lib.py: fresh: no test that runs is known to enter it"]


def test_changed_values_of_a_module_are_reached_by_who_imports_it(shop):
    shop.record()
    shop.write("lib.py", LIB.replace("LIMIT = 3", "LIMIT = 4"))
    assert shop.uncovered("lib.py") == []
    none = shop.uncovered("lib.py", chosen=(), others=("tests/test_charge.py",))
    assert none == ["lib.py: <module>: no test that runs is known to touch it"]


def test_without_a_checkout_whole_files_count(shop):
    shop.record(charge=0b01, Card_refund=0b10)
    shop.write("lib.py", LIB.replace("return 2", "return 3"))
    assert shop.uncovered("lib.py", path=False) == []
    assert shop.uncovered("lib.py", "other.py", path=False) == [
        "other.py: unknown: no test touched it when tests were recorded"
    ]


def test_comments_and_prose_and_tests_and_what_is_gone_need_no_test(shop):
    shop.record()
    shop.write("lib.py", LIB + "# a remark\n")
    (shop.checkout / "other.py").unlink()
    assert shop.uncovered("lib.py", "README.md", "tests/test_charge.py", "other.py") == []


def test_files_that_nobody_reads_or_enters_are_told_whole(shop):
    shop.record()
    shop.write("data.json", "2")
    shop.write("other.py", "def other(): return 1\n")
    shop.write("new.py", "def new(): return 1\n")
    assert shop.uncovered("data.json", "other.py", "new.py") == [
        "other.py: no test that runs is known to touch it",
        "new.py: unknown: no test touched it when tests were recorded",
    ]
    told = shop.uncovered("data.json", chosen=("tests/test_refund.py",), others=("tests/test_charge.py",))
    assert told == ["data.json: no test that runs is known to touch it"]


def test_without_a_base_a_file_counts_as_a_whole(shop):
    shop.record(charge=0b01)
    assert shop.uncovered("lib.py", base=False) == []
    assert shop.uncovered("lib.py", base=False, chosen=(), others=TESTS) == [
        "lib.py: no test that runs is known to touch it"
    ]


def test_where_nothing_was_recorded_imports_tell_what_nobody_reaches_and_the_rest_is_unknown(shop):
    shop.write("lib.py", LIB.replace("return 2", "return 3"))
    shop.write("other.py", "def other(): return 1\n")
    assert shop.uncovered("lib.py", "other.py", "data.json") == [
        "lib.py: unknown: tests that run import it, and which of its functions they enter was never recorded",
        "other.py: no test that runs imports it",
        "data.json: unknown: what tests touch was never recorded",
    ]


def test_what_changed_must_be_known(shop):
    context = Context(
        application=Application(name="shop"), change=Change(application="shop", files=None, reason="no git")
    )
    (told,) = SelectByChange().uncovered((), context)
    assert (str(told), told.known) == ("shop: unknown: what changed is not known: no git", False)
    assert list(SelectByChange().uncovered((), Context())) == []


def test_the_texts_of_many_files_are_asked_for_at_once(shop):
    shop.write("odd name ü.txt", "one\n\ntwo")
    git(shop.checkout, "add", ".")
    git(shop.checkout, "commit", "-q", "-m", "second")
    asked = Git(checkout=shop.checkout, timeout=_TIMEOUT)
    files = ["odd name ü.txt", "tests", "gone.py", "a\nb", "README.md"]
    assert texts_at(asked, "HEAD", files) == {"odd name ü.txt": b"one\n\ntwo", "README.md": b"x"}
    assert texts_at(asked, "HEAD", ["README.md"]) == {"README.md": b"x"}
    assert texts_at(Git(checkout=shop.checkout.parent, timeout=_TIMEOUT), "HEAD", ["README.md"]) == {}

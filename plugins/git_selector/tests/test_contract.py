"""The change source `git` and the three selectors keep the contracts of their interfaces."""

import re
import subprocess
from hashlib import sha1

import pytest
from attrs import evolve
from testflow_git_selector import GitChanges, SelectByChange, SelectByComponent, SelectByRecord, SelectByRules

from testflow_core.model import Application, Change, Choice, Context, MappingRule, Past, TestCase, TestSelection
from testflow_core.testing.contracts import (
    ChangeSourceContract,
    ChangeSourceThatTellsLines,
    SelectorContract,
    SelectorThatCovers,
    SelectorThatNarrows,
    SelectorThatWarns,
)
from testflow_core.touched import MapStore
from testflow_core.touched.shards import FileState, Touched

IDENTITY = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")


class TestGitChanges(ChangeSourceContract, ChangeSourceThatTellsLines):
    @pytest.fixture
    def source(self):
        return GitChanges()

    @pytest.fixture
    def changed(self, tmp_path):
        for command in (["init", "-q", "-b", "main"], [*IDENTITY, "commit", "-q", "--allow-empty", "-m", "a commit"]):
            subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
        (tmp_path / "src").mkdir()
        for name in ("src/a.py", "src/with space ü.py"):
            (tmp_path / name).write_text("text\n", encoding="utf-8")
        subprocess.run(["git", "-C", str(tmp_path), "add", "src/a.py"], check=True)
        return Application(name="shop", path=tmp_path)

    @pytest.fixture
    def unknown(self, tmp_path):
        return Application(name="shop", path=tmp_path)


class TestRecorded(SelectorContract):
    @pytest.fixture
    def selector(self):
        return SelectByRecord()


class TestSelectors(SelectorContract, SelectorThatWarns):
    @pytest.fixture(
        params=[SelectByChange(), SelectByComponent(), SelectByRules()], ids=lambda each: type(each).__name__
    )
    def selector(self, request):
        return request.param

    @pytest.fixture
    def without_effect(self):
        rule = MappingRule(source_pattern=re.compile(r"src/(.*)\.py"), test_pattern="tests/test_{1}.py")
        return [TestCase(application="shop", file="tests/test_orders.py")], Context(
            application=Application(name="shop"),
            change=Change(application="shop", files=("src/cart.py",), reason="declared"),
            selection=TestSelection(application="shop", mapping_rules=(rule,)),
        )


class TestCoverage(SelectorContract, SelectorThatCovers):
    @pytest.fixture
    def selector(self):
        return SelectByChange()

    @pytest.fixture
    def untested(self, tmp_path):
        for name in ("shop.py", "lib/shop.ts"):
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text("", encoding="utf-8")
        context = Context(
            application=Application(name="shop", path=tmp_path),
            change=Change(application="shop", files=("shop.py", "lib/shop.ts", "data.bin"), reason="declared"),
            selection=TestSelection(application="shop"),
        )
        context = evolve(context, evidence=SelectByChange().gather(context))
        return [
            Choice(test=TestCase(application="shop", file="tests/test_orders.py"), selected=True, reason="all")
        ], context


@pytest.mark.parametrize("selector", [SelectByChange(), SelectByRecord()], ids=lambda each: type(each).__name__)
class TestNarrowing(SelectorContract, SelectorThatNarrows):
    @pytest.fixture
    def narrowed(self, tmp_path, selector):
        source = tmp_path / "shop.py"
        source.write_text("def one(): return 1\ndef two(): return 2\n", encoding="utf-8")
        store = MapStore(tmp_path / "map")
        store.keep("shop", recorded_of(source, {"one": 1, "two": 2}), tmp_path)
        source.write_text("def one(): return 1\ndef two(): return 3\n", encoding="utf-8")
        file = TestCase(application="shop", file="tests/test_shop.py")
        context = Context(
            application=Application(name="shop", path=tmp_path),
            change=Change(application="shop", files=("shop.py",), reason="declared"),
            selection=TestSelection(application="shop"),
            past=Past(maps={"shop": store.map_of("shop")[0]}),
        )
        context = evolve(context, evidence=selector.gather(context))
        return list(selector.select([file], context)), context


def recorded_of(source, units):
    """What two tests of a file are known to enter: each unit is entered by the tests of its bits."""
    found = source.stat()
    state = FileState(
        digest=sha1(source.read_bytes(), usedforsecurity=False).hexdigest(), size=found.st_size, time=found.st_mtime_ns
    )
    touched = Touched(python="3.13", tests={f"tests/test_shop.py::test_{name}": n for n, name in enumerate(units)})
    touched.postings.update({("enter", source.name, unit): bits for unit, bits in units.items()})
    touched.files[source.name] = state
    return touched

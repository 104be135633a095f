"""An application in a temporary directory whose tests are run and recorded."""

from textwrap import dedent

from attrs import evolve
from testflow_git_selector import SelectByChange, SelectByRecord

from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.model import Application, Batch, Bench, Change, Context, Past, TestCase
from testflow_core.touched import MapStore


class Project:
    """An application whose tests are run and recorded."""

    def __init__(self, root, python, files):
        self.checkout = root / "checkout"
        self.root = root
        self.python = python
        self.store = MapStore(root / "history.db.map")
        self.runs = 0
        for file, text in files.items():
            self.write(file, text)

    def write(self, file, text):
        path = self.checkout / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")

    def run(self, *tests, record=True):
        """Run files or tests; what they gave, and the folder where their workers noted."""
        self.runs += 1
        directory = self.root / f"run-{self.runs}"
        noted = directory / "touched"
        bench = Bench(
            directory=directory,
            checkout=self.checkout,
            python=self.python,
            command=(self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            record=noted if record else None,
        )
        cases = [
            TestCase(application="shop", file=each.split("::")[0], name=each.partition("::")[2] or None)
            for each in tests
        ]
        with PytestRunner().session(bench) as session:
            batch = Batch(id="one/1", runner="pytest", bench=bench, tests=tuple(cases))
            return [*session.run(batch), *session.finish()], noted

    def record(self, *tests):
        """Run tests, and keep what they touched; the map."""
        outcomes, noted = self.run(*tests)
        assert {outcome.status for outcome in outcomes} == {"passed"}, outcomes
        self.store.record("shop", self.checkout, noted)
        return self.map()

    def map(self):
        found, why = self.store.map_of("shop")
        assert not why
        return found


def selected(application, *changed, base=None, **past):
    """The tests that would run once these files are changed, since a commit if one is named, each with its reason."""
    map_ = application.map()
    tests = [TestCase.from_id(f"shop::{place}") for place in map_.tests]
    context = Context(
        application=Application(name="shop", path=application.checkout),
        change=Change(application="shop", files=changed, reason="declared", base=base),
        past=Past(maps={"shop": map_}, **past),
    )
    return {
        f"{choice.test.file}::{choice.test.name}": choice.reason
        for choice in decided(tests, context)
        if choice.selected
    }


def decided(tests, context):
    """What `recorded` says; where the record explains a change, `change-based` says the same."""
    choices = list(SelectByRecord().select(tests, evolve(context, evidence=SelectByRecord().gather(context))))
    evidence = SelectByChange().gather(context)
    if evidence.recorded is not None:
        assert choices == list(SelectByChange().select(tests, evolve(context, evidence=evidence)))
    return choices

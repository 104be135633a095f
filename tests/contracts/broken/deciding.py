"""Sources of checkouts and changes, selectors, analyzers and routers that each break their contract in many ways."""

import itertools
from pathlib import Path

import pytest

from testflow_core.errors import ApplicationUnavailableError
from testflow_core.interfaces import Analyzer, ChangeSource, CheckoutSource, Router, Selector
from testflow_core.model import (
    Application,
    Change,
    ChangedLines,
    Choice,
    Context,
    Diagnosis,
    Route,
    TestCase,
    Uncovered,
)
from testflow_core.testing import contracts

COUNT = itertools.count()
"""What makes every answer another one."""


class Nowhere(CheckoutSource):
    def checkout(self, application):
        if application.name == "bank":
            raise ApplicationUnavailableError(" ")
        return Path(f"no/such/{next(COUNT)}")

    def tree(self, checkout):
        if checkout.is_dir():
            (checkout / f"left-{next(COUNT)}").touch()
        return str(next(COUNT))


class TestNowhere(contracts.CheckoutSourceContract, contracts.CheckoutSourceThatNamesTrees):
    tree = pytest.fixture(lambda self, tmp_path: tmp_path)
    source = pytest.fixture(lambda self: Nowhere())
    available = pytest.fixture(lambda self: Application(name="shop"))
    unavailable = pytest.fixture(lambda self: Application(name="bank"))


class Absolute(ChangeSource):
    def changes(self, application):
        if application.base:
            raise LookupError(application.base)
        return Change(application=str(next(COUNT)), files=("/etc/passwd", "a", "a"), reason="")

    def changed_lines(self, application, change, file):
        return [ChangedLines(file="b", first=0, last=0)]


class TestAbsolute(contracts.ChangeSourceContract, contracts.ChangeSourceThatTellsLines):
    source = pytest.fixture(lambda self: Absolute())
    changed = pytest.fixture(lambda self: Application(name="shop"))
    unknown = pytest.fixture(lambda self: Application(name="bank"))


class Moody(Selector):
    def select(self, tests, context):
        burning = 0
        if len(tests) > 1_000:
            while burning < 200_000:
                burning += 1
        nobody = TestCase(application="nobody", file=type(tests).__name__)
        for number, test in enumerate((nobody, *tests[1:])):
            yield Choice(test=test, selected=True, reason=" " * next(COUNT), priority=float("nan") if number else 1.0)

    def warnings(self, tests, context):
        if not tests:
            raise LookupError("no test")
        return [" " * next(COUNT)]


class TestMoody(contracts.SelectorContract, contracts.SelectorThatWarns):
    seconds = 0.0
    selector = pytest.fixture(lambda self: Moody())
    without_effect = pytest.fixture(lambda self: ((TestCase(application="a", file="b"),), None))


class Silent(Selector):
    select = Moody.select


class TestSilent(contracts.SelectorContract, contracts.SelectorThatWarns):
    selector = pytest.fixture(lambda self: Silent())
    without_effect = pytest.fixture(lambda self: ((), None))


class Overlooking(Selector):
    select = Moody.select

    def uncovered(self, choices, context):
        part = Uncovered(application="nobody", file="odd.py", reason=" " * next(COUNT))
        return [part, part] if any(each.selected for each in choices) or not choices else []


class TestOverlooking(contracts.SelectorContract, contracts.SelectorThatCovers):
    selector = pytest.fixture(lambda self: Overlooking())
    untested = pytest.fixture(
        lambda self: (
            [Choice(test=TestCase(application="a", file="b"), selected=True, reason="all")],
            Context(application=Application(name="a"), change=Change(application="a", files=("c",), reason="told")),
        )
    )


class Splitting(Selector):
    select = Moody.select

    def narrowed(self, choices, context):
        elsewhere = TestCase(application="nobody", file="odd.py")
        return {elsewhere: [Choice(test=elsewhere, selected=True, reason=" ")] * 2}


class TestSplitting(contracts.SelectorContract, contracts.SelectorThatNarrows):
    selector = pytest.fixture(lambda self: Splitting())
    narrowed = pytest.fixture(
        lambda self: ([Choice(test=TestCase(application="a", file="b"), selected=True, reason="all")], Context())
    )


class Guess(Analyzer):
    def analyze(self, failures, context):
        texts = [each.evidence[0].text for each in failures if each.evidence]
        if not failures or any(text not in {"assert 1 == 2", ""} and "field" not in text for text in texts):
            raise LookupError("no failure, or an odd one")
        if "" in texts and len(failures) == 3:
            raise LookupError("an empty one")
        return [Diagnosis(test=each.test, category=" " * next(COUNT), reason="") for each in failures[::-1]]

    def related(self, causes, known):
        return {each.id: each.id for each in causes}


class TestGuess(contracts.AnalyzerContract, contracts.AnalyzerByCategories, contracts.AnalyzerThatRelates):
    analyzer = pytest.fixture(lambda self: Guess())


class Lost(Router):
    def route(self, diagnoses, context):
        if not diagnoses:
            raise LookupError("no diagnosis")
        return [Route(test=each.test, team=" " * next(COUNT), reason="") for each in diagnoses[::-1]]


class TestLost(contracts.RouterContract, contracts.RouterByTeams):
    router = pytest.fixture(lambda self: Lost())

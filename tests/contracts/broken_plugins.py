"""Plugins that each break their contract in many ways; every test of every contract fails for one of them."""

import itertools
import json
import logging
import os
import socket
import subprocess
import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from attrs import evolve

from testflow_core.errors import ApplicationUnavailableError, DataError, Problem, ProvisionError
from testflow_core.interfaces import (
    Analyzer,
    ChangeSource,
    CheckoutSource,
    Crew,
    DataGenerator,
    Destination,
    Executor,
    Provisioner,
    Reporter,
    Router,
    Runner,
    RunnerSession,
    Selector,
)
from testflow_core.model import (
    Application,
    BatchEnded,
    Bench,
    Change,
    ChangedLines,
    Choice,
    Column,
    Context,
    DataSet,
    Delivery,
    Diagnosis,
    Endpoint,
    Entity,
    Environment,
    Loaded,
    Message,
    Outcome,
    Provisioned,
    Route,
    Service,
    Status,
    Table,
    TestCase,
    TestData,
    Uncovered,
)
from testflow_core.testing import contracts
from testflow_core.testing.servers import GitHubServer, unavailable

TOKEN = "ghp_0123456789"  # noqa: S105
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


class Loose(DataGenerator):
    def generate(self, data):
        if data.name == "impossible":
            return self.later()
        made = {name: [{"id": next(COUNT), "x": {1}, "user": "nobody"}] for name in data.entities}
        return {**made, "more": []}

    def later(self):
        raise DataError("")
        yield

    def problems(self, data):
        return [] if data.name == "impossible" else [Problem("", "")]

    def tables(self, data):
        columns = (Column(name="user", type=None, refers=("users", "id")),)
        return dict.fromkeys(data.entities, Table(columns=columns))


class TestLoose(
    contracts.DataGeneratorContract,
    contracts.DataGeneratorWithReferences,
    contracts.DataGeneratorThatChecks,
    contracts.DataGeneratorWithTables,
):
    generator = pytest.fixture(lambda self: Loose())
    impossible = pytest.fixture(lambda self: (Loose(), TestData(name="impossible")))

    @pytest.fixture
    def data(self):
        users = Entity(count=2, schema={"id": "uuid"})
        return TestData(name="d", entities={"users": users, "orders": Entity(count=2, schema={"user": "ref:users.id"})})


class Drifting(DataGenerator):
    generate = Loose.generate

    def corpus(self, data):
        return {"words": next(COUNT)}


class TestDrifting(contracts.DataGeneratorThatNamesItsCorpus):
    generator = pytest.fixture(lambda self: Drifting())
    data = pytest.fixture(lambda self: TestData(name="d"))


class TestUnnamed(contracts.DataGeneratorThatNamesItsCorpus):
    generator = pytest.fixture(lambda self: Loose())
    data = pytest.fixture(lambda self: TestData(name="d"))


class Unchecked(DataGenerator):
    generate = Loose.generate
    later = Loose.later


class TestUnchecked(contracts.DataGeneratorThatChecks, contracts.DataGeneratorWithTables):
    generator = pytest.fixture(lambda self: Unchecked())
    data = pytest.fixture(lambda self: TestData(name="d"))
    impossible = pytest.fixture(lambda self: (Loose(), TestData(name="impossible")))


class Sticky(Destination):
    """One file for all, which stays."""

    @contextmanager
    def load(self, data, bench):
        path = bench.checkout / "data.json"
        if path.exists():
            raise DataError(" ")
        path.write_text(json.dumps({**data.records, "more": []}))
        there = Loaded(variables={"THE FILE": path})
        yield evolve(there, clone=lambda: nullcontext(there))


class TestSticky(contracts.DestinationContract, contracts.DestinationWithCopies):
    destination = pytest.fixture(lambda self: Sticky())

    @pytest.fixture
    def read(self):
        return lambda loaded, data: json.loads(loaded.variables["THE FILE"].read_text())

    @pytest.fixture
    def impossible(self, tmp_path):
        return Sticky(), DataSet(name="d", records={}), Bench(directory=tmp_path, checkout=tmp_path)


class Hasty(Executor):
    """Runs every batch twice at once where it is submitted, tells the end first, and leaves a thread."""

    @contextmanager
    def crew(self, run_batch):
        yield HastyCrew(run_batch)


class HastyCrew(Crew):
    def __init__(self, run_batch):
        self.slots = {"": -1} if run_batch is contracts.executor.passing else {"": 1}
        self.run_batch = run_batch
        self.told = [BatchEnded(batch=None)] if run_batch is contracts.executor.passing else []

    def submit(self, batch):
        # It stays until the process ends.
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        self.told.append(BatchEnded(batch=batch))
        runs = [self.run_batch(batch), self.run_batch(batch)]
        outcomes = [outcome for both in zip(*runs, strict=True) for outcome in both]
        spans = [outcome.values for outcome in outcomes if outcome.values]
        if spans:
            whole = {"began": spans[0]["began"], "ended": spans[-1]["ended"]}
            outcomes = [evolve(outcome, values=whole) for outcome in outcomes]
        self.told += outcomes

    def cancel(self, batch):
        self.told.append(BatchEnded(batch=batch))

    def events(self):
        return iter(self.told)


class TestHasty(contracts.ExecutorContract):
    executor = pytest.fixture(lambda self: Hasty())


class Repeats(Reporter):
    """Publishes what it was told before it was asked, again and again, and only the first run."""

    def __init__(self):
        self.printed = ["something"]
        self.first = None

    def report(self, run):
        self.first = self.first or run.run_id
        if run.run_id == self.first:
            self.printed.append(run.run_id)
        if run.reports is None or not run.results or "required" not in run.warnings[0] + run.run_id + "required"[:0]:
            self.printed.clear()
        if run.reports is None:
            raise LookupError("no folder")

    def observe(self, event):
        raise LookupError("never observed")


class TestRepeats(contracts.ReporterContract, contracts.ReporterThatObserves):
    reporter = pytest.fixture(lambda self: Repeats())

    @pytest.fixture
    def published(self, reporter):
        return lambda run: list(reporter.printed)


class TestBlind(contracts.ReporterThatObserves):
    reporter = pytest.fixture(lambda self: None)


class Deaf(Reporter):
    """Sends nothing, and finds that well."""

    def deliver(self, run):
        return Delivery(reporter="deaf", run_id=run.run_id)

    def report(self, run):
        pass


class Shouter:
    """Opens an issue whatever it is told, that says all it knows, and logs the token."""

    def __init__(self, issues):
        self.issues = issues

    def deliver(self, run):
        logging.getLogger("shouter").error(TOKEN)
        self.issues.append(contracts.ToldIssue(key=f"{len(self.issues)}", title="!", text=repr(run), is_open=True))
        return Delivery(reporter="shouter", messages=(Message(action="open", subject="!", body=repr(run)),))


class TestDeaf(contracts.TrackerContract):
    issues = pytest.fixture(lambda self: [])
    told = pytest.fixture(lambda self, issues: lambda: list(issues))
    reporter = pytest.fixture(lambda self: lambda **_: Deaf())
    add_below = pytest.fixture(lambda self: lambda _: None)
    close_declined = pytest.fixture(lambda self: lambda: None)
    without_token = pytest.fixture(lambda self: lambda: None)
    nothing_listed = pytest.fixture(lambda self: unavailable())
    secret_token = pytest.fixture(lambda self: TOKEN)

    @pytest.fixture
    def server(self):
        with GitHubServer() as server:
            yield server


class TestShouter(TestDeaf):
    reporter = pytest.fixture(lambda self, issues: lambda **_: Shouter(issues))


class Everywhere(Runner):
    """Finds a test twice and outside, another each time; a failing test is an exception."""

    def discover(self, application, paths):
        return [TestCase(application="another", file=f"/outside/{next(COUNT)}")] * 2

    def conditions(self, application):
        return str(next(COUNT))

    @contextmanager
    def ready(self, application):
        yield (application.path / "a.py").exists()

    @contextmanager
    def session(self, bench):
        yield BrokenSession()
        raise LookupError("it does not end")


class BrokenSession(RunnerSession):
    def run(self, batch):
        for test in batch.tests:
            yield Outcome(test=test, status=Status.FAILED)
        raise AssertionError("a failing test")


class TestEverywhere(
    contracts.RunnerContract,
    contracts.RunnerThatDividesFiles,
    contracts.RunnerThatNamesConditions,
    contracts.RunnerThatGetsReady,
):
    runner = pytest.fixture(lambda self: Everywhere())

    @pytest.fixture
    def application(self, tmp_path):
        return Application(name="shop", path=tmp_path)

    @pytest.fixture
    def expected(self):
        return {"shop::a.py::test_a": Status.FAILED, "shop::a.py::test_b": Status.PASSED}


LEFT = []
ENDLESS = "exec 9>$CONTRACT_PIPE; echo here >&9; echo open; exec sleep 1000"


class Careless(Runner):
    """Knows nothing of names, variables and limits, and ends nothing that it starts."""

    def discover(self, application, paths):
        return []

    @contextmanager
    def session(self, bench):
        yield CarelessSession()


class CarelessSession(RunnerSession):
    def run(self, batch):
        pipe = batch.variables.get("CONTRACT_PIPE")
        if pipe is not None:
            environment = {**os.environ, "CONTRACT_PIPE": pipe}
            LEFT.append(subprocess.Popen(["sh", "-c", ENDLESS], env=environment, stdout=subprocess.PIPE))
            LEFT[-1].stdout.readline()
        for test in batch.tests:
            yield Outcome(test=test, status=Status.PASSED)


class TestCareless(contracts.RunnerOfProcesses):
    seconds = 1.0
    runner = pytest.fixture(lambda self: Careless())
    told = pytest.fixture(lambda self: TestCase.from_id("shop::a.py::told"))
    doubling = pytest.fixture(lambda self: TestCase.from_id("shop::a.py::doubling"))
    endless = pytest.fixture(lambda self: TestCase.from_id("shop::a.py::endless"))
    expected = pytest.fixture(lambda self: {"shop::a.py::test_a": Status.FAILED})

    @pytest.fixture(autouse=True)
    def _ended(self):
        yield
        while LEFT:
            process = LEFT.pop()
            process.kill()
            process.communicate()

    @pytest.fixture
    def bench(self, tmp_path):
        return Bench(directory=tmp_path, checkout=tmp_path)


class Leaking(Provisioner):
    """Takes the wished ports without asking, tells passwords, loses its errors, leaves what listens, cleans blindly."""

    def clean(self):
        return [""]

    def inventory(self, site):
        return {"container": ("left",)}

    def refuses(self, environment):
        return " "

    def problems(self, environment):
        return [] if environment.name == "mistaken" else [Problem("$", "")]

    @contextmanager
    def provision(self, environment, site):
        if environment.name == "fails":
            raise ProvisionError("the password is s3cret", logs={"another": "nothing"})
        if not environment.services:
            raise LookupError("no services")
        (site.directory.parent / "left").mkdir(exist_ok=True)
        points = {"more": Endpoint(host="0.0.0.0", ports={1: 1})}  # noqa: S104 - the mistake
        yield Provisioned(environment="another", endpoints=points, warnings=("s3cret",))


def environment(name):
    service = Service(name="db", type="x", ports={1: 0}, env={"A": "{api.host}"})
    return Environment(name=name, services={"db": service, "api": Service(name="api", type="x")})


class TestLeaking(
    contracts.ProvisionerContract,
    contracts.ProvisionerThatChecks,
    contracts.ProvisionerThatCleans,
    contracts.ProvisionerOfProcesses,
):
    services = {"two": environment("two")}
    failures = {"one": (environment("fails"), "what nobody says")}
    mistakes = {"one": (environment("mistaken"), "$.services.db")}
    secrets = ("s3cret",)
    provisioner = pytest.fixture(lambda self: Leaking())


class Copying(Provisioner):
    """Copies that are the same, tells nothing of itself by variables, and renews nothing."""

    def refuses(self, environment):
        return None

    @contextmanager
    def provision(self, environment, site):
        points = {"db": Endpoint(host="a", password="a")}  # noqa: S106 - made up
        up = Provisioned(environment=environment.name, endpoints=points)
        yield up if environment.name == "none" else evolve(up, renew=lambda: up, clone=lambda by: nullcontext(up))


class TestCopying(contracts.ProvisionerContract, contracts.ProvisionerWithCopies):
    services = {"two": environment("two")}
    copied = {"one": environment("two"), "another": environment("none")}
    provisioner = pytest.fixture(lambda self: Copying())
    write = pytest.fixture(lambda self: lambda endpoint: None)
    holds = pytest.fixture(lambda self: lambda endpoint: True)


class Harmless(Provisioner):
    """Promises faults to everybody, does nothing, never answers, and leaves the site behind."""

    def refuses(self, environment):
        return None

    @contextmanager
    def provision(self, environment, site):
        points = {name: Endpoint(host="127.0.0.1", ports={1: 1}) for name in environment.services}
        yield Provisioned(environment=environment.name, endpoints=points, inject=lambda *_: lambda: None)


class TestHarmless(contracts.ProvisionerContract, contracts.ProvisionerWithFaults):
    services = {"two": environment("two")}
    disturbed = {"one": environment("two")}
    provisioner = pytest.fixture(lambda self: Harmless())


class Unready(Provisioner):
    """Says that all is well, starts a listener for what failed, and keeps the site's directory in use."""

    def refuses(self, environment):
        return None

    @contextmanager
    def provision(self, environment, site):
        wished = (port for each in environment.services.values() for port in each.ports.values() if port)
        LISTENERS.extend(socket.create_server(("127.0.0.1", port), reuse_port=True) for port in wished)
        if environment.name == "fails":
            raise ProvisionError("db did not come up", service="db", logs={"db": "it ended"})
        own = socket.create_server(("127.0.0.1", 0))
        LISTENERS.append(own)
        ports = {1: own.getsockname()[1]}
        points = {name: Endpoint(host="127.0.0.1", ports=ports) for name in environment.services}
        yield Provisioned(environment=environment.name, endpoints=points)


LISTENERS = []


class TestUnready(
    contracts.ProvisionerContract,
    contracts.ProvisionerThatChecks,
    contracts.ProvisionerThatCleans,
    contracts.ProvisionerOfProcesses,
):
    services = {"two": environment("two")}
    failures = {"one": (environment("fails"), "it ended")}
    mistakes = {"one": (environment("mistaken"), "$.services.db")}
    provisioner = pytest.fixture(lambda self: Unready())

    @pytest.fixture(autouse=True)
    def _closed(self):
        yield
        while LISTENERS:
            LISTENERS.pop().close()


class Twice(Unready):
    """Cannot bring the same environment up a second time, or two at once."""

    @contextmanager
    def provision(self, environment, site):
        if ONCE:
            raise ProvisionError("it is up already")
        ONCE.append(site)
        yield Provisioned(environment=environment.name)


ONCE = []


class TestTwice(contracts.ProvisionerContract):
    services = {"two": environment("two")}
    provisioner = pytest.fixture(lambda self: Twice())

    @pytest.fixture(autouse=True)
    def _forgotten(self):
        yield
        ONCE.clear()


class TestUndeclared(contracts.ProvisionerContract):
    """Declares nothing and overrides no fixture."""

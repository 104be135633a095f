"""Reporters that deliver are asked first, and what they answer is told by the others and remembered."""

import pytest
from attrs import field, frozen

import testflow
from testflow_core.interfaces import Reporter
from testflow_core.model import Delivery, Message, Outcome, Status, TestCase
from testflow_core.testing import MemoryPlugins, MemoryRunner


class RealPlugins(MemoryPlugins):
    outside = True


@frozen(kw_only=True)
class Pigeon(Reporter):
    """Delivers what it is told to, in a house of that name."""

    house: str = "home"
    trouble: str = ""
    colour: str = "grey"
    sent: list = field(factory=list, repr=False)

    def deliver(self, run):
        self.sent.append(run.run_id)
        message = Message(action="post", subject="a letter", title="a letter", sent=not self.trouble)
        return Delivery(
            reporter="pigeon", run_id=run.run_id, place=self.house, messages=(message,), trouble=self.trouble
        )

    def report(self, run):
        raise AssertionError("what delivers is not asked to report")


class Lost(Pigeon):
    def deliver(self, run):
        raise LookupError("no way home")


class Kept(Reporter):
    def __init__(self):
        self.runs = []

    def report(self, run):
        self.runs.append(run)


@pytest.fixture
def execute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api").mkdir()
    test = TestCase.from_id("api::tests/test_a.py")
    outcome = Outcome(test=test, status=Status.FAILED, message="boom")
    plugins = RealPlugins(MemoryRunner(tests={"api": (test.file,)}, outcomes={test.id: outcome}))

    def run(*reporters, **options):
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {})
        applications = {"api": {"path": str(tmp_path / "api")}}
        return testflow.Engine(plugins=plugins, applications=applications, reporters=reporters, **options).execute(
            workflow
        )

    return run


def test_the_other_reporters_are_told_what_arrived_wherever_they_stand(execute):
    kept = Kept()
    run = execute(kept, Pigeon())
    assert [each.place for each in kept.runs[0].deliveries] == ["home"]
    assert run.deliveries == kept.runs[0].deliveries
    assert run.deliveries[0].again == ""
    assert run.plugin_failures == ()


def test_what_did_not_arrive_can_be_sent_by_the_line_that_is_told(execute, tmp_path):
    run = execute(Pigeon(house="tower", trouble="a hawk"))
    expected = (
        f"testflow.History({str(tmp_path / '.testflow/history.db')!r})"
        f".report({run.run_id!r}, Pigeon(house='tower', trouble='a hawk'))"
    )
    assert run.deliveries[0].again == expected
    pigeon = Pigeon(house="tower")
    again = testflow.History().report(run.run_id, pigeon)
    assert pigeon.sent == [run.run_id]
    assert [each.sent for each in again.deliveries[0].messages] == [True]
    assert testflow.History().undelivered() == ()


def test_a_pigeon_that_raises_is_a_plugin_that_failed_and_the_others_go_on(execute):
    kept = Kept()
    run = execute(Lost(), Pigeon(), kept)
    assert [str(failure) for failure in run.plugin_failures] == ["the reporter 'Lost' raised LookupError: no way home"]
    assert [each.reporter for each in kept.runs[0].deliveries] == ["pigeon"]
    assert kept.runs[0].plugin_failures == run.plugin_failures


def test_files_of_a_run_that_is_reported_again_stand_beside_the_history(execute, tmp_path):
    run = execute()
    testflow.History().report(run.run_id, "markdown", "junit")
    folder = tmp_path / ".testflow/reports" / run.run_id
    assert {path.name for path in folder.iterdir()} == {"summary.md", "junit.xml"}
    assert "boom" in (folder / "summary.md").read_text()


def test_a_history_that_cannot_be_written_is_a_warning(execute, tmp_path):
    class Eats(Pigeon):
        def deliver(self, run):
            (tmp_path / ".testflow/history.db").write_bytes(b"crumbs" * 1000)
            return super().deliver(run)

    kept = Kept()
    execute(Eats(), kept)
    [warning] = kept.runs[0].warnings
    assert warning.startswith("what was sent of this run is not remembered: ")

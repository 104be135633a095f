"""Files that a report names as those of a test are known by their paths where it failed."""

from testflow_core.builtin.runners.command_outcomes import FileRun, outcomes_of
from testflow_core.builtin.runners.junit_report import read_junit
from testflow_core.builtin.runners.program import Ending
from testflow_core.model import TestCase

REPORT = """<testsuites><testsuite name="cart.spec.ts">
<testcase name="pays" classname="cart.spec.ts"><properties><property name="browser" value="firefox"/>
<property name="attachment" value="test-results/pays/video [1].webm"/></properties>
<failure message="not visible">Error: not visible</failure>
<system-out>
[[ATTACHMENT|test-results/pays/test-failed-1.png]]
[[ATTACHMENT|test-results/pays/trace.zip]]
[[ATTACHMENT|test-results/pays/trace.zip]]
</system-out></testcase>
<testcase name="looks" classname="cart.spec.ts"><system-out>[[ATTACHMENT|a.png]]</system-out></testcase>
</testsuite></testsuites>"""


def test_the_files_of_a_failed_test_are_told_once_and_none_of_one_that_passed(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    run = FileRun(
        test=TestCase(application="shop", file="cart.spec.ts", name=None),
        checkout=tmp_path,
        program="npx",
        ending=Ending(code=1, duration=1.0, started=5.0, stdout="", stderr=""),
        own=read_junit(tmp_path / "report.xml"),
    )
    failed, passed = sorted(outcomes_of(run), key=lambda each: each.status)
    named = [each.path for each in failed.context.artifacts]
    assert named == [
        "test-results/pays/video [1].webm",
        "test-results/pays/test-failed-1.png",
        "test-results/pays/trace.zip",
    ]
    assert failed.span == 1.0
    assert passed.context is None

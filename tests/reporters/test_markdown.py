"""The reporter `markdown`, its output read by a parser of GitHub's dialect."""

import re

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from testflow_core.builtin.reporters.markdown import MarkdownReporter
from testflow_core.model import Evidence, Run, Status, TestCase, TestResult

from .conftest import failure


def written(run: Run, reporter: MarkdownReporter | None = None) -> str:
    (reporter or MarkdownReporter()).report(run)
    assert run.reports is not None
    return (run.reports / "summary.md").read_text("utf-8")


def parsed(text: str) -> str:
    return MarkdownIt("gfm-like", {"linkify": False}).render(text)


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]


def test_the_opening_says_how_it_ended(run: Run):
    lines = written(run).splitlines()
    assert lines[0] == "# payment-integration-tests did not pass"
    assert lines[2] == "**1 failed, 1 passed, 1 skipped, 2 unavailable, 1 interrupted** in 8.00s"


def test_a_run_in_which_all_passed_says_so(run: Run):
    assert written(evolve(run, results=run.results[:1])).startswith("# payment-integration-tests passed\n")


def test_a_table_counts_by_application(run: Run):
    head, *rows = cells(parsed(written(run)))[:4]
    assert head == ["application", "passed", "failed", "skipped", "unavailable", "interrupted", "time"]
    assert rows == [
        ["<code>payment-service</code>", "1", "1", "0", "0", "0", "1.55s"],
        ["<code>user-service</code>", "0", "0", "1", "0", "1", "0.00s"],
        ["<code>web</code>", "0", "0", "0", "2", "0", "0.00s"],
    ]


def test_a_failure_has_its_evidence_category_and_team(run: Run):
    html = parsed(written(run))
    assert "<h3><code>payment-service::tests/test_processor.py::test_rounding</code></h3>" in html
    assert "ValidationError: amount 10.005 has more than two decimals\nassert 422 == 201\n</code></pre>" in html
    assert "category <strong>validation</strong>: a pattern matches" in html
    assert "team <strong>api-team</strong>" in html


def test_skipped_unavailable_and_interrupted_tests_have_their_reasons_folded_away(run: Run):
    html = parsed(written(run))
    for title in ("2 tests unavailable", "1 test skipped", "1 test interrupted"):
        assert f"<details>\n<summary>{title}</summary>" in html
    assert ["<code>user-service::tests/test_auth.py</code>", "nothing changed"] in cells(html)


def test_warnings_plugins_provisioner_phases_and_run_are_told(run: Run):
    html = parsed(written(run))
    for told in (
        "13.4 could not be had, 15.3 is used",
        "the reporter 'chat' raised OSError: gone",
        "process: it refuses nothing",
        "plan 0.50s · execute 7.50s",
        "20261122-203446-5f3a",
        "2026-11-22 20:34:46 UTC",
    ):
        assert told in html


def test_leaks_are_told_and_the_run_did_not_pass(leaking: Run):
    text = written(evolve(leaking, results=leaking.results[:1]))
    assert "did not pass" in text
    assert "**2 leaks, 1 passed**" in text
    assert "## Leaks\n\n- the environment 'shop' has left the process 4711 (api_server); end or" in text
    assert "/srv/&lt;site>" in text


def test_failures_that_look_alike_are_told_once(run: Run):
    tests = [TestCase(application="a", file="t.py", name=f"test_{number}") for number in range(5)]
    text = written(evolve(run, results=tuple(failure(test) for test in tests)))
    assert text.count("assert 422 == 201") == 1
    assert "4 other tests failed in the same way" in text
    assert all(f"`{test.id}`" in text for test in tests)


def test_long_lists_are_cut_and_say_so(run: Run):
    results = tuple(
        TestResult(test_id=f"a::t.py::test_{number}", status=Status.SKIPPED, reason="no") for number in range(2_000)
    )
    text = written(evolve(run, results=results))
    assert "2,000 tests skipped" in text
    assert "1,900 more" in text
    assert len(text) < 20_000


def test_many_causes_are_cut_and_say_so(run: Run):
    tests = [TestCase(application="a", file="t.py", name=f"test_{number}") for number in range(5)]
    results = tuple(failure(test, message=f"cause {test.name}") for test in tests)
    text = written(evolve(run, results=results), MarkdownReporter(failures=2))
    assert text.count("### ") == 2
    assert "3 more causes of failure" in text


NASTY = [
    "a | b",
    "`code` ``two``",
    "```\nfence\n````",
    "<script>alert(1)</script>",
    "</details>",
    "[link](javascript:x) ![image](y)",
    "**bold** _it_ ~~no~~ \\| \\",
    "# heading",
    "- item",
    "1. one",
    "&amp; &lt;",
    "$math$",
    "two\nlines\r\n\r\nand more",
]


@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_test_can_break_out(run: Run, text: str):
    bad = TestCase(application="a", file="t.py", name=text)
    results = (
        failure(bad, message=text),
        TestResult(test_id=f"a::t.py::{text}", status=Status.SKIPPED, reason=text),
    )
    html = parsed(written(evolve(run, results=results, warnings=(text,), workflow=text)))
    assert all(len(row) in {2, 4, 5} for row in cells(html))
    assert len(re.findall("<h1>", html)) == 1
    assert html.count("<details>") == html.count("</details>") == 2
    assert html.count("<pre>") == 2
    for tag in ("<script", "<a ", "<img", "<em>", "<del>", "<ol>"):
        assert tag not in html
    assert html.count("<ul>") == 3


@given(text=st.text(alphabet="`|\\<>*_[]()-#~!&\n a1.$", min_size=1, max_size=30).filter(str.strip))
def test_any_text_stays_in_its_cell(text: str, tmp_path_factory: pytest.TempPathFactory):
    run = Run(
        run_id="r",
        workflow="w",
        started=0.0,
        results=(TestResult(test_id=f"a::f::{text}", status=Status.SKIPPED, reason=text),),
        reports=tmp_path_factory.getbasetemp() / "any-cell",
    )
    rows = cells(parsed(written(run)))
    assert [len(row) for row in rows] == [5, 5, 2, 2]
    assert rows[3][0].startswith("<code>")
    assert rows[3][0].endswith("</code>")
    words = re.sub("&lt;|&gt;|&amp;|&quot;", "x", rows[3][1])
    assert "<" not in words.replace("<em>", "?")


def test_evidence_of_a_log_follows_the_message(run: Run):
    result = failure(TestCase(application="a", file="t.py", name="n"), message="it did not come up")
    assert result.diagnosis is not None
    evidence = Evidence(kind="payment-db log", text="FATAL: no memory\nHINT: add some", rank=2)
    result = evolve(result, diagnosis=evolve(result.diagnosis, evidence=evidence))
    assert "it did not come up\npayment-db log:\nFATAL: no memory\nHINT: add some\n" in written(
        evolve(run, results=(result,))
    )


def test_a_failure_without_a_message_shows_the_end_of_its_logs(run: Run):
    logs = "\n".join(f"line {number}" for number in range(100))
    text = written(evolve(run, results=(TestResult(test_id="a::f::n", status=Status.ERROR, logs=logs),)))
    assert "line 99" in text
    assert "line 3\n" not in text


def test_reporting_twice_gives_one_file(run: Run):
    assert written(run) == written(run)
    assert run.reports is not None
    assert [path.name for path in run.reports.iterdir()] == ["summary.md"]


def test_the_causes_are_a_table(caused: Run):
    text = written(caused)
    assert "## 1 cause\n" in text
    seen = "in 4 runs since 2026-11-18, last 2026-11-21, also red on main"
    verdict = "caused by this change: src/pay.py changed. look at src/pay.py:3 (not committed)"
    cause = "amount &lt;number&gt; has | more than two decimals"
    assert ["1", cause, "validation", "api-team", seen, verdict] in cells(parsed(text))


def test_more_causes_than_are_shown_stand_in_the_other_report(caused: Run):
    text = written(evolve(caused, clusters=caused.clusters * 3), MarkdownReporter(failures=1))
    assert "## 3 causes\n" in text
    assert "2 more causes: see `junit.xml`." in text


def test_what_was_sent_is_told(delivering: Run):
    text = written(delivering)
    assert "## Sent" in text
    assert "to a/b: open a/b#7 (no \\| space), update a/b#3" in text
    assert "Jira answered 503" in text

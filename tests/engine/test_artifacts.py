"""What a failed test leaves is kept by path, and told of with its size and kind; what it may not leave is said."""

import os
from pathlib import Path

import pytest

import testflow
from testflow_core.execution.artifact_search import TICK
from testflow_core.execution.artifacts import RUNS, forget_older

SHOTS = f"""
import pathlib, time
TICK = {TICK}
def shot(name, text="picture"):
    path = pathlib.Path("shots") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
def test_passes():
    shot("passed.png")
    time.sleep(2 * TICK)
def test_fails():
    shot("failed.png")
    shot("deep/it [en], \N{SNOWMAN}.log", "said")
    assert 1 == 2
def test_leaves_nothing():
    assert 1 == 2
"""


def run(tests, folder, application=None, reporters=(), **selection):
    (folder / "shop" / "tests").mkdir(parents=True, exist_ok=True)
    (folder / "shop" / "tests" / "test_it.py").write_text(tests)
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", selection)
    result = testflow.Engine(workers=1, reporters=reporters, applications={"shop": application or {}}).execute(workflow)
    return {each.test_id.rpartition("::")[2]: each for each in result.results}, result


def artifacts(result):
    return {each.name: each for each in result.context.artifacts} if result.context else {}


def test_files_that_match_are_those_of_the_test_that_wrote_them_and_outlive_the_next_run(tmp_path):
    found, result = run(SHOTS, tmp_path, {"artifacts": ["shots/**/*.png", "*.log"]})
    kept = artifacts(found["test_fails"])
    assert {(each.name, each.kind, each.size, each.note) for each in kept.values()} == {
        ("shots/failed.png", "image", 7, ""),
        ("shots/deep/it [en], \N{SNOWMAN}.log", "text", 4, ""),
    }
    (tmp_path / "shop/shots/failed.png").write_text("written over")
    assert Path(kept["shots/failed.png"].path).read_text() == "picture"
    assert artifacts(found["test_passes"]) == artifacts(found["test_leaves_nothing"]) == {}
    (again,) = [each for each in testflow.History().run(result.run_id).results if each.label.endswith("test_fails")]
    assert again.context == found["test_fails"].context


def test_what_a_test_says_is_its_file_is_kept_whatever_the_globs(tmp_path):
    tests = """
import pathlib
def test_property(record_property):
    pathlib.Path("page.html").write_text("<p>")
    record_property("attachment", "page.html")
    assert 0
def test_printed():
    pathlib.Path("log]] of it.txt").write_text("x")
    print("[[ATTACHMENT|log]] of it.txt]]")
    print("[[ATTACHMENT|gone.txt]]")
    assert 0
"""
    found, _ = run(tests, tmp_path)
    (page,) = artifacts(found["test_property"]).values()
    assert (page.name, page.kind, Path(page.path).read_text()) == ("page.html", "page", "<p>")
    printed = artifacts(found["test_printed"])
    assert Path(printed["log]] of it.txt"].path).read_text() == "x"
    assert printed["gone.txt"].note == "is not there"


def test_the_folder_of_a_failed_test_is_kept_and_that_of_the_plugin_for_browsers_file_by_file(tmp_path):
    tests = """
import pytest
@pytest.fixture
def output_path(request):
    return f"test-results/{request.node.name}"
@pytest.fixture(autouse=True)
def recorder(output_path):
    yield
    import pathlib
    folder = pathlib.Path(output_path)
    folder.mkdir(parents=True)
    (folder / "trace.zip").write_text("t")
    (folder / "test-failed-1.png").write_text("p")
def test_passes(tmp_path):
    (tmp_path / "x").write_text("")
def test_fails(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "orders.csv").write_text("1")
    (tmp_path / "large").write_text("x" * 2_000_000)
    assert 0
"""
    found, _ = run(tests, tmp_path)
    kept = artifacts(found["test_fails"])
    results = "test-results/test_fails"
    assert {name: each.kind for name, each in kept.items()} == {
        f"{results}/test-failed-1.png": "image",
        f"{results}/trace.zip": "trace",
        "tmp_path": "folder",
    }
    assert kept["tmp_path"].note == "1 of 2 files"
    assert (Path(kept["tmp_path"].path) / "sub" / "orders.csv").read_text() == "1"
    assert found["test_passes"].context is None


@pytest.mark.parametrize("globs", [["shots/*.png"], ["*.png", "**/private.png"]])
def test_nothing_outside_of_the_checkout_is_read_by_a_link_or_a_name(tmp_path, globs):
    (tmp_path / "outside").mkdir()
    tests = """
import os, pathlib
outside = pathlib.Path("../outside").resolve()
def test_links(record_property):
    (outside / "private.png").write_text("secret")
    os.symlink(outside, "shots")
    os.symlink(outside / "private.png", "link.png")
    os.mkfifo("pipe.png")
    record_property("attachment", "link.png")
    record_property("attachment", str(outside / "private.png"))
    assert 0
"""
    found, _ = run(tests, tmp_path, {"artifacts": globs})
    kept = artifacts(found["test_links"]).values()
    assert {each.note for each in kept} == {"not copied: it is outside of the application's folder"}
    assert not list((tmp_path / ".testflow" / "reports").glob("*/artifacts"))


def test_names_that_no_text_can_have_are_kept_under_one_that_can_be_told(tmp_path):
    tests = """
import os
def test_names():
    for name in (b"caf\\xe9.png", b"two\\nlines.png"):
        with open(name, "wb") as stream:
            stream.write(b"x")
    assert 0
"""
    found, _ = run(tests, tmp_path, {"artifacts": ["*.png"]}, ["junit"])
    kept = artifacts(found["test_names"])
    assert sorted(kept) == ["caf%E9.png", "two%0Alines.png"]
    assert all(Path(each.path).is_file() for each in kept.values())


def test_of_many_files_some_are_kept_and_the_rest_is_counted(tmp_path):
    tests = """
import os, pathlib
def test_many():
    for number in range(25):
        pathlib.Path(f"{number:02}.png").write_text("x")
    with open("00.png", "wb") as stream:
        os.truncate(stream.fileno(), 65 << 20)
    assert 0
"""
    found, _ = run(tests, tmp_path, {"artifacts": ["*.png"]})
    context = found["test_many"].context
    first, *others = context.artifacts
    assert first.note == "not copied: a failure may leave 70 files and 64.0 MiB"
    assert first.path == str(tmp_path / "shop" / "00.png")
    assert len([each for each in others if Path(each.path).is_relative_to(tmp_path / ".testflow")]) == 19
    assert context.left_out == "5 more files of the test left out: 20 are told of"


def test_reports_name_what_is_kept(tmp_path, capsys):
    found, result = run(SHOTS, tmp_path, {"artifacts": ["shots/*.png"]}, ["terminal", "junit", "markdown"])
    (kept,) = artifacts(found["test_fails"]).values()
    folder = Path(result.reports)
    assert f"left: {kept.path} (image, 7 bytes)" in capsys.readouterr().err + (folder / "summary.md").read_text()
    assert f"[[ATTACHMENT|{kept.path}]]" in (folder / "junit.xml").read_text()


def test_where_tests_ran_at_the_same_time_a_name_tells_whose_file_it_is_and_else_it_is_said(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "both.py").write_text("""
import pathlib, sys
for name in ("pays.png", "adds-an-item.png"):
    pathlib.Path(name).write_text("x")
print("TAP version 13\\n1..3\\nnot ok 1 - pays\\nnot ok 2 - adds an item\\nnot ok 3 - other")
sys.exit(1)
""")
    application = {"artifacts": ["*.png"], "test_files": ["*.py"], "test_command": "python {test_path}"}
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {})
    result = testflow.Engine(workers=1, applications={"shop": application}).execute(workflow)
    found = {each.test_id.rpartition("::")[2]: artifacts(each) for each in result.results}
    assert {name: each.note for name, each in found["adds an item"].items()} == {"adds-an-item.png": ""}
    assert {name: each.note for name, each in found["other"].items()} == {
        "pays.png": "other tests ran at the time",
        "adds-an-item.png": "other tests ran at the time",
    }


def test_each_attempt_keeps_its_own(tmp_path):
    tests = """
import pathlib
def test_it():
    count = len(list(pathlib.Path(".").glob("tried-*")))
    pathlib.Path(f"tried-{count}").touch()
    pathlib.Path("shot.png").write_text(str(count))
    assert 0
"""
    _, result = run(tests, tmp_path, {"artifacts": ["shot.png"]}, attempts=2)
    said = [Path(each.path).read_text() for outcome in result.outcomes for each in outcome.context.artifacts]
    assert said == ["0", "1"]


def test_of_older_runs_the_files_are_removed_and_the_reports_stay(tmp_path):
    for number in range(RUNS + 2):
        folder = tmp_path / f"run-{number:02}" / "artifacts"
        folder.mkdir(parents=True)
        (folder.parent / "junit.xml").touch()
        os.utime(folder, (number, number))
    forget_older(tmp_path)
    left = sorted(each.parent.name for each in tmp_path.glob("*/artifacts"))
    assert left == [f"run-{number:02}" for number in range(2, RUNS + 2)]
    assert len(list(tmp_path.glob("*/junit.xml"))) == RUNS + 2


@pytest.mark.parametrize("glob", ["/etc/*", "../*.png"])
def test_a_glob_that_leads_out_of_the_checkout_is_refused_where_it_is_declared(glob):
    with pytest.raises(testflow.SpecError, match=r"artifacts: .*leads out of the checkout"):
        testflow.register_application("shop", {"artifacts": ["a.png", glob]})

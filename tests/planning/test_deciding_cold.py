"""A process that only decides opens no file of tests, and imports nothing that it does not need."""

import json
import subprocess
import sys

from recorded_tests import until_recorded

import testflow

PROGRAM = """
import json, sys
opened, started = [], []
sys.addaudithook(lambda event, given: event == "open" and opened.append(str(given[0])))
sys.addaudithook(lambda event, given: event == "subprocess.Popen" and started.append(" ".join(map(str, given[1]))))
import testflow
applications = {"shop": {"base": "HEAD"}}
engine = testflow.Engine(applications=applications, workspace=sys.argv[1], history=sys.argv[2])
strategies = ["change-based", "failed"]
plan = engine.plan(testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": strategies}))
chosen = [choice.test.file for choice in plan.choices if choice.selected]
print(json.dumps([opened, started, list(sys.modules), chosen, [str(each) for each in plan.uncovered]]))
"""
IDENTITY = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")


def test_tests_that_have_not_changed_are_neither_opened_nor_collected_again(tmp_path):
    shop, history = tmp_path / "shop", tmp_path / "history.db"
    files = {"lib.py": "def one():\n    return 1\n\ndef two():\n    return 2\n"}
    files |= {f"tests/test_{n}.py": f"import lib\n\ndef test_{n}():\n    assert lib.{n}()\n" for n in ("one", "two")}
    for file, text in files.items():
        (shop / file).parent.mkdir(parents=True, exist_ok=True)
        (shop / file).write_text(text)
    (shop / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*IDENTITY, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(shop), *words], check=True)
    engine = testflow.Engine(applications={"shop": {}}, workspace=tmp_path, history=history, reporters=())
    record = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all", "record": True})
    told = until_recorded(lambda: engine.execute(record), history, number=2)
    (shop / "lib.py").write_text(files["lib.py"].replace("return 2", "return 3"))
    words = [sys.executable, "-c", PROGRAM, str(tmp_path), str(history)]
    said = subprocess.run(words, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    opened, started, modules, chosen, uncovered = json.loads(said)
    assert chosen == ["tests/test_two.py"], told
    assert uncovered == []
    assert [each for each in opened if "/tests/test_" in each] == []
    assert [each for each in started if "-m pytest" in each] == []
    heavy = {"networkx", "sqlite_utils", "jinja2", "faker", "pytest", "docker"}
    assert heavy.isdisjoint(each.partition(".")[0] for each in modules)

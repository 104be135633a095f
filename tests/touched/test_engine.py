"""An engine that records in one run chooses by it in the next."""

import subprocess
import sys

import pytest

import testflow
from testflow_core.execution import bench_of

FILES = {
    "shop/lib.py": "def one(): return 1\n\ndef two(): return 2\n",
    "shop/tests/test_one.py": "import lib\ndef test_one(): assert lib.one()\n",
    "shop/tests/test_two.py": "import lib\ndef test_two(): assert lib.two()\n",
    "shop/conftest.py": "",
}


@pytest.mark.parametrize("strategy", ["recorded", "change-based"])
def test_what_one_run_records_the_next_chooses_by(tmp_path, monkeypatch, strategy):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    engine = testflow.Engine(workspace=tmp_path, applications={"shop": {"changed_files": ["lib.py"]}}, reporters=[])
    workflow = testflow.TestWorkflow("all").add_test_selection("shop", {"strategy": strategy, "record": True})
    first = engine.execute(workflow)
    assert len(first.passed_tests) == 2, first.results
    assert not first.warnings
    assert (tmp_path / ".testflow" / "history.db.map").is_file()
    (tmp_path / "shop/lib.py").write_text("def one(): return 1\n\ndef two(): return 2 + 0\n")
    second = engine.execute(workflow)
    assert {each.test_id for each in second.passed_tests} == {"shop::tests/test_two.py::test_two"}
    skipped = {choice.test.file: choice.reason for choice in engine.plan(workflow).choices if not choice.selected}
    assert skipped["tests/test_one.py"] == "nothing that it touched when it was recorded is another now"


def test_a_map_that_cannot_be_used_is_said_and_runs_everything(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    engine = testflow.Engine(workspace=tmp_path, applications={"shop": {"changed_files": []}}, reporters=[])
    workflow = testflow.TestWorkflow("all").add_test_selection("shop", {"strategy": "recorded", "record": True})
    engine.execute(workflow)
    (tmp_path / ".testflow" / "history.db.map").write_bytes(b"nonsense" * 1000)
    run = engine.execute(workflow)
    assert len(run.passed_tests) == 2
    assert all("rebuilt by the next record" in choice.reason for choice in run.choices)
    assert any("was damaged and is begun anew" in warning for warning in run.warnings)


@pytest.mark.parametrize("said", [{}, {"record": False}], ids=["nothing said", "turned off"])
def test_tests_record_by_themselves_where_python_monitors(tmp_path, monkeypatch, python, said):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shop = {"changed_files": [], "python": python}
    workflow = testflow.TestWorkflow("all").add_test_selection("shop", {"strategy": "all", **said})
    run = testflow.Engine(workspace=tmp_path, applications={"shop": shop}, reporters=[]).execute(workflow)
    assert len(run.passed_tests) == 2, run.results
    probe = [python, "-c", "import sys; sys.exit(not hasattr(sys, 'monitoring'))"]
    monitors = subprocess.run(probe, check=False).returncode == 0
    assert (tmp_path / ".testflow" / "history.db.map").exists() is (monitors and not said)


@pytest.mark.parametrize(
    ("said", "spooled", "noted", "dear"),
    [
        ({}, True, True, False),
        ({}, False, False, False),
        ({"record": True}, False, True, True),
        ({"record": False}, True, False, False),
    ],
)
def test_where_no_history_is_kept_nothing_is_noted_but_on_demand(tmp_path, said, spooled, noted, dear):
    (tmp_path / "shop").mkdir()
    engine = testflow.Engine(workspace=tmp_path, applications={"shop": {"changed_files": []}}, reporters=[])
    plan = engine.plan(testflow.TestWorkflow("all").add_test_selection("shop", {"strategy": "all", **said}))
    bench = bench_of("shop", plan, tmp_path, tmp_path if spooled else None)
    assert (bench.record is not None, bench.dear) == (noted, dear)


SERVED = {
    "serve.py": """
import http.server, os
from prices import price

class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        text = str(price()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Shop).serve_forever()
""",
    "prices.py": "def price():\n    return 3\n",
    "README.md": "# Shop\n",
    "conftest.py": """
import http.client, os, urllib.parse, pytest

@pytest.fixture(scope="session")
def shop():
    address = urllib.parse.urlsplit(os.environ["SHOP_URL"])
    made = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    yield made
    made.close()
""",
    "rates.py": "def rate():\n    return 2\n",
    "tests/test_1_alone.py": "import rates\ndef test_alone(): assert rates.rate()\n",
    "tests/test_2_first.py": (
        "def test_first(shop):\n    shop.request('GET', '/')\n    assert shop.getresponse().read() == b'3'\n"
    ),
    "tests/test_3_second.py": (
        "def test_second(shop):\n    shop.request('GET', '/')\n    assert shop.getresponse().read() == b'3'\n"
    ),
}


@pytest.mark.parametrize(
    "service",
    [
        {"type": "docker", "ports": {"80": 0}},
        {"type": "process", "command": [sys.executable, "shop/serve.py"], "ports": {"80": 0}},
    ],
    ids=["an application", "a command"],
)
def test_what_a_service_of_the_checkout_runs_concerns_who_talks_to_it(tmp_path, monkeypatch, service):
    monkeypatch.chdir(tmp_path)
    for name, text in SERVED.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environment = testflow.Environment("it").add_service("shop", service)
    workflow = testflow.TestWorkflow("all").add_test_selection("shop", {"strategy": "change-based", "record": True})

    def engine(*changed):
        applications = {"shop": {"changed_files": list(changed), "start": f"{sys.executable} serve.py"}}
        return testflow.Engine(
            workspace=tmp_path, applications=applications, provisioner="process", workers=1, reporters=[]
        )

    first = engine("serve.py", "prices.py").execute(workflow, environment)
    assert len(first.passed_tests) == 3, first.results
    (tmp_path / "shop/prices.py").write_text("def price():\n    return 4\n")
    (tmp_path / "shop/README.md").write_text("# The shop\n")
    plan = engine("prices.py", "README.md").plan(workflow, environment)
    # The second uses a connection that the first has made.
    assert {each.test.file for each in plan.choices if each.selected} == {
        "tests/test_2_first.py",
        "tests/test_3_second.py",
    }
    assert not [each for each in engine("README.md").plan(workflow, environment).choices if each.selected]
    (tmp_path / "shop/rates.py").write_text("def rate():\n    return 2  # of ten\n")
    assert not [each for each in engine("rates.py").plan(workflow, environment).choices if each.selected]
    (tmp_path / "shop/rates.py").write_text("def rate():\n    return 3\n")
    assert all(each.selected for each in engine("rates.py").plan(workflow, environment).choices)

"""A step's faults are done to real processes while it runs, and the next step finds them as they were."""

import sys
import tempfile

import pytest

import testflow
from testflow_core.model import Status

STOCK = """
import http.server, os
class Stock(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Stock).serve_forever()
"""
TESTS = """
import os, time, urllib.error, urllib.request
def stock(seconds):
    return urllib.request.urlopen(os.environ["STOCK_URL"], timeout=seconds).status
def test_stop(): refused()
def test_kill(): refused()
def test_refuse(): refused()
def refused():
    try:
        stock(10)
    except urllib.error.URLError as error:
        assert isinstance(error.reason, ConnectionRefusedError), error
    else:
        raise AssertionError("it answers")
def test_pause():
    try:
        stock(0.3)
    except OSError as error:
        assert "timed out" in str(error)
    else:
        raise AssertionError("it answers")
def test_delay():
    began = time.monotonic()
    assert stock(10) == 200
    assert time.monotonic() - began >= 0.4
def test_afterwards():
    assert stock(10) == 200
"""


@pytest.mark.parametrize("fault", ["stop", "kill", "refuse", "pause", "delay"])
def test_a_step_meets_its_fault_and_the_next_does_not(tmp_path, monkeypatch, fault):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "test_stock.py").write_text(TESTS)
    (tmp_path / "stock.py").write_text(STOCK)
    environment = testflow.Environment("shop", faults=True)
    command = [sys.executable, "stock.py"]
    environment.add_service("stock", {"type": "process", "command": command, "ports": {"80": 0}})
    declared = {fault: "stock", **({"seconds": 0.4} if fault == "delay" else {})}
    steps = [
        {"app": "shop", "test": f"test_stock.py::test_{fault}", "faults": [declared]},
        {"app": "shop", "test": "test_stock.py::test_afterwards"},
    ]
    workflow = testflow.TestWorkflow("shop").add_cross_app_test("hang", {"steps": steps})
    # Sockets need a shorter path than those of pytest's own directories.
    with tempfile.TemporaryDirectory(prefix="tf-") as name:
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        run = testflow.Engine(applications={"shop": {}}, provisioner="process").execute(workflow, environment)
    ended = {test.test_id.rpartition("::")[2]: test.status for test in run.results}
    assert ended == {f"test_{fault}": Status.PASSED, "test_afterwards": Status.PASSED}, run.failed_tests
    assert run.ok, (run.leaks, run.warnings)

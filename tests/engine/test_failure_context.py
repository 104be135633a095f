"""Of a real test that failed, the run tells what there was around it; and so does the history."""

import sys

import pytest

import testflow

STOCK = """
import http.server, os
class Stock(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked for", self.path, flush=True)
        if self.path == "/exit":
            os._exit(3)
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Stock).serve_forever()
"""
TESTS = """
import logging, os, resource, signal, time, urllib.request
def ask(path):
    return urllib.request.urlopen(os.environ["STOCK_URL"] + path, timeout=10)
def test_a_passes():
    ask("/first")
    time.sleep(0.2)
def test_b_fails():
    logging.getLogger("cart").error("no apples in %s", "stock")
    ask("/second")
    assert 1 == 2
def test_c_ends_the_service():
    # On a slow machine the answer on health that the test before had holds for a while.
    time.sleep(1.5)
    ask("/exit")
"""
PROCESS = """
import os, resource, signal
def test_killed():
    os.kill(os.getpid(), signal.SIGKILL)
def test_plain():
    assert 1 == 2
def test_memory():
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), -1))
    bytearray(1 << 40)
"""


def run(tests, folder, environment=None, **selection):
    (folder / "shop" / "tests").mkdir(parents=True)
    (folder / "shop" / "tests" / "test_it.py").write_text(tests)
    testflow.register_application("shop", {})
    workflow = testflow.TestWorkflow("w")
    workflow.add_test_selection("shop", selection)
    result = testflow.Engine(provisioner="process").execute(workflow, environment)
    return {each.test_id.rpartition("::")[2]: each for each in result.results}, result


@pytest.fixture
def stock(tmp_path):
    (tmp_path / "stock.py").write_text(STOCK)
    environment = testflow.Environment("shop")
    return environment.add_service(
        "stock", {"type": "process", "command": [sys.executable, "stock.py"], "ports": {"80": 0}}
    )


def test_services_logs_and_health_are_told_of_the_tests_that_failed(tmp_path, stock):
    found, result = run(TESTS, tmp_path, stock)
    assert found["test_a_passes"].context is None
    failed, ended = found["test_b_fails"], found["test_c_ends_the_service"]
    (service,) = failed.context.services
    assert service.log == "asked for /second\n"
    assert "ERROR" in failed.context.log
    assert "cart" in failed.context.log
    assert "no apples in stock" in failed.context.log
    assert ended.context.facts == ("the service stock ended with exit code 3",)
    assert "asked for /exit" in ended.logs
    again = {each.test_id.rpartition("::")[2]: each for each in testflow.History().run(result.run_id).results}
    assert {name: each.context for name, each in again.items()} == {name: each.context for name, each in found.items()}


def test_a_worker_that_was_killed_has_its_signal_and_the_memory_that_it_used(tmp_path):
    found, result = run(PROCESS, tmp_path)
    killed = found["test_killed"]
    assert killed.context.exit == -9
    (fact,) = killed.context.facts
    assert fact.startswith("the test process used ")
    assert "MiB of memory at most" in fact
    (fact,) = found["test_memory"].context.facts
    assert "its address space may have" in fact
    assert found["test_memory"].category == "resource/oom"
    assert found["test_plain"].context.facts == ()
    (again,) = [each for each in testflow.History().run(result.run_id).results if each.label == killed.label]
    assert again.context == killed.context


def test_all_attempts_at_a_test_are_told_in_short(tmp_path):
    flag = tmp_path / "flag"
    tests = f"""
import pathlib
def test_twice():
    flag = pathlib.Path({str(flag)!r})
    there = flag.exists()
    flag.touch()
    assert there, "first\\nand more"
"""
    found, result = run(tests, tmp_path, attempts=2)
    first, second = found["test_twice"].tried
    assert (first.attempt, first.status, first.message) == (1, "failed", "AssertionError: first")
    assert (second.attempt, second.status) == (2, "passed")
    (again,) = testflow.History().run(result.run_id).results
    assert again.tried == (first, second)

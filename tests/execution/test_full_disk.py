"""A disk that is full: every test has an outcome, and what cannot be done says which disk it is."""

import subprocess

import pytest

import testflow

SUITE = "import pytest\n@pytest.mark.parametrize('number', range(40))\ndef test_it(number): print(number)\n"
TOTAL = 40


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB, and how to fill it up to so many bytes."""
    place = tmp_path / "small disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")

    def fill(left):
        (place / "filled").write_bytes(bytes((1 << 20) - left))
        return place

    yield fill
    subprocess.run(["umount", place], check=True)


def run(engine):
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all", "test_paths": ["."]})
    return engine.execute(workflow)


@pytest.mark.parametrize("left", [0, 8 << 10, 24 << 10])
def test_a_history_on_a_full_disk_stops_no_test_and_is_told(real_shop, small_disk, monkeypatch, left):
    monkeypatch.setenv("TESTFLOW_HISTORY", str(small_disk(left) / "history.db"))
    done = run(real_shop({"test_it.py": SUITE}))
    assert len(done.passed_tests) == TOTAL
    (warning,) = done.warnings
    assert "this run is not remembered" in warning
    assert "free the disk" in warning


def test_where_a_test_fills_the_disk_of_the_history_later_ones_name_the_file(real_shop, small_disk, monkeypatch):
    place = small_disk(800 << 10)
    monkeypatch.setenv("TESTFLOW_HISTORY", str(place / "history.db"))
    monkeypatch.setenv("SMALL", str(place))
    fills = """
        import os
        def test_fills():
            with open(os.environ["SMALL"] + "/more", "wb", buffering=0) as stream:
                try:
                    while stream.write(bytes(1024)): pass
                except OSError: pass
        def test_more():
            for number in range(100): print("x" * 100)
            return "x" * 5000
        def test_last(): return "x" * 5000
    """
    done = run(real_shop({"test_fills.py": fills}))
    assert len(done.results) == 3
    assert done.failed_tests
    for test in done.failed_tests:
        assert str(place) in test.message, test
        assert "No space left on device: what becomes of tests cannot be noted" in test.message


def test_tests_whose_process_finds_no_room_for_itself_say_which_disk_is_full(real_shop, small_disk, monkeypatch):
    place = small_disk(4 << 10)
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", None)
    done = run(real_shop({"test_it.py": SUITE}))
    assert done.failed_tests
    assert not done.passed_tests
    for test in done.failed_tests:
        assert f"; the disk of {place}" in test.message
        assert test.message.endswith("is full")

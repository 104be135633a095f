"""The file of the application in which a test failed, of those that were printed."""

import pytest

from testflow_core.ownership import failing_file

TEST = "tests/test_pay.py"


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "shop"
    for name in ("src/pay.py", "src/db.py", TEST, "tests/helpers.py", "conftest.py", "web/a b.mjs", "web/a.spec.ts"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (tmp_path / "outside.py").touch()
    (tmp_path / "link").symlink_to(root)
    return root


@pytest.mark.parametrize(
    ("frames", "file"),
    [
        ([TEST, "src/pay.py", "src/db.py"], "src/pay.py"),
        (["{}/src/db.py", "src/pay.py"], "src/db.py"),
        (["./src/../src/db.py"], "src/db.py"),
        (["file://{}/web/a%20b.mjs"], "web/a b.mjs"),
        (["tests/helpers.py", "conftest.py", "web/a.spec.ts", TEST], ""),
        (["../outside.py", "{}/../outside.py", "/etc/passwd", "{}", "src", "src/gone.py"], ""),
        (
            ["<string>", "com.acme.Pay", "node:fs", "a\0b", "\ud800", "x" * 5_000, "file://[", "", "src/pay.py"],
            "src/pay.py",
        ),
        ([], ""),
    ],
)
def test_it_is_the_first_that_is_the_applications_own(checkout, frames, file):
    assert failing_file([frame.replace("{}", str(checkout)) for frame in frames], checkout, TEST) == file


def test_a_checkout_may_be_reached_through_a_link(checkout, tmp_path):
    assert failing_file([f"{checkout}/src/pay.py"], tmp_path / "link", TEST) == "src/pay.py"
    assert failing_file([f"{tmp_path}/link/src/pay.py"], tmp_path / "link", TEST) == "src/pay.py"


def test_the_tests_own_file_is_not_the_applications(checkout):
    assert failing_file(["src/pay.py", "src/db.py"], checkout, "src/pay.py") == "src/db.py"

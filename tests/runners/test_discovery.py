from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.builtin.runners.command import CommandRunner
from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.globs import matching
from testflow_core.model import Application

FILES = (
    "tests/test_a.py",
    "tests/deep/b_test.py",
    "tests/helper.py",
    "checks/check_a.py",
    "src/__tests__/Form.js",
    "src/__tests__/shot.snap",
    "src/Form.test.js",
    "src/view.spec.ts",
    "node_modules/x/test_x.py",
    "node_modules/x/x.test.js",
    ".venv/test_v.py",
    "env/lib/test_v.py",
    "env/pyvenv.cfg",
    "build/test_built.py",
    "dist/a.spec.js",
)


@pytest.fixture
def application(checkout):
    for file in FILES:
        checkout.write(file, "raise SystemExit('imported')")
    return lambda **fields: Application(name="shop", path=checkout.path, **fields)


def found(runner, application, *paths):
    return [test.id.removeprefix("shop::") for test in runner.discover(application, paths)]


def test_pytest_files_are_found_by_name_below_the_checkout_without_importing_them(application):
    assert found(PytestRunner(), application()) == ["tests/deep/b_test.py", "tests/test_a.py"]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("tests/deep",), ["tests/deep/b_test.py"]),
        (("tests/",), ["tests/deep/b_test.py", "tests/test_a.py"]),
        (("tests/test_a.py", "tests"), ["tests/deep/b_test.py", "tests/test_a.py"]),
        (("tests/helper.py",), ["tests/helper.py"]),
        (("tests/test_a.py::test_x",), ["tests/test_a.py::test_x"]),
        (("nowhere",), []),
        (("..", "/etc/passwd"), []),
    ],
)
def test_only_what_lies_below_the_given_paths_and_in_the_checkout_is_found(application, paths, expected):
    assert found(PytestRunner(), application(), *paths) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\npython_files = check_*.py"),
        ("pyproject.toml", '[tool.pytest.ini_options]\npython_files = "check_*.py"'),
        ("pyproject.toml", '[tool.pytest]\npython_files = ["check_*.py"]'),
        ("tox.ini", "[pytest]\npython_files =\n    check_*.py"),
        ("setup.cfg", "[tool:pytest]\npython_files = check_*.py"),
    ],
)
def test_the_checkouts_own_python_files_setting_decides(checkout, application, name, text):
    checkout.write(name, text)
    assert found(PytestRunner(), application()) == ["checks/check_a.py"]


def test_testpaths_limit_the_search_only_where_no_path_is_given(checkout, application):
    checkout.write("pytest.ini", "[pytest]\ntestpaths = tests/d*")
    assert found(PytestRunner(), application()) == ["tests/deep/b_test.py"]
    assert found(PytestRunner(), application(), "tests/test_a.py") == ["tests/test_a.py"]


def test_test_files_of_the_application_win_over_the_framework(checkout, application):
    checkout.write("pytest.ini", "[pytest]\npython_files = test_*.py")
    assert found(PytestRunner(), application(test_files=("checks/*.py",))) == ["checks/check_a.py"]
    assert found(CommandRunner(), application(test_files=("**/test_*.py",))) == ["tests/test_a.py"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("pyproject.toml", "[tool.pytest"), ("pytest.ini", "[pytest]\naddopts = 'unclosed\npython_files = \"unclosed\n")],
)
def test_a_broken_setting_leaves_the_defaults(checkout, application, name, text):
    checkout.write(name, text)
    assert "tests/test_a.py" in found(PytestRunner(), application())


def test_commands_find_test_and_spec_files_and_scripts_in_tests_folders(application):
    expected = ["src/Form.test.js", "src/__tests__/Form.js", "src/view.spec.ts"]
    assert found(CommandRunner(), application()) == expected


def test_a_link_out_of_the_checkout_is_not_followed(checkout, application, tmp_path):
    (tmp_path / "test_outside.py").write_text("", encoding="utf-8")
    (checkout.path / "tests" / "test_link.py").symlink_to(tmp_path / "test_outside.py")
    assert "tests/test_link.py" not in found(PytestRunner(), application())


@pytest.mark.parametrize(
    ("glob", "file", "expected"),
    [
        ("*.test.js", "a/b/x.test.js", True),
        ("*.test.js", "a/x.test.jsx", False),
        ("tests/*.py", "tests/a.py", True),
        ("tests/*.py", "tests/a/b.py", False),
        ("tests/**/*.py", "tests/b.py", True),
        ("tests/**/*.py", "tests/a/c/b.py", True),
        ("__tests__/", "a/__tests__/b/c.js", True),
        ("tests/", "tests/a", True),
        ("t?st_[ab].py", "test_b.py", True),
        ("t?st_[!ab].py", "test_b.py", False),
    ],
)
def test_a_glob_matches_names_anywhere_and_paths_whole(glob, file, expected):
    assert matching([glob])(file) is expected


@given(st.text(st.characters(exclude_characters="*?[/", codec="utf-8"), min_size=1))
def test_a_glob_without_wildcards_matches_just_that_name(name):
    assert matching([name])(name)
    assert matching([name])(f"folder/{name}")
    assert not matching([name])(f"{name}x")

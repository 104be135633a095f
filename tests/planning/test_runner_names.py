import pytest

from testflow_core.model import Application
from testflow_core.planning.applications import runner_name


@pytest.mark.parametrize(
    ("command", "runner"),
    [
        ("pytest -q {test_path}", "pytest"),
        ("python -m pytest {test_path}", "pytest"),
        ("uv run pytest {test_path}", "pytest"),
        ("pytest -m unittest {test_path}", "pytest"),
        ("python -m unittest {test_path}", "unittest"),
        ("python -m unittest discover -s tests", "unittest"),
        ("python3.12 -W error -m unittest", "unittest"),
        ("uv run python -m unittest tests/pytest", "unittest"),
        ("unittest {test_path}", "command"),
        ("run {test_path} -m unittest", "command"),
        ("npm test -- {test_path}", "command"),
    ],
)
def test_a_command_is_for_the_runner_whose_program_or_module_comes_first(command, runner):
    assert runner_name(Application(name="shop", test_command=tuple(command.split()))) == runner

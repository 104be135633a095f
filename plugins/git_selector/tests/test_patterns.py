"""Test patterns find the same files by their index as by trying all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testflow_git_selector.file_index import FileIndex
from testflow_git_selector.patterns import compiled

PARTS = st.sampled_from(["tests", "a", "test_", "_", "/", ".py", "*", "**", "**/", "?", "{1}", "{2}"])
PATTERNS = st.lists(PARTS, min_size=1, max_size=8).map("".join)
TEXTS = st.sampled_from(["", "a", "b", "x/y", "*", "test_"])
FOLDERS = ["", "tests/", "tests/a/", "a/", "x/y/"]
MANY = [
    f"{folder}{kind}{name}{end}"
    for folder in FOLDERS
    for kind in ("", "test_")
    for name in "ab*xy"
    for end in ("", ".py", "_a.py", "_b")
]


@pytest.mark.parametrize("files", [MANY, MANY[::17]], ids=["many", "few"])
@given(pattern=PATTERNS, first=TEXTS, second=TEXTS)
def test_the_index_misses_and_adds_nothing(files: list[str], pattern: str, first: str, second: str):
    groups = {"1": first, "2": second}
    by_trying = compiled(pattern).regex
    found = FileIndex.of(files).matching(compiled(pattern), groups)
    if by_trying is None:
        assert found == tuple(file for file in files if file == compiled(pattern).filled(groups))
    else:
        before = "".join(f"{groups[name]}\0" for name in compiled(pattern).references)
        assert sorted(found) == sorted(file for file in files if by_trying.fullmatch(before + file))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("tests/**/*_{1}_*.py", ["tests/m7/test_x_7_y.py"]),
        ("tests/m{1}/**.py", ["tests/m7/test_x_7_y.py"]),
        (
            "**/test_x_{1}*.py",
            [f"tests/m{number}/test_x_{number}_y.py" for number in (7, *range(70, 80), *range(700, 800))],
        ),
        ("**_{1}_y.py", ["tests/m7/test_x_7_y.py"]),
    ],
)
def test_a_pattern_finds_its_few_files_among_a_thousand(pattern: str, expected: list[str]):
    index = FileIndex.of(f"tests/m{number}/test_x_{number}_y.py" for number in range(1000))
    assert sorted(index.matching(compiled(pattern), {"1": "7"})) == sorted(expected)

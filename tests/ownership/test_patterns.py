"""Patterns of CODEOWNERS mean what git makes of them, but for what the hosts document otherwise."""

import subprocess
import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from repositories import repository_at

from testflow_core.ownership import compiled

PARTS = st.sampled_from(["a", "b", "ab", "a.js", ".a", "a b", "#a", "aab", "[a]"])
PATHS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
WILD = st.sampled_from(
    ["a", "b", "*", "**", "a*", "*b", "*.js", "?", "a?", "*a*b", ".*", r"a\ b", r"\#a", "**a", r"\[a\]"]
)


@st.composite
def patterns(draw):
    segments = draw(st.lists(WILD, min_size=1, max_size=4))
    return draw(st.sampled_from(["", "/"])) + "/".join(segments) + draw(st.sampled_from(["", "/"]))


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return repository_at(tmp_path_factory.mktemp("git") / "repository")


def ignored(repository, pattern, paths):
    """Those of the paths that git ignores by the pattern."""
    (repository / ".gitignore").write_text(f"{pattern}\n")
    command = ["git", "-C", str(repository), "check-ignore", "--no-index", "--stdin", "-z"]
    told = subprocess.run(command, input="\0".join(paths), capture_output=True, text=True, check=False)
    assert told.returncode in {0, 1}, told.stderr
    return set(told.stdout.split("\0")) - {""}


@given(pattern=patterns(), paths=st.sets(PATHS, min_size=1, max_size=12))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_pattern_matches_what_git_ignores_by_it(repository, pattern, paths):
    # `docs/*` is the one that GitHub documents otherwise: files in folders below are not meant.
    *above, last = pattern.split("/")
    assume(last != "*" or set(above) <= {"**"})
    matches = compiled(pattern)
    assert {path for path in paths if matches.fullmatch(path)} == ignored(repository, pattern, paths)


@pytest.mark.parametrize(
    ("pattern", "owned", "others"),
    [
        ("docs/*", ["docs/getting-started.md"], ["docs/build-app/troubleshooting.md", "a/docs/x.md"]),
        ("**/docs/*", ["docs/a.md", "x/docs/a.md"], ["docs/b/a.md"]),
        ("/*", ["README.md"], ["src/a.py"]),
        ("*", ["README.md", "src/deep/a.py", ".env"], []),
        ("apps/", ["apps/a", "x/apps/b/c"], ["apps", "x/apps"]),
        ("/apps/", ["apps/a", "apps/b/c"], ["x/apps/a", "apps"]),
        ("/build/logs/", ["build/logs/a.txt", "build/logs/x/y"], ["x/build/logs/a.txt"]),
        ("**/logs", ["build/logs/a", "logs/a", "deeply/nested/logs/x/y"], ["logs2/a"]),
        ("/docs/**/*.md", ["docs/a.md", "docs/x/y/a.md"], ["docs/a.txt", "x/docs/a.md"]),
        (r"path\ with\ spaces/", ["path with spaces/a", "x/path with spaces/a"], ["path/a"]),
        (r"\#file_with_pound.rb", ["#file_with_pound.rb", "x/#file_with_pound.rb"], ["file_with_pound.rb"]),
        (r"/app/\[slug\]/", ["app/[slug]/page.tsx"], ["app/s/page.tsx"]),
        ("*.JS", ["a.JS"], ["a.js"]),
        ("a.c", ["a.c"], ["abc"]),
        ("a*.py", ["a\nb.py"], ["a/b.py"]),
    ],
)
def test_a_pattern_means_what_the_hosts_say(pattern, owned, others):
    matches = compiled(pattern)
    assert [path for path in (*owned, *others) if matches.fullmatch(path)] == owned


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("!docs/", "`!` is not supported"),
        ("[abc].txt", "ranges in brackets"),
        ("a]", "ranges in brackets"),
        ("a\\", "a backslash at the end"),
        ("a//b", "a name is missing"),
        ("/", "a name is missing"),
        ("", "a name is missing"),
        ("./a", "no parts of a path"),
        ("a/../b", "no parts of a path"),
        ("a\x1b[31m", "brackets|cannot be printed"),
        ("a\0", "cannot be printed"),
        ("a" * 4_097, "longer than 4096"),
    ],
)
def test_what_is_no_pattern_is_said_to_be_none(pattern, why):
    with pytest.raises(ValueError, match=why):
        compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 2_000 + "*b", "a" * 4_000),
        ("/" + "**/a/" * 800 + "b", "a/" * 2_000 + "c"),
        ("/" + "*a*/" * 1_000 + "b", "aaa/" * 1_000 + "c"),
        ("?*" * 2_000 + "b", "a" * 4_000),
    ],
)
def test_no_pattern_takes_long(pattern, path):
    started = time.process_time()
    assert compiled(pattern).fullmatch(path) is None
    assert time.process_time() - started < 5


@given(st.text())
def test_any_text_is_a_pattern_or_a_mistake(text):
    with suppress(ValueError):
        compiled(text).fullmatch(text)


NAMES = st.sampled_from(["src", "a.py", "*.js", "**", "*", "x-y", "\\[id\\]", "b?c", "d"])


@given(st.lists(NAMES, min_size=1, max_size=3), st.lists(NAMES, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_the_part_of_a_pattern_is_in_every_path_that_matches(names, path, anchored, below):
    pattern = compiled(f"{'/' if anchored else ''}{'/'.join(names)}{'/' if below else ''}")
    text = "/".join(path).replace("\\", "")
    if pattern.fullmatch(text):
        assert pattern.part in {"", *text.split("/")}


@pytest.mark.parametrize(
    "pattern", ["..", "../a", "a/..", "/./a", "a//b", "/", "//", "a//", "!a", "[a]", "", "a" * 5_000]
)
def test_what_looks_ordinary_has_nothing_wrong(pattern):
    with pytest.raises(ValueError, match=r"\w"):
        compiled(pattern)

"""CODEOWNERS files of real checkouts: where they are found, what of them is used, what is said of the rest."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import commit, repository_at

from testflow_core.model import CodeOwners
from testflow_core.ownership import LIMIT, PLACES, code_owners, parsed

# https://docs.github.com/articles/about-code-owners
GITHUB = r"""
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/apps/gitlab @doctocat
"""

# https://docs.gitlab.com/user/project/codeowners/reference
GITLAB = r"""
* @default-owner
README.md @doc-team @tech-lead
\#file_with_pound.rb @owner-file-with-pound
LICENSE @legal this_does_not_match janedoe@gitlab.com
README @group @group/with-nested/subgroup
/config/ @@maintainer
path\ with\ spaces/ @space-owner

[Documentation][2] @docs-team
docs/
docs/api/ @api-writers

^[Database] @database-team
model/db/
config/db/database-setup.md @docs-team

[DOCUMENTATION]
guides/
generated/ @generator
"""

UNOWNED = """
[Code] @coders
src/
[Security]
src/vendored/
"""


def owners_of(path, text, file):
    commit(repository_at(path), {"CODEOWNERS": text})
    found, problems = code_owners(path)
    rule = found.rule_for(file)
    return (None if rule is None else (rule.line, " ".join(rule.owners))), problems


@pytest.mark.parametrize(
    ("file", "line", "owners"),
    [
        ("README.md", 3, "@global-owner1 @global-owner2"),
        ("src/deep/down.py", 3, "@global-owner1 @global-owner2"),
        ("app.js", 4, "@js-owner"),
        ("src/app.js", 4, "@js-owner"),
        ("cmd/main.go", 5, "docs@example.com"),
        ("notes.txt", 6, "@octo-org/octocats"),
        ("build/logs/today/a.txt", 12, "@octocat"),
        ("docs/getting-started.md", 10, "@doctocat"),
        ("docs/build-app/troubleshooting.md", 10, "@doctocat"),
        ("x/docs/a.md", 3, "@global-owner1 @global-owner2"),
        ("x/apps/a.js", 9, "@octocat"),
        ("scripts/a.sh", 11, "@doctocat @octocat"),
        ("scripts/logs/a", 12, "@octocat"),
        ("deeply/nested/logs/a", 12, "@octocat"),
        ("apps/a.py", 13, "@octocat"),
        ("apps/github/a.py", 14, ""),
        ("apps/gitlab/a.py", 15, "@doctocat"),
    ],
)
def test_the_example_of_github_is_read_as_it_is_explained_there(tmp_path, file, line, owners):
    assert owners_of(tmp_path / "shop", GITHUB, file) == ((line, owners), ())


def test_nested_files_are_not_meant_by_a_star_at_the_end(tmp_path):
    text = "docs/*  docs@example.com\n"
    assert owners_of(tmp_path / "a", text, "docs/getting-started.md")[0] == (1, "docs@example.com")
    assert owners_of(tmp_path / "b", text, "docs/build-app/troubleshooting.md")[0] is None


@pytest.mark.parametrize(
    ("text", "file", "line", "owners"),
    [
        (GITLAB, "a.rb", 2, "@default-owner"),
        (GITLAB, "README.md", 3, "@doc-team @tech-lead"),
        (GITLAB, "#file_with_pound.rb", 4, "@owner-file-with-pound"),
        (GITLAB, "LICENSE", 5, "@legal janedoe@gitlab.com"),
        (GITLAB, "README", 6, "@group @group/with-nested/subgroup"),
        (GITLAB, "config/a.yml", 7, "@@maintainer"),
        (GITLAB, "path with spaces/a", 8, "@space-owner"),
        (GITLAB, "docs/a.md", 11, "@docs-team"),
        (GITLAB, "docs/api/a.md", 12, "@api-writers"),
        (GITLAB, "model/db/a.sql", 15, "@database-team"),
        (GITLAB, "config/db/database-setup.md", 16, "@docs-team"),
        (GITLAB, "guides/a.md", 19, "@docs-team"),
        (GITLAB, "generated/a.md", 20, "@generator"),
        (UNOWNED, "src/vendored/a.py", 3, "@coders"),
        ("[Code] @coders\nsrc/\n[Other]\ndocs/\n[code] @others\nlib/", "src/a", 2, "@coders"),
        ("src/ @a\n[Code]\nsrc/\nsrc/b/\n", "src/b/c", 1, "@a"),
        ("src/\nsrc/b/\n", "src/b/c", 2, ""),
    ],
)
def test_sections_of_gitlab_have_owners_for_their_lines_and_say_each_for_itself(tmp_path, text, file, line, owners):
    assert owners_of(tmp_path / "shop", text, file)[0] == (line, owners)


def test_of_the_places_the_first_counts(tmp_path):
    for place in reversed(PLACES):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(f"* @{place.partition('/')[0].strip('.')}\n")
        found, _ = code_owners(tmp_path)
        assert found.file == place
    assert PLACES[:3] == (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def test_a_part_of_a_repository_goes_by_the_file_at_its_root(tmp_path):
    repository = repository_at(tmp_path / "whole")
    commit(
        repository, {"CODEOWNERS": "/services/shop/src/ @shop\nsrc/ @all\n/src/ @root\n", "services/shop/src/a.py": ""}
    )
    found, _ = code_owners(repository / "services" / "shop")
    assert (found.prefix, found.rule_for("src/a.py").owners) == ("services/shop/", ("@all",))
    commit(repository, {"services/shop/CODEOWNERS": "/src/ @own\n"})
    found, _ = code_owners(repository / "services" / "shop")
    assert (found.prefix, found.rule_for("src/a.py").owners) == ("", ("@own",))


def test_nobody_owns_what_no_file_speaks_of(tmp_path):
    assert code_owners(tmp_path) == (None, ())
    assert code_owners(tmp_path / "nowhere") == (None, ())


def test_bad_lines_are_named_and_the_rest_is_used():
    text = "* @all\n!docs/ @docs\n[abc.txt @x\n/a b c @d\nsrc/ nobody\n[Part] who @me\nlib/\n/x/\\\n[x].md @a"
    rules, problems = parsed(text)
    assert [(rule.line, rule.owners) for rule in rules] == [(1, ("@all",)), (4, ("@d",)), (7, ("@me",))]
    known = "no owner (`@name`, `@organisation/team`, a mail address)"
    assert problems == (
        "line 2 is not used: '!docs/': `!` is not supported; give these files a later line of their own",
        "line 3 is not used: '[abc.txt @x' is no section, `[Name]`",
        f"line 4: 'b', 'c': {known}; the others are used",
        f"line 5: 'nobody': {known}; the line is not used",
        f"line 6: 'who': {known}; those that are named beside are used",
        r"line 8 is not used: '/x/\\': a backslash at the end stands for nothing",
        "line 9 is not used: '[x].md @a' is no section, `[Name]`",
    )


def test_of_very_many_bad_lines_the_first_are_named():
    _, problems = parsed("!a\n" * 1_000)
    assert len(problems) == 21
    assert problems[-1] == "980 more lines are wrong"


def test_a_mark_of_byte_order_and_ends_of_lines_of_windows_are_no_part_of_it(tmp_path):
    (tmp_path / "CODEOWNERS").write_bytes(b"\xef\xbb\xbf# who\r\n/src/ @a\r\n\xff\xfe @b\r\n")
    found, problems = code_owners(tmp_path)
    assert problems == ()
    assert found.rule_for("src/a.py").owners == ("@a",)


@pytest.mark.parametrize(("size", "used"), [(LIMIT, True), (LIMIT + 1, False)])
def test_a_file_above_the_limit_is_not_read(tmp_path, size, used):
    (tmp_path / "CODEOWNERS").write_bytes(b"* @a\n#" + b"x" * (size - 6))
    found, problems = code_owners(tmp_path)
    assert (found is not None) is used
    assert used or problems == (
        "CODEOWNERS is not used: it is larger than 3 MB; let patterns with `*` stand for several lines",
    )


def test_a_link_out_of_the_repository_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("* @a\n")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "CODEOWNERS").symlink_to(tmp_path / "secret")
    assert code_owners(tmp_path / "shop") == (None, ("CODEOWNERS is not used: it is a link out of the repository",))


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "CODEOWNERS")
    assert code_owners(tmp_path) == (None, ())


@given(st.text())
def test_any_text_is_survived(text):
    rules, _ = parsed(text)
    for rule in rules:
        rule.matches.fullmatch("src/a.py")


def test_of_many_rules_those_are_tried_that_may_match_and_the_last_that_does_wins():
    lines = [
        *(f"/src/part{number}/ @team{number}" for number in range(5_000)),
        "/src/part7/*.md @writers",
        "*.sql @dba",
    ]
    rules, problems = parsed("\n".join(lines))
    owners = CodeOwners(file="CODEOWNERS", rules=rules)
    assert problems == ()
    expected = {
        "src/part9/a.py": "@team9",
        "src/part7/a.md": "@writers",
        "src/part7/b/c.md": "@team7",
        "x/a.sql": "@dba",
    }
    for file, owner in expected.items():
        rule = owners.rule_for(file)
        assert rule is not None
        assert rule.owners == (owner,)
    assert owners.rule_for("src/part7000/a.py") is None
    made = [rule for rule in rules if rule.matches._compiled is not None]
    assert len(made) < 10

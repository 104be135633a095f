"""The pages of the documentation, taken apart: their code, what the comments before it ask for, their tables."""

import re
import tomllib
from pathlib import Path

from attrs import frozen
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
PAGES = {str(page.relative_to(ROOT)): page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))}
MARKDOWN = MarkdownIt("commonmark").enable("table")


@frozen(kw_only=True)
class Fence:
    """A block of code: its language, where it stands, and what the comment before it says."""

    language: str
    code: str
    line: int
    words: tuple[str, ...] = ()

    @property
    def file(self):
        """The file that the block shows, where its first line names one."""
        named = re.match(r"(?:#|//|--) ([\w./-]+(?:\.\w+|/[A-Z]+))\n", self.code)
        return named and named[1]


def tokens(page):
    return MARKDOWN.parse(page.read_text(encoding="utf-8"))


def comment(token):
    """The words of a comment, `test: real` as ("test:", "real")."""
    found = re.fullmatch(r"<!-- (.*) -->\s*", token.content) if token.type == "html_block" else None
    return tuple(found[1].split()) if found else ()


def fences(page):
    found = tokens(page)
    return [
        Fence(
            language=token.info.partition(" ")[0],
            code=token.content,
            line=token.map[0] + 1,
            words=comment(before),
        )
        for before, token in zip([found[0], *found], found, strict=False)
        if token.type == "fence"
    ]


def commented_tables(page):
    """What the comment before a table says, and the table's cells row by row."""
    found = tokens(page)
    for position, token in enumerate(found):
        words = comment(token)
        if words[:1] == ("keys:",):
            assert found[position + 1].type == "table_open", f"{page}: no table after {token.content}"
            yield " ".join(words[1:]), rows(found[position + 1 :])


def rows(found):
    table = []
    for token in found:
        if token.type == "table_close":
            return table[1:]
        if token.type == "tr_open":
            table.append([])
        elif token.type == "inline":
            table[-1].append(token.content)
    raise AssertionError("a table without an end")


def write_files(page, folder):
    """The files that a page shows; a project with entry points becomes an installed distribution."""
    for fence in fences(page):
        if fence.file is None:
            continue
        (folder / fence.file).parent.mkdir(parents=True, exist_ok=True)
        (folder / fence.file).write_text(fence.code, encoding="utf-8")
        if fence.language == "toml" and "entry-points" in fence.code:
            install(tomllib.loads(fence.code)["project"], folder)


def install(project, folder):
    """What pip leaves behind of a distribution whose modules are in the folder already."""
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")

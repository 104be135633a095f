"""What a Python file says of other files, read from its text: more rather than less than what it will really touch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

Reach: TypeAlias = Literal["imports", "processes", "source", "services", "files", "browsers", "functions"]
"""
What a file does that its text does not tell the goal of.

`imports` by names that are computed, starts `processes`, reads `source` as text, talks to `services`, reads `files` or
has a library that does, drives `browsers`, which come to services whoever starts these, may have the text of
`functions` that it imports.
"""

_IMPORT = re.compile(
    r"""(?:^|[;:])[ \t]*(?:
        import[ \t]+(?P<modules>[^\n;#]+)
        | from[ \t]+(?P<dots>[. \t]*)(?P<module>[\w.]*)[ \t]*import[ \t]*(?:\((?P<several>[^)]*)\)|(?P<names>[^\n;#]+))
    )""",
    re.MULTILINE | re.VERBOSE,
)
_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"[^\W\d]\w*")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
# `monkeypatch.setattr("shop.prices.TAX", 0)`, `pytest_plugins = ["shop.testing"]`, `load("shop.plugins:main")`
_QUOTED_NAME = re.compile(r"""(?<=["'])[^\W\d]\w*(?:\.[^\W\d]\w*)*(?=[:"'])""")
_REACHES: tuple[tuple[Reach, re.Pattern[str]], ...] = (
    (
        "imports",
        re.compile(
            r"\b(?:import_module|__import__|importlib\s*\.\s*(?:util|machinery|reload|metadata|resources)|runpy|pkgutil"
            r"|entry_points|iter_modules|walk_packages|exec|execfile|spec_from_file_location|SourceFileLoader|zipimport)\b"
        ),
    ),
    (
        "processes",
        re.compile(
            r"\b(?:subprocess|popen|Popen|system|pexpect|pytester|testdir|create_subprocess_\w+|exec[lv]p?e?|posix_spawnp?"
            r"|spawn[lv]p?e?|CliRunner|script_runner)\b"
        ),
    ),
    (
        "source",
        re.compile(
            r"""\b(?:inspect|linecache|tokenize|lib2to3|libcst|getsource|co_firstlineno|\w*lineno|extract_tb|__doc__|getdoc|pydoc|__file__)\b"""
            r"""|\.pyi?["'*]|["']\*\*?["']|\brglob\b|\biterdir\b"""
        ),
    ),
    (
        "services",
        re.compile(
            r"\b(?:environ|getenv|socket|requests|httpx|urllib|urllib3|aiohttp|http\s*\.\s*client|grpc|selenium|playwright"
            r"|psycopg2?|asyncpg|sqlalchemy|redis|pymongo|pymysql|MySQLdb|pika|kafka|websockets?|testflow_environment)\b"
        ),
    ),
    (
        "files",
        re.compile(
            r"\b(?:open|fdopen|mmap|Path|PurePath|pathlib|shutil|glob|iglob|listdir|scandir|walk|read_text|read_bytes"
            r"|resources|get_data|sendfile|send_file|send_from_directory|static\w*|templates?\w*|render\w*|loader\w*"
            r"|[Ff]lask|[Dd]jango|[Ss]tarlette|[Ff]ast[Aa][Pp][Ii]|aiohttp|bottle|tornado|pyramid|sanic|falcon|cherrypy"
            r"|jinja2|mako|webassets|py_mini_racer|js2py|quickjs|dukpy|execjs)\b|\.[cm]?[jt]sx?\b"
        ),
    ),
)


@frozen(kw_only=True)
class PythonSource:
    """
    What a file names: modules in full, and relative ones as the number of dots and the name behind them.

    Of `from a import b` both `a` and `a.b` are named, as `b` may be a module.
    """

    modules: frozenset[str] = frozenset()
    relative: frozenset[tuple[int, str]] = frozenset()
    reaches: frozenset[Reach] = frozenset()


def read(text: str) -> PythonSource:
    """What the text of a file names; imports in comments and strings count, too: better a test too many."""
    text = _CONTINUED.sub(" ", text)
    modules: set[str] = set(_QUOTED_NAME.findall(text))
    relative: set[tuple[int, str]] = set()
    for found in _IMPORT.finditer(text):
        if found["modules"] is not None:
            modules.update(_DOTTED.findall(found["modules"]))
            continue
        level, module = found["dots"].count("."), found["module"].strip(".")
        names = _NAME.findall(_COMMENT.sub("", found["several"] or found["names"] or ""))
        told = [module, *(f"{module}.{name}".lstrip(".") for name in names)]
        if level:
            relative.update((level, name) for name in told)
        else:
            modules.update(name for name in told if name)
    reaches = frozenset(reach for reach, pattern in _REACHES if pattern.search(text))
    return PythonSource(modules=frozenset(modules), relative=frozenset(relative), reaches=reaches)


def module_names(path: str) -> Iterable[str]:
    """Every name by which a file may be imported, from whichever folder: `a/b/c.py` is `c`, `b.c` and `a.b.c`."""
    parts = path.removesuffix(".py").removesuffix(".pyi").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    for start in range(len(parts)):
        yield ".".join(parts[start:])

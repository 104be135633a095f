"""What deciding needs of the disk: read before, so that deciding is a matter of values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core.model import Provider
from testflow_git_selector.changed_parts import ChangedParts
from testflow_git_selector.checkout_files import UnknowableError, content_of, files_of, linked_packages
from testflow_git_selector.compared import before, programs, same
from testflow_git_selector.coverage import changed_parts
from testflow_git_selector.declared import is_declaration
from testflow_git_selector.import_graph import ImportGraph
from testflow_git_selector.javascript import (
    ScriptGraph,
    changed_functions,
    is_manifest,
    is_script,
    is_script_lock,
    survey,
)
from testflow_git_selector.lock_files import is_lock
from testflow_git_selector.lock_relations import Relocked, all_relocked
from testflow_git_selector.other_keys import other_keys
from testflow_git_selector.python_source import PythonSource, read
from testflow_git_selector.recorded import Concerned
from testflow_git_selector.script_lock_relations import all_script_relocked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from testflow_core.model import Application, Change, Context

_EVERYTHING = PythonSource(reaches=frozenset({"imports", "source"}))
"""A file that cannot be read: it may import anything."""

_CONFIGURATIONS = ("pyproject.toml", "setup.cfg", "setup.py", "pytest.ini", ".pytest.ini", "tox.ini")
_SECTIONS = ("pytest", "tool:pytest")
# `-p shop.testing`, `DJANGO_SETTINGS_MODULE = settings`, `--ds=shop.settings`
_LOADED = re.compile(r"(?:(?<![\w-])-p[\s\"',]*|SETTINGS\w*[\"'\s]*[=:][\"'\s]*)([\w.]+)|([^\W\d]\w*(?:\.[^\W\d]\w*)+)")


@frozen(kw_only=True)
class Evidence:
    """
    The Python files of a checkout, the scripts that its tests may come to where one of those changed, and of what
    changed which still say the same and which are gone; `locks` and, of scripts, `script_locks` are changed lock files
    of which can be told whom they concern.

    Where nobody can tell which file needs which, `unknown` says why. `loaded` are modules that pytest's configuration
    loads for every test. Where tests were recorded, and the record explains the whole change, `recorded` is what it
    says, and the rest is not looked for. `files` are all files of the checkout in order, where there are rules to be
    checked by them. `parts` are the functions of changed files that differ from the base, where that is known.
    `used` are the applications that this one uses and that changed, with the files that may matter to others.
    Where the record does not explain the whole change, `besides` is what it says all the same.
    `keys` are, of files that declare packages, those under which they say something else, too.
    """

    graph: ImportGraph = field(factory=lambda: ImportGraph(sources={}))
    scripts: ScriptGraph = field(factory=ScriptGraph)
    locks: Mapping[str, Relocked] = field(factory=dict[str, Relocked])
    script_locks: Mapping[str, Relocked] = field(factory=dict[str, Relocked])
    same: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    loaded: tuple[str, ...] = ()
    unknown: str = ""
    recorded: Concerned | None = None
    besides: Concerned | None = None
    files: tuple[str, ...] = ()
    parts: Mapping[str, ChangedParts] = field(factory=dict[str, ChangedParts])
    used: tuple[Provider, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])

    @property
    def alike(self) -> frozenset[str]:
        """The changed files that are the same program as before."""
        none = ChangedParts()
        return self.same | {file for file, parts in self.parts.items() if parts == none}


def gathered(application: Application, change: Change) -> Evidence:
    """What the checkout says of Python, JavaScript and TypeScript files that changed; nothing where none has."""
    changed = programs(change)
    locks = [file for file in change.files or () if is_lock(file) or is_declaration(file)]
    script_locks = [file for file in change.files or () if is_script_lock(file) or is_manifest(file)]
    checkout = application.path
    if not (changed or locks or script_locks) or checkout is None:
        return Evidence()
    try:
        files = frozenset(files_of(checkout))
    except UnknowableError as error:
        return Evidence(unknown=str(error))
    gone = frozenset(changed) - files
    sources = {file: _source(checkout / file) for file in sorted(files) if file.endswith(".py")}
    # Who imported a file that is gone imports its name still.
    sources |= {file: PythonSource() for file in gone if file.endswith(".py")}
    texts, plugin = _configurations(checkout)
    if plugin:
        return Evidence(unknown=f"{plugin} makes the checkout a plugin of pytest, which every test may need")
    graph = ImportGraph(sources=sources)
    scripts = _scripts(application, checkout, files, [*filter(is_script, changed), *script_locks])
    was = before(checkout, change, changed)
    locked, script_locked = (before(checkout, change, files) for files in (locks, script_locks))
    alike = same(checkout, was)
    return Evidence(
        graph=graph,
        locks=all_relocked(locked, checkout, application.python, graph),
        scripts=scripts,
        script_locks=all_script_relocked(script_locked, checkout, scripts),
        same=alike,
        parts=_script_parts(checkout, {file: was[file] for file in was.keys() - alike - gone if is_script(file)}),
        gone=gone,
        loaded=_names([*texts, " ".join(application.test_command or ())]),
        keys=other_keys({**locked, **script_locked}, checkout),
    )


def _scripts(application: Application, checkout: Path, files: frozenset[str], changed: Sequence[str]) -> ScriptGraph:
    if not changed:
        return ScriptGraph()
    gone = [file for file in changed if file not in files and is_script(file)]
    return survey(
        files,
        gone,
        lambda file: content_of(checkout / file),
        application.test_command or (),
        lambda folder: linked_packages(checkout, folder),
    )


def _script_parts(checkout: Path, texts: Mapping[str, bytes]) -> Mapping[str, ChangedParts]:
    """The functions of changed scripts that differ from the base, where that can be told."""
    found = {file: changed_functions(file, was, content_of(checkout / file) or b"") for file, was in texts.items()}
    return {file: parts for file, parts in found.items() if parts is not None}


def _source(path: Path) -> PythonSource:
    content = content_of(path)
    return _EVERYTHING if content is None else read(content.decode("utf-8", errors="replace"))


def _configurations(checkout: Path) -> tuple[list[str], str]:
    """What is written for pytest, and the file by which the checkout is a plugin of pytest, if it is."""
    texts: list[str] = []
    for name in _CONFIGURATIONS:
        try:
            text = (checkout / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if "pytest11" in text:
            return [], name
        texts.append(_for_pytest(name, text))
    return texts, ""


def _for_pytest(name: str, text: str) -> str:
    """What a configuration says to pytest; all of it where it cannot be read."""
    try:
        if name.endswith(".toml"):
            return str(tomllib.loads(text).get("tool", {}).get("pytest", ""))
        if name.endswith(".py"):
            return ""
        parser = ConfigParser(interpolation=None, strict=False)
        parser.read_string(text)
        return "\n".join(
            f"{key} = {value}" for each in _SECTIONS if parser.has_section(each) for key, value in parser.items(each)
        )
    except (tomllib.TOMLDecodeError, ConfigParserError, AttributeError, RecursionError):
        return text


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    """The names of modules that configurations may load."""
    return tuple(dict.fromkeys(one or other for text in texts for one, other in _LOADED.findall(text)))


def with_parts(evidence: Evidence, context: Context) -> Evidence:
    """The evidence, and which functions of the changed Python files differ from the base."""
    application, change = context.application, context.change
    if application is None or application.path is None or change is None:
        return evidence
    checkout = application.path
    changed = [file for file in change.files or () if file.endswith(".py")]
    texts = {file: (was, content_of(checkout / file)) for file, was in before(checkout, change, changed).items()}
    found = {file: changed_parts(was, after) for file, (was, after) in texts.items() if after is not None}
    # Of what is gone there is nothing left to reach.
    gone = {file: ChangedParts() for file in change.files or () if not (checkout / file).exists()}
    return evolve(
        evidence,
        parts={**evidence.parts, **gone, **{file: parts for file, parts in found.items() if parts is not None}},
    )

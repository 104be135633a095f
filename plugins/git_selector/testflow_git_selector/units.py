"""What a Python file is made of: its functions, its module-level names, and what runs when it is imported."""

from __future__ import annotations

import ast
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import define, field, frozen

from testflow_git_selector.import_time import is_for_types_only, is_plain_class, is_plain_function, is_pure, may_fail
from testflow_git_selector.syntax import (
    Definition,
    Reading,
    docstring,
    last_name,
    reading,
    without_docstring,
    yields,
)

MODULE = "<module>"
"""The unit of what runs when a file is imported."""

_HELP = frozenset({"command", "group", "callback"})
"""Decorators that show a docstring to users."""


@frozen(kw_only=True)
class Units:
    """
    What a Python file is made of.

    `functions` are the bodies of functions by qualified name (`charge`, `Card.charge`); what is defined within a
    function is a part of it, and of several with one name all are. `names` are what each module-level name is bound
    to: of functions all but the body, of classes all but the bodies of methods. `module` is what runs on import and may
    have effects, in order: statements, imports of what does not come with Python, decorators, classes with bases,
    names that pytest or Python calls by themselves. `exported` is what `__all__` says,
    None where that is computed; `bound` are the names that some statement of the module binds, `taken` those that are
    imported from other modules; making what one of `fallible` is bound to may raise. `examples` are docstrings with
    doctests. `problem` says why the file cannot be parsed.
    """

    functions: Mapping[str, Reading] = field(factory=dict[str, Reading])
    names: Mapping[str, Reading] = field(factory=dict[str, Reading])
    module: Reading = field(factory=lambda: reading(()))
    exported: frozenset[str] | None = frozenset()
    bound: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    fallible: frozenset[str] = frozenset()
    examples: Reading = field(factory=lambda: reading(()))
    problem: str = ""

    @property
    def dangling(self) -> frozenset[str]:
        """What is exported and not bound: an import of all names fails of it."""
        return (self.exported or frozenset()) - self.bound


def units(source: bytes | str) -> Units:
    """What this text of a file is made of; the same in every version of Python that parses it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        return _Survey.of(tree).units()
    except (SyntaxError, ValueError) as error:
        return Units(problem=f"it does not parse: {error}")
    except (RecursionError, MemoryError):
        return Units(problem="it is nested too deeply to parse")


@define
class _Survey:
    """A module as it is gone through."""

    modules: frozenset[str]
    help: bool
    functions: dict[str, list[ast.AST]] = field(factory=lambda: defaultdict[str, list[ast.AST]](list))
    names: dict[str, list[ast.AST]] = field(factory=lambda: defaultdict[str, list[ast.AST]](list))
    effects: list[ast.AST] = field(factory=list["ast.AST"])
    examples: list[ast.AST] = field(factory=list["ast.AST"])
    exported: set[str] | None = field(factory=set[str])
    above: set[str] = field(factory=set[str])
    taken: set[str] = field(factory=set[str])
    fallible: set[str] = field(factory=set[str])

    @classmethod
    def of(cls, tree: ast.Module) -> _Survey:
        nodes = list(ast.walk(tree))
        imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        modules = frozenset(alias.asname or alias.name.partition(".")[0] for node in imports for alias in node.names)
        reads = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        reads |= {node.id for node in nodes if isinstance(node, ast.Name)}
        survey = cls(modules=modules, help=not reads.isdisjoint({"__doc__", "getdoc"}))
        for statement in survey.body_of(tree.body):
            survey.statement(statement)
            survey.above |= _binding(statement)
        return survey

    def units(self) -> Units:
        return Units(
            functions={name: reading(nodes, self.modules) for name, nodes in self.functions.items()},
            names={name: reading(nodes, self.modules) for name, nodes in self.names.items()},
            module=reading(self.effects, self.modules),
            exported=None if self.exported is None else frozenset(self.exported),
            bound=frozenset(self.above),
            taken=frozenset(self.taken),
            fallible=frozenset(self.fallible),
            examples=reading(self.examples),
        )

    def body_of(self, body: list[ast.stmt], decorators: Sequence[ast.expr] = ()) -> list[ast.stmt]:
        """The statements that count: a docstring does where somebody shows it."""
        text = docstring(body)
        if text is not None and ">>>" in text:
            self.examples.append(body[0])
        shown = self.help or any(last_name(each) in _HELP for each in decorators)
        return body if shown else without_docstring(body)

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, Definition):
            self.function(node)
        elif isinstance(node, ast.ClassDef):
            self.definition(node.name, [self.class_shell(node, f"{node.name}.")], plain=is_plain_class(node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.imported(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self.assignment(node)
        elif not isinstance(node, ast.Pass) and not is_for_types_only(node):
            shell = self.shell(node, "")
            self.effects.extend([shell, self.order([shell])])

    def function(self, node: Definition) -> None:
        header = self.cut(node, node.name)
        self.definition(node.name, [header], plain=is_plain_function(node))

    def definition(self, name: str, nodes: Iterable[ast.AST], *, plain: bool) -> None:
        nodes = [*nodes, self.order(nodes)]
        self.names[name].extend(nodes)
        self.note([name], nodes)
        if not plain:
            self.effects.extend(nodes)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        module = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
        known = not getattr(node, "level", 0) and module.partition(".")[0] in sys.stdlib_module_names
        for alias in node.names if node.names[0].name != "*" else ():
            bound = alias.asname or alias.name.partition(".")[0]
            origin = ast.Constant(value=f"{'.' * getattr(node, 'level', 0) or ''} {getattr(node, 'module', '')}")
            self.names[bound].extend([origin, alias])
        if isinstance(node, ast.ImportFrom):
            self.taken |= {alias.name for alias in node.names}
        if not known or module == "__future__":
            # Importing is an effect, but does not use what is imported.
            self.effects.append(ast.Constant(value=f"import {ast.unparse(node)}"))

    def assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [name for target in targets for name in _bound(target)]
        plain = None not in names and (node.value is None or is_pure(node.value))
        nodes = [node, self.order([node])]
        for name in names:
            if name == "__all__":
                self.export(node)
            elif name is not None:
                self.names[name].extend(nodes)
        self.note((name for name in names if name is not None), nodes)
        if not plain:
            self.effects.extend(nodes)

    def note(self, names: Iterable[str], nodes: Iterable[ast.AST]) -> None:
        """Whether what these are bound to may fail to be made, here."""
        if any(may_fail(each, self.above) for each in nodes):
            self.fallible.update(names)

    def export(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        try:
            told = ast.literal_eval(node.value) if node.value is not None else ()
        except ValueError:
            told = None
        if self.exported is None or not isinstance(told, list | tuple):
            self.exported = None
            self.effects.append(node)
        else:
            self.exported.update(str(each) for each in told)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

    def order(self, nodes: Iterable[ast.AST]) -> ast.AST:
        """Which of the names that these need stand above: a constant moved below its use is an error."""
        needed: set[str] = set()
        waiting = _names(nodes)
        while waiting:
            needed |= waiting
            bodies = [node for name in waiting & self.functions.keys() for node in self.functions[name]]
            waiting = _names(bodies) - needed
        return ast.Constant(value="above " + " ".join(sorted(needed & self.above)))

    def cut(self, node: Definition, name: str) -> ast.AST:
        """A function without its body, which is put among the functions."""
        body = self.body_of(node.body, node.decorator_list) or [ast.Pass()]
        self.functions[name].extend(body)
        if node.name.startswith("pytest_"):
            # Called by the name they have, and not while a test runs.
            self.effects.extend(body)
        kind = ast.Constant(value="a generator" if yields(node) else "a function")
        return _replaced(node, body=[ast.Expr(value=kind)])

    def class_shell(self, node: ast.ClassDef, prefix: str) -> ast.AST:
        body = [self.shell(each, prefix) for each in self.body_of(node.body)]
        return _replaced(node, body=body)

    def shell(self, node: ast.stmt, prefix: str) -> ast.stmt:
        """A statement without the bodies of the functions in it."""
        if isinstance(node, Definition):
            return self.cut(node, prefix + node.name)  # pyright: ignore[reportReturnType] - a statement is replaced by one
        if isinstance(node, ast.ClassDef):
            return self.class_shell(node, f"{prefix}{node.name}.")  # pyright: ignore[reportReturnType]
        inside = {
            name: [self.part(each, prefix) for each in value]
            for name in ("body", "orelse", "finalbody", "handlers", "cases")
            if (value := getattr(node, name, None))
        }
        return _replaced(node, **inside) if inside else node  # pyright: ignore[reportReturnType]

    def part(self, node: ast.AST, prefix: str) -> ast.AST:
        if isinstance(node, ast.ExceptHandler | ast.match_case):
            return _replaced(node, body=[self.shell(each, prefix) for each in node.body])
        return self.shell(node, prefix) if isinstance(node, ast.stmt) else node


def _replaced(node: ast.AST, **fields: object) -> ast.AST:
    return type(node)(**{name: getattr(node, name, None) for name in node._fields} | fields)


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    return {inner.id for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _binding(statement: ast.stmt) -> set[str]:
    """The names that a statement may bind."""
    if isinstance(statement, Definition | ast.ClassDef):
        return {statement.name}
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, Definition | ast.ClassDef):
            found.add(node.name)
    return found


def _bound(target: ast.expr) -> Iterator[str | None]:
    """The names that a target binds; None for a part of it that changes something that is there."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _bound(each)
    elif isinstance(target, ast.Starred):
        yield from _bound(target.value)
    else:
        yield None

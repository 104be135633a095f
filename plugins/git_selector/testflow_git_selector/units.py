"""What a Python file is made of: its functions, its module-level names, and what runs when it is imported."""

from __future__ import annotations

import ast
import builtins
import functools
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from attrs import define, field, frozen

from testflow_git_selector.bindings import binding, bound_by, is_of_python, names_in
from testflow_git_selector.constants import LIBRARY, OPAQUE, root_of
from testflow_git_selector.import_time import (
    PLAIN_BASES,
    PLAIN_DECORATORS,
    is_for_types_only,
    is_plain_class,
    is_plain_function,
    is_pure,
)
from testflow_git_selector.syntax import (
    Definition,
    Reading,
    docstring,
    last_name,
    reading,
    replaced,
    without_docstring,
    yields,
)
from testflow_git_selector.values import CLASS, FUNCTION, Assigning, Worked

MODULE = "<module>"
"""The unit of what runs when a file is imported."""

_HELP = frozenset({"command", "group", "callback"})
"""Decorators that show a docstring to users."""

_READ_BY_OTHERS = re.compile(r"pytest|collect_ignore|__(?:path|getattr|dir|test|doc|name|package|class_getitem)__$")
"""Names that pytest and Python look for, so that nobody else mentions them."""

KNOWN = 1 << 9
"""How many texts of files are known: where many files change, each is looked at once for every other."""

_NOTHING = ast.Constant(value=None)


@frozen(kw_only=True)
class Units:
    """
    What a Python file is made of.

    `functions` are the bodies of functions by qualified name (`charge`, `Card.charge`); what is defined within a
    function is a part of it, and of several with one name all are. `names` are what each module-level name is bound
    to: of functions all but the body, of classes all but the bodies of methods. `module` is what runs on import and
    may have effects, in order: statements, imports of what does not come with Python, decorators, classes of other
    bases than Python's or its own, names that pytest or Python calls by themselves. `exported` is what `__all__`
    says, None where that is computed; `bound` are the names that some statement of the module binds, `rebound`
    those that functions bind, `taken` those that are imported from other modules. `kinds` tells of names what is
    known of their values. Making what one of `fallible` is bound to may raise, with one of `refusing` by what it is
    given, with one of `failing` it does. `members` are those of classes, with the class. `docstrings` are those of
    functions and classes, `handed` are names of such as have decorators. `examples` are docstrings with doctests.
    `lines` are where statements stand. `problem` says why the file cannot be parsed.
    """

    functions: Mapping[str, Reading] = field(factory=dict[str, Reading])
    names: Mapping[str, Reading] = field(factory=dict[str, Reading])
    module: Reading = field(factory=lambda: reading(()))
    exported: frozenset[str] | None = frozenset()
    bound: frozenset[str] = frozenset()
    rebound: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    kinds: Mapping[str, str] = field(factory=dict[str, str])
    fallible: frozenset[str] = frozenset()
    refusing: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    docstrings: Mapping[str, str] = field(factory=dict[str, str])
    handed: frozenset[str] = frozenset()
    examples: Reading = field(factory=lambda: reading(()))
    lines: tuple[int, ...] = ()
    problem: str = ""

    @property
    def dangling(self) -> frozenset[str]:
        """What is exported and not bound: an import of all names fails of it."""
        return (self.exported or frozenset()) - self.bound


@functools.lru_cache(maxsize=KNOWN)
def units(source: bytes | str) -> Units:
    """What this text of a file is made of; the same in every version of Python that parses it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Survey.of(ast.parse(source)).units()
    except (SyntaxError, ValueError) as error:
        return Units(problem=f"it does not parse: {error}")
    except (RecursionError, MemoryError):
        return Units(problem="it is nested too deeply to parse")


@define
class _Survey:
    """A module as it is gone through."""

    modules: Mapping[str, str]
    help: bool
    functions: dict[str, list[ast.AST]] = field(factory=lambda: defaultdict[str, list[ast.AST]](list))
    names: dict[str, list[ast.AST]] = field(factory=lambda: defaultdict[str, list[ast.AST]](list))
    effects: list[ast.AST] = field(factory=list["ast.AST"])
    examples: list[ast.AST] = field(factory=list["ast.AST"])
    docstrings: dict[str, str] = field(factory=dict[str, str])
    handed: set[str] = field(factory=set[str])
    lines: tuple[int, ...] = ()
    exported: set[str] | None = field(factory=set[str])
    above: set[str] = field(factory=set[str])
    taken: set[str] = field(factory=set[str])
    plain: set[str] = field(factory=set[str])
    worked: Worked = field(factory=Worked)
    members: frozenset[str] = frozenset()

    @classmethod
    def of(cls, tree: ast.Module) -> _Survey:
        nodes = list(ast.walk(tree))
        imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        # What Python has itself has none of the names that can be others.
        ours = [node for node in imports if not is_of_python(node)]
        modules = {
            alias.asname or alias.name.partition(".")[0]: alias.name.rpartition(".")[2]
            for node in ours
            for alias in node.names
        }
        reads = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        reads |= {node.id for node in nodes if isinstance(node, ast.Name)}
        survey = cls(
            modules=modules,
            lines=tuple(node.lineno for node in nodes if isinstance(node, ast.stmt)),
            help=not reads.isdisjoint({"__doc__", "getdoc"}),
            members=frozenset(
                f"{node.name}.{name}"
                for node in nodes
                if isinstance(node, ast.ClassDef)
                for each in node.body
                for name in binding(each)
            ),
            worked=Worked(
                rebound=frozenset(name for node in nodes if isinstance(node, ast.Global) for name in node.names)
            ),
        )
        for statement in survey.body_of(tree.body):
            bound = binding(statement)
            if not isinstance(statement, Assigning):
                survey.worked.unknown(bound, LIBRARY if is_of_python(statement) else OPAQUE)
                survey.plain -= bound
            survey.statement(statement)
            survey.above |= bound
        return survey

    def units(self) -> Units:
        return Units(
            functions={name: reading(nodes, self.modules) for name, nodes in self.functions.items()},
            names={name: reading(nodes, self.modules) for name, nodes in self.names.items()},
            module=reading(self.effects, self.modules),
            exported=None if self.exported is None else frozenset(self.exported),
            bound=frozenset(self.above),
            rebound=self.worked.rebound,
            taken=frozenset(self.taken),
            kinds=self.worked.kinds,
            fallible=frozenset(self.worked.fallible),
            refusing=frozenset(self.worked.refusing),
            failing=frozenset(self.worked.failing),
            members=self.members,
            docstrings=self.docstrings,
            handed=frozenset(self.handed),
            examples=reading(self.examples),
            lines=self.lines,
        )

    def body_of(self, body: list[ast.stmt], name: str = "", decorators: Sequence[ast.expr] = ()) -> list[ast.stmt]:
        """The statements that count: a docstring does where somebody shows it."""
        text = docstring(body)
        if name:
            self.docstrings[name] = text or ""
            self.handed |= set() if all(last_name(each) in PLAIN_DECORATORS for each in decorators) else {name}
        if text is not None and ">>>" in text:
            self.examples.append(body[0])
        return body if self.help or _HELP & {*map(last_name, decorators)} else without_docstring(body)

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, Definition):
            self.function(node)
        elif isinstance(node, ast.ClassDef):
            plain = is_plain_class(node, self.is_plain_base)
            self.definition(node.name, [self.class_shell(node, f"{node.name}.")], plain=plain)
            self.worked.kinds[node.name] = CLASS
            if plain:
                self.plain.add(node.name)
                # What it inherits from decides whether it can be made at all.
                self.effects.extend(ast.Constant(value=f"inherits {ast.unparse(each)}") for each in node.bases)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.imported(node)
        elif isinstance(node, Assigning):
            self.assignment(node)
        elif not isinstance(node, ast.Pass) and not is_for_types_only(node):
            shell = self.shell(node, "")
            self.effects.extend([shell, self.order([shell])])

    def is_plain_base(self, node: ast.expr) -> bool:
        """Whether nothing more happens where a class inherits from this one: it is one of Python's, or of this file."""
        node = node.value if isinstance(node, ast.Subscript) else node
        name, root = last_name(node), root_of(node)
        if isinstance(node, ast.Name) and name in self.worked.values:
            return name in self.plain or (name in PLAIN_BASES and self.worked.values[name] is LIBRARY)
        return name in PLAIN_BASES and (
            self.worked.values.get(root) is LIBRARY or (name == root and hasattr(builtins, name))
        )

    def function(self, node: Definition) -> None:
        header = self.cut(node, node.name)
        self.definition(node.name, [header], plain=is_plain_function(node))
        self.worked.kinds[node.name] = FUNCTION

    def definition(self, name: str, nodes: Iterable[ast.AST], *, plain: bool) -> None:
        nodes = [*nodes, self.order(nodes)]
        self.names[name].extend(nodes)
        self.worked.note([name], nodes, self.above)
        if not plain:
            self.effects.extend(nodes)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        module = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
        known = is_of_python(node)
        for alias in node.names if node.names[0].name != "*" else ():
            bound = alias.asname or alias.name.partition(".")[0]
            origin = ast.Constant(value=f"{'.' * getattr(node, 'level', 0) or ''} {getattr(node, 'module', '')}")
            self.names[bound].extend([origin, alias])
        if isinstance(node, ast.ImportFrom):
            self.taken |= {alias.name for alias in node.names}
        if not known or module == "__future__":
            # Importing is an effect, but does not use what is imported.
            self.effects.append(ast.Constant(value=f"import {ast.unparse(node)}"))

    def assignment(self, node: Assigning) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [name for target in targets for name in bound_by(target)]
        nodes = [node, self.order([node])]
        for name in names:
            if name == "__all__":
                self.export(node)
            elif name is not None:
                self.names[name].extend(nodes)
        bound = [name for name in names if name is not None]
        known = self.worked.assign(node, targets, bound)
        looked_for = any(_READ_BY_OTHERS.match(name) for name in bound)
        plain = None not in names and not looked_for and (node.value is None or known or is_pure(node.value))
        self.worked.note(bound, [replaced(node, value=_NOTHING)] if known else nodes, self.above)
        if not plain:
            self.effects.extend(nodes)

    def export(self, node: Assigning) -> None:
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
        waiting = names_in(nodes)
        while waiting:
            needed |= waiting
            bodies = [node for name in waiting & self.functions.keys() for node in self.functions[name]]
            waiting = names_in(bodies) - needed
        return ast.Constant(value="above " + " ".join(sorted(needed & self.above)))

    def cut(self, node: Definition, name: str) -> ast.AST:
        """A function without its body, which is put among the functions."""
        body = self.body_of(node.body, name, node.decorator_list) or [ast.Pass()]
        self.functions[name].extend(body)
        if node.name.startswith("pytest_"):
            # Called by the name they have, and not while a test runs.
            self.effects.extend(body)
        kind = ast.Constant(value="a generator" if yields(node) else "a function")
        # Whoever asks for help does not enter what it is about.
        shown = (
            node.body[:1] if _HELP & {*map(last_name, node.decorator_list)} and docstring(node.body) is not None else []
        )
        return replaced(node, body=[ast.Expr(value=kind), *shown])

    def class_shell(self, node: ast.ClassDef, prefix: str) -> ast.AST:
        body = [self.shell(each, prefix) for each in self.body_of(node.body, prefix[:-1], node.decorator_list)]
        return replaced(node, body=body)

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
        return replaced(node, **inside) if inside else node  # pyright: ignore[reportReturnType]

    def part(self, node: ast.AST, prefix: str) -> ast.AST:
        if isinstance(node, ast.ExceptHandler | ast.match_case):
            return replaced(node, body=[self.shell(each, prefix) for each in node.body])
        return self.shell(node, prefix) if isinstance(node, ast.stmt) else node

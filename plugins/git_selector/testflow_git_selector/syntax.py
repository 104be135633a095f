"""What pieces of Python syntax say: a digest that any Python gives alike, and the identifiers they mention."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Definition = ast.FunctionDef | ast.AsyncFunctionDef

ANY = "*"
"""Stands among mentions for every identifier: some are computed while the program runs."""
OWN = "."
"""Stands for every identifier that the module itself binds."""

MADE = "!"
"""Stands for the identifiers in code that is made while the program runs, which is known where that was recorded."""

_MAKING = frozenset({"eval", "exec"})
_COMPUTED = frozenset(
    {
        "import_module",
        "__import__",
        "modules",
        "getmembers",
        "__subclasses__",
        "locate",
        "resolve_name",
        "import_string",
    }
)
_OWN = frozenset({"globals", "locals"})
_BY_NAME = frozenset({"getattr", "hasattr", "setattr", "delattr", "vars", "dir", "getattr_static"})
_HANDED = frozenset({"getattr", "hasattr", "setattr", "delattr", "__getattribute__"})
_GETTERS = frozenset({"attrgetter", "methodcaller"})
_EVALUATED = frozenset({"skipif", "xfail"})
"""Marks whose conditions pytest runs where they are texts."""

_WORD = re.compile(r"[^\W\d]\w*")
_HANDED_ON = "all of "
"""Stands before the name of a module that a piece hands on, so that somebody else may ask it for anything."""

_INSTANCES = frozenset({"self", "cls"})
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_LONGEST_NAME = 200


@frozen(kw_only=True)
class Reading:
    """
    What pieces of syntax say.

    `digest` is blind to comments, formatting and quotes. `mentions` are identifiers, attributes and quoted names, `ANY`
    among them where the piece may use names that it computes, `OWN` where those are of the module that it stands in,
    `MADE` where it runs text.
    """

    digest: str
    mentions: frozenset[str] = field(factory=frozenset[str])


def all_of(path: str) -> str:
    """What is mentioned where the module that a file is, by the last part of its name, is handed on."""
    *folders, name = path.removesuffix(".py").split("/")
    return _HANDED_ON + (folders[-1] if name == "__init__" and folders else name)


def in_text(mention: str) -> str:
    """What stands in the text where something is mentioned."""
    return mention.removeprefix(_HANDED_ON)


def reading(nodes: Iterable[ast.AST], modules: Mapping[str, str] | None = None) -> Reading:
    """What these nodes say; `modules` are the names by which modules are imported around them, and their own."""
    modules = modules or {}
    reader = _Reader(modules=modules)
    for node in nodes:
        reader.read(node)
    if reader.mentions & _COMPUTED:
        reader.mentions.add(ANY)
    if reader.getting and reader.mentions & modules.keys():
        # Whom it is asked, nobody follows.
        reader.mentions.add(ANY)
    # What is found by its name may itself be asked for something.
    if reader.mentions & _OWN:
        reader.mentions.add(ANY if reader.asking else OWN)
    if reader.mentions & _MAKING:
        # Of those that are handed on, nobody knows who calls them.
        reader.mentions.add(ANY if reader.asking or reader.handing else MADE)
    text = "\0".join(reader.words).encode(errors="surrogatepass")
    return Reading(digest=hashlib.blake2b(text, digest_size=12).hexdigest(), mentions=frozenset(reader.mentions))


@define
class _Reader:
    """Writes syntax down: ast.dump differs between versions of Python, and bytecode does all the more."""

    modules: Mapping[str, str]
    asking: bool = False
    handing: bool = False
    getting: bool = False
    words: list[str] = field(factory=list[str])
    mentions: set[str] = field(factory=set[str])
    calls: set[ast.AST] = field(factory=set["ast.AST"])
    asked: set[ast.AST] = field(factory=set["ast.AST"])
    run: set[ast.AST] = field(factory=set["ast.AST"])

    def read(self, node: ast.AST) -> None:
        self.words.append(type(node).__name__)
        self.mentions.update(_mentioned(node))
        self._making(node)
        self._asking(node)
        self._handing_on(node)
        if isinstance(node, ast.JoinedStr):
            # Python 3.12 puts an empty text behind what is formatted.
            self._value("values", [part for part in node.values if not _is_empty_text(part)])
            return
        for name in node._fields:
            if name not in _LEFT_OUT:
                self._value(name, getattr(node, name, None))
        self.words.append(")")

    def _asking(self, node: ast.AST) -> None:
        """Take note of what asks for a name that it computes, of a module above all."""
        if isinstance(node, ast.Call):
            self.asked.add(node.func)
            if _computes_names(node):
                self.asking = True
                if self._is_module(node.args[0]):
                    self.mentions.add(ANY)
            called = "" if isinstance(node.func, ast.Call) else last_name(node.func)
            self.getting |= called in _GETTERS and not all(isinstance(each, ast.Constant) for each in node.args)
            if called in _EVALUATED:
                self.mentions.update(_words(node))
        elif node not in self.asked and not _HANDED.isdisjoint(_mentioned(node)):
            self.getting = True
        elif isinstance(node, ast.Attribute) and node.attr == "__dict__" and self._is_module(node.value):
            self.mentions.add(ANY)

    def _is_module(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id in self.modules

    def _handing_on(self, node: ast.AST) -> None:
        """Take note of imported modules that stand here as values: of those, attributes are asked for elsewhere."""
        if isinstance(node, ast.Call) and last_name(node.func) in _MAKING:
            # Which names the text asks for is known where that was recorded.
            self.run.update(inner for each in node.args for inner in ast.walk(each))
            return
        if node in self.run:
            return
        if isinstance(node, ast.Attribute):
            # `settings.__dict__` has all of them.
            values = [node.value] if node.attr == "__dict__" else []
        elif isinstance(node, ast.Call):
            # `setattr(prices, "TAX", 0)` names the attribute.
            named = any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in node.args[1:2])
            values = [] if named else [*node.args, *(each.value for each in node.keywords)]
        else:
            values = [] if isinstance(node, ast.Expr | ast.Compare) else ast.iter_child_nodes(node)
        for each in values:
            root = each
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in self.modules:
                last = each.attr if isinstance(each, ast.Attribute) else self.modules[root.id]
                self.mentions.add(_HANDED_ON + last)

    def _making(self, node: ast.AST) -> None:
        """Take note of what makes code, unless that is called here or is a word for `compile`."""
        if isinstance(node, ast.Call) and last_name(node.func) in _MAKING:
            self.calls.add(node.func)
        elif isinstance(node, ast.Call) and last_name(node.func) == "compile":
            self.calls.update([*node.args, *(each.value for each in node.keywords)])
        elif node not in self.calls and not _MAKING.isdisjoint(_mentioned(node)):
            self.handing = True

    def _value(self, name: str, value: object) -> None:
        """A value of a field; one that is not there is not said, as later versions have fields that earlier lack."""
        if isinstance(value, ast.AST):
            self.words.append(name)
            self.read(value)
        elif isinstance(value, list):
            values = cast("list[object]", value)
            if values:
                self.words.append(f"{name}[{len(values)}")
            for each in values:
                if each is None:
                    # It has its place: a default that is missing, a key that is `**`.
                    self.words.append("None")
                self._value("", each)
        elif value is not None or name == "value":
            self.words.append(f"{name}={type(value).__name__}:{value!r}")


def _is_empty_text(node: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""


def _mentioned(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        ours = isinstance(node.value, ast.Name) and node.value.id in _INSTANCES
        return () if ours else (node.attr,)
    if isinstance(node, ast.Constant):
        text = node.value
        if isinstance(text, str) and len(text) <= _LONGEST_NAME:
            # `getattr(prices, "TAX")`, `setattr("shop.prices.TAX", 0)`, `load("shop.plugins:main")`
            parts = text.replace(":", ".").split(".")
            return parts if all(part.isidentifier() for part in parts) else ()
    elif isinstance(node, ast.alias):
        return node.name.split(".")
    elif isinstance(node, ast.Global):
        return node.names
    return ()


def _computes_names(call: ast.Call) -> bool:
    """Whether a call asks something for a name that does not stand in the text."""
    if not isinstance(call.func, ast.Name | ast.Attribute) or not call.args:
        return False
    named = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
    if named not in _BY_NAME or (isinstance(call.func, ast.Attribute) and named != "getattr_static"):
        return False
    return not (call.args[1:] and isinstance(call.args[1], ast.Constant))


def _words(call: ast.Call) -> Iterable[str]:
    """The names in texts that a call is given and that are run."""
    given = [*call.args, *(each.value for each in call.keywords if each.arg == "condition")]
    texts = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return [word for text in texts for word in _WORD.findall(text)]


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements behind the docstring, if there is one."""
    return body[1:] if docstring(body) is not None else body


def docstring(body: list[ast.stmt]) -> str | None:
    """The docstring at the start of these statements."""
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        text = body[0].value.value
        return text if isinstance(text, str) else None
    return None


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name, without what it is called with; empty for other expressions."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def yields(function: Definition) -> bool:
    """Whether a call makes a generator, and runs nothing yet."""
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))


def own_nodes(function: Definition) -> Iterator[ast.AST]:
    """The nodes of a function, those within functions that it defines left out."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Definition | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)


def replaced(node: ast.AST, **fields: object) -> ast.AST:
    """The same node with other fields."""
    return type(node)(**{name: getattr(node, name, None) for name in node._fields} | fields)

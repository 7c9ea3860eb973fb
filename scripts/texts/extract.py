"""Find the texts of a module that a user can see. Parses the module; imports nothing.

A text is a string of at least two words, or of one word where only a text makes sense: in an error, a hint, a heading or part
of a sentence. Strings for programs are left out: keys, compared and searched strings, patterns, headers, option names.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import NamedTuple

from scripts.texts.holes import is_text, joined, name, parts, rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

WORDS = re.compile(r"[A-Za-z}]{2,}['’\"”`)]*[,.:;?!…]? ['‘\"“`(]*[A-Za-z{]|…")
BESIDE_A_HOLE = re.compile(r"(?:^|[\s(])[A-Za-z]{2,}(?=[.,:;)!?]*(\s|$))")
WORD = re.compile(r"[A-Za-z][A-Za-z' ().,…-]*[A-Za-z).…]|[A-Z]+")
HOLE = re.compile(r"\{\w+\}")
HEADER = re.compile(r"(Connection|Host|[A-Z][a-z]+(-[A-Z][a-z]+)+): |\w+/[\w.+-]+; |[A-Z]+( [A-Z]+){4,}$")

# One word is a text as an argument of these calls, under these names, and in an error.
SHOWN_BY = frozenset(
    {"say", "emit", "echo", "secho", "style", "table", "output", "fact", "Fact", "tell", "title"}
)
SHOWN_AS = frozenset(
    {
        "about",
        "complaint",
        "fix",
        "help",
        "hint",
        "label",
        "message",
        "metavar",
        "note",
        "otherwise",
        "prompt",
    }
    | {
        "purpose",
        "question",
        "reason",
        "said",
        "short_help",
        "summary",
        "text",
        "title",
        "what",
        "where",
        "why",
    }
)
WHOLE = frozenset({"help", "metavar", "short_help"})  # of click, whatever they hold
# Calls that look up or match a string and do not show it.
READS = frozenset(
    {
        "compile",
        "count",
        "encode",
        "endswith",
        "find",
        "findall",
        "finditer",
        "fullmatch",
        "getattr",
        "hasattr",
        "index",
    }
    | {
        "lstrip",
        "match",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rindex",
        "rpartition",
        "rsplit",
    }
    | {
        "rstrip",
        "search",
        "setattr",
        "split",
        "startswith",
        "strip",
        "sub",
        "import_module",
        "Literal",
        "Choice",
    }
    | {"TypeVar", "ParamSpec", "AssertionError", "TypeError", "NotImplementedError"}
)
LOOKS_UP = frozenset({"get", "pop", "setdefault"})  # the first argument is a key; the default may be shown
PASSES = frozenset(
    {"append", "command", "extend", "format", "join", "safe"}
)  # the arguments become part of a text
READ_BY_PROGRAMS = (ast.Compare, ast.pattern)
HELPS = frozenset({"command", "group"})  # decorators of functions whose docstring is help
ROOTS = frozenset(
    {"Exception", "BaseException", "ValueError", "OSError", "RuntimeError", "KeyError", "LookupError"}
)


class Text(NamedTuple):
    """A text, its line, and its role: `help`, `hint`, the name of the error or of the call that gets it."""

    line: int
    role: str
    text: str


def error_names(trees: Iterable[ast.AST]) -> set[str]:
    """The names of all exception classes."""
    bases = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(name(base) for base in node.bases)
    found = set(ROOTS)
    while more := {each for each, above in bases.items() if above & found} - found:
        found |= more
    return found


def texts_of(tree: ast.Module, errors: Collection[str] = ROOTS) -> list[Text]:
    """The texts of a module, by line."""
    return sorted(dict.fromkeys(_Finder(errors).found_in(tree)), key=lambda text: text.line)


def docstrings_of(tree: ast.Module) -> Iterator[Text]:
    """The docstrings that are not help."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and not _is_command(node):
                yield Text(node.body[0].lineno, f"docstring of {getattr(node, 'name', 'the module')}", text)


def comments_of(source: str) -> Iterator[Text]:
    """The comments, with lines joined and without directives for tools."""
    last = None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or token.string.startswith("#!"):
            continue
        words = re.sub(r"#\s*(noqa|type: ignore|fmt|pragma|nosec)\b[^#]*", "", token.string).strip("# ")
        if not words:
            continue
        alone = token.line.strip().startswith("#")
        if last and alone and last[1] == token.start[0] - 1 and last[2] == token.start[1]:
            last = (Text(last[0].line, "comment", f"{last[0].text} {words}"), token.start[0], token.start[1])
            continue
        if last:
            yield last[0]
        last = (Text(token.start[0], "comment", words), token.start[0] if alone else -1, token.start[1])
    if last:
        yield last[0]


def _is_command(node: ast.AST) -> bool:
    return any(
        name(d.func if isinstance(d, ast.Call) else d) in HELPS for d in getattr(node, "decorator_list", ())
    )


class _Finder:
    """Walks a module and tracks the role of a text at each place, and whether one word is a text there."""

    def __init__(self, errors: Collection[str]) -> None:
        self._errors = errors

    def found_in(self, node: ast.AST, role: str = "", *, shown: bool = False) -> Iterator[Text]:
        """The texts of a node."""
        if isinstance(node, READ_BY_PROGRAMS):
            return
        if is_text(node):
            yield from self._text(node, role, shown=shown)
        else:
            find = getattr(self, f"_in_{type(node).__name__.lower()}", self._in_any)
            yield from find(node, role, shown=shown)

    def _text(self, node: ast.AST, role: str, *, shown: bool) -> Iterator[Text]:
        text = rendered(node)
        words = HOLE.sub("{}", text)
        beside_a_hole = words != text and BESIDE_A_HOLE.search(words)
        one_alone = shown and WORD.fullmatch(words)
        whole = role in WHOLE or WORDS.search(words) or beside_a_hole or one_alone
        if whole and not HEADER.match(words):
            yield Text(node.lineno, role, text)
        for part in parts(node):
            if not isinstance(part, ast.Constant):
                yield from self._calls_of(part, role)

    def _calls_of(self, node: ast.AST, role: str) -> Iterator[Text]:
        """The texts inside the calls that fill a hole."""
        if (each := joined(node)) is not None:
            yield from self._calls_of(each, role)
        elif isinstance(node, ast.Call):
            yield from self.found_in(node, role)
        elif not isinstance(node, READ_BY_PROGRAMS):
            for child in ast.iter_child_nodes(node):
                yield from self._calls_of(child, role)

    def _in_any(self, node: ast.AST, role: str, *, shown: bool) -> Iterator[Text]:
        for child in ast.iter_child_nodes(node):
            yield from self.found_in(child, role, shown=shown)

    def _in_module(self, node: ast.Module, role: str, *, shown: bool) -> Iterator[Text]:
        """A module, function or class: without annotations, and without docstrings that are not help."""
        help_text = ast.get_docstring(node) if _is_command(node) else None
        if help_text:
            yield Text(node.body[0].lineno, "help", help_text)
        for decorator in getattr(node, "decorator_list", ()):
            yield from self.found_in(decorator, name(decorator))
        arguments = getattr(node, "args", None)
        for default in (*arguments.defaults, *filter(None, arguments.kw_defaults)) if arguments else ():
            yield from self.found_in(default, "default")
        for each in node.body:
            yield from self.found_in(each, getattr(node, "name", role), shown=shown)

    _in_classdef = _in_functiondef = _in_asyncfunctiondef = _in_module

    def _in_expr(self, node: ast.Expr, role: str, *, shown: bool) -> Iterator[Text]:
        if not isinstance(node.value, ast.Constant):  # a docstring
            yield from self.found_in(node.value, role, shown=shown)

    def _in_assign(self, node: ast.Assign, _role: str, *, shown: bool) -> Iterator[Text]:
        target = name(node.targets[0])
        if target != "__all__":
            yield from self.found_in(node.value, target, shown=shown or target in SHOWN_AS)

    def _in_annassign(self, node: ast.AnnAssign, _role: str, *, shown: bool) -> Iterator[Text]:
        target = name(node.target)
        if node.value is not None:
            yield from self.found_in(node.value, target, shown=shown or target in SHOWN_AS)

    def _in_ifexp(self, node: ast.IfExp, role: str, *, shown: bool) -> Iterator[Text]:
        yield from self.found_in(node.test, role, shown=shown)
        for branch in (node.body, node.orelse):
            yield from self.found_in(branch, role, shown=True)

    def _in_dict(self, node: ast.Dict, role: str, *, shown: bool) -> Iterator[Text]:
        for value in node.values:
            yield from self.found_in(value, role, shown=shown)

    def _in_subscript(self, node: ast.Subscript, role: str, *, shown: bool) -> Iterator[Text]:
        yield from self.found_in(node.value, role, shown=shown)

    def _in_call(self, node: ast.Call, role: str, *, shown: bool) -> Iterator[Text]:
        called = name(node.func)
        if called in READS:
            return
        if isinstance(node.func, ast.Attribute) and not is_text(node.func.value):
            yield from self.found_in(node.func.value, role, shown=shown)
        inner = (role, shown) if called in PASSES else (called, called in SHOWN_BY or called in self._errors)
        for argument in node.args[1:] if called in LOOKS_UP else node.args:
            yield from self.found_in(argument, inner[0], shown=inner[1])
        for word in node.keywords:
            yield from self.found_in(word.value, word.arg or inner[0], shown=word.arg in SHOWN_AS)

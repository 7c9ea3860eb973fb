"""The mistakes that can be made in a module: each replaces a piece of its text. Pure."""

from __future__ import annotations

import ast
import difflib
import random
import re
from itertools import pairwise
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMPARED = {
    ast.Eq: (r"==", "!="), ast.NotEq: (r"!=", "=="), ast.Is: (r"is", "is not"), ast.IsNot: (r"is\s+not", "is"),
    ast.In: (r"in", "not in"), ast.NotIn: (r"not\s+in", "in"),
    ast.Lt: (r"<", ">="), ast.LtE: (r"<=", ">"), ast.Gt: (r">", "<="), ast.GtE: (r">=", "<"),
}  # fmt: skip
MOVED = {ast.Lt: (r"<", "<="), ast.LtE: (r"<=", "<"), ast.Gt: (r">", ">="), ast.GtE: (r">=", ">")}
JOINED = {ast.And: (r"and", "or"), ast.Or: (r"or", "and")}
FOR_TYPES = "TYPE_CHECKING"


class Mutant(NamedTuple):
    """One mistake: the bytes from ``start`` to ``end`` of a module become ``text``. ``kind`` says what it is."""

    path: str
    start: int
    end: int
    text: str
    kind: str
    line: int

    def apply(self, source: bytes) -> bytes:
        """The module with the mistake."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def diff(self, source: bytes) -> str:
        """The change as lines, with their place."""
        before, after = (text.decode().splitlines() for text in (source, self.apply(source)))
        changed = [
            line
            for line in difflib.unified_diff(before, after, lineterm="", n=0)
            if line[:3] not in ("---", "+++")
        ]
        return "\n".join(
            [f"{self.path}:{self.line}: {self.kind}", *(f"    {line}" for line in changed if line[0] in "+-")]
        )

    def key(self, source: bytes) -> str:
        """The change without its place, which other edits move: the path, the old lines and the new ones."""
        lines = [line.strip() for line in self.diff(source).splitlines()[1:]]
        return "\n".join([self.path, *(line[0] + line[1:].strip() for line in lines)])


class _Finder(ast.NodeVisitor):
    """All mutants of one module, in the order of its text."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path, self.source = path, source
        self.found: list[Mutant] = []
        starts = [0]
        for line in source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts

    def _at(self, node: ast.AST) -> tuple[int, int]:
        return (
            self._starts[node.lineno - 1] + node.col_offset,  # type: ignore[attr-defined]
            self._starts[node.end_lineno - 1] + node.end_col_offset,  # type: ignore[attr-defined]
        )

    def _add(self, start: int, end: int, text: str, kind: str) -> None:
        line = self.source.count(b"\n", 0, start) + 1
        self.found.append(Mutant(self.path, start, end, text, kind, line))

    def _replace(self, node: ast.AST, text: str, kind: str) -> None:
        self._add(*self._at(node), text, kind)

    def _text(self, node: ast.AST) -> str:
        start, end = self._at(node)
        return self.source[start:end].decode()

    def _between(self, left: ast.AST, right: ast.AST, operator: tuple[str, str], kind: str) -> None:
        """Another operator between two operands."""
        start, end = self._at(left)[1], self._at(right)[0]
        word, new = operator
        edge = r"\b" if word[0].isalpha() else ""
        found = re.search(
            f"{edge}{word}{edge}".encode(),
            re.sub(rb"#[^\n]*", lambda c: b" " * len(c[0]), self.source[start:end]),
        )
        if found is not None:
            self._add(start + found.start(), start + found.end(), new, kind)

    def visit_Compare(self, node: ast.Compare) -> None:
        for (left, right), how in zip(pairwise([node.left, *node.comparators]), node.ops, strict=True):
            self._between(left, right, COMPARED[type(how)], "comparison turned around")
            if type(how) in MOVED:
                self._between(left, right, MOVED[type(how)], "comparison moved by one")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in pairwise(node.values):
            self._between(
                left,
                right,
                JOINED[type(node.op)],
                f"{JOINED[type(node.op)][1]} for {JOINED[type(node.op)][0]}",
            )
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._replace(node, f"({self._text(node.operand)})", "not left out")
        self.generic_visit(node)

    def _condition(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare | ast.Constant) and not (
            isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        ):
            self._replace(test, f"(not ({self._text(test)}))", "condition negated")

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == FOR_TYPES:
            for each in node.orelse:
                self.visit(each)
            return
        self._condition(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not isinstance(node.value, ast.Constant):
            self._replace(node.value, "None", "returns None")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        match node.value:
            case bool():
                self._replace(node, str(not node.value), "another constant")
            case int():
                self._replace(node, str(node.value + 1), "another constant")
            case float():
                self._replace(node, repr(node.value + 1.0), "another constant")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self._replace(node, "pass", "statement left out")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._replace(node, "pass", "statement left out")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._replace(node, "pass", "statement left out")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._replace(node, "pass", "statement left out")
        if not any(
            isinstance(target, ast.Name) and target.id in (FOR_TYPES, "__slots__") for target in node.targets
        ):
            self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """An annotation is never run."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for each in (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body):
            self.visit(each)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for each in node.body:
            self.visit(each)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A message; and until Python 3.12 what is in it has no place."""


def mutants(path: str, source: bytes) -> list[Mutant]:
    """Every mutant of a module, in the order of its text."""
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    return finder.found


def is_another(mutant: Mutant, source: bytes) -> bool:
    """Whether the mutant is Python, and other code than before."""
    try:
        return ast.dump(ast.parse(mutant.apply(source))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


def chosen(sources: Mapping[str, bytes], *, seed: int) -> Iterator[Mutant]:
    """The mutants of these modules in an order that the seed decides: a package in turn, and no line twice."""
    dice = random.Random(seed)
    packages: dict[str, list[Mutant]] = {}
    for path, source in sorted(sources.items()):
        packages.setdefault(path.split("/")[1], []).extend(mutants(path, source))
    for found in packages.values():
        dice.shuffle(found)
    seen: set[tuple[str, int]] = set()
    while packages:
        for package in sorted(packages):
            mutant = _next(packages[package], sources, seen)
            if mutant is None:
                del packages[package]
            else:
                yield mutant


def _next(found: list[Mutant], sources: Mapping[str, bytes], seen: set[tuple[str, int]]) -> Mutant | None:
    while found:
        mutant = found.pop()
        place = (mutant.path, mutant.line)
        if place not in seen and is_another(mutant, sources[mutant.path]):
            seen.add(place)
            return mutant
    return None

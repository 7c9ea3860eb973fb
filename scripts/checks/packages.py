"""Rules for the tree as a whole: class names, the size of packages, import cycles."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict

from scripts.checks.tree import Module, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

LARGEST_PACKAGE = 4000  # lines
ANY_SIZE = {"cli"}  # a file a command


def class_names(modules: Collection[Module]) -> Iterator[Problem]:
    """One name, one class: no two modules define the same name."""
    places = defaultdict(dict)
    for module in modules:
        for node in module.nodes:
            if isinstance(node, ast.ClassDef):
                places[node.name].setdefault(module.path, node.lineno)
    for name, where in sorted(places.items()):
        if len(where) > 1:
            listed = ", ".join(f"{path}:{line}" for path, line in where.items())
            yield Problem("class", (name,), f"class {name} is defined {len(where)} times: {listed}")


def sizes(modules: Collection[Module]) -> Iterator[Problem]:
    """The lines of each package, subpackages included."""
    lines = Counter()
    for module in modules:
        lines[module.package] += module.lines
    for package, count in sorted(lines.items()):
        if package not in {"", *ANY_SIZE} and count > LARGEST_PACKAGE:
            text = f"vault/{package}: {count} lines, over {LARGEST_PACKAGE}: split it"
            yield Problem("package", (f"vault/{package}",), text)


def cycles(imports: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """Modules that import each other, directly or not: at run time, inside functions, or for types only."""
    for members in components(imports):
        yield Problem("cycle", tuple(members), f"import cycle of {len(members)}: {', '.join(members)}")


def imports_of(package: str) -> dict[str, set[str]]:
    """What each module imports, according to grimp. Imports inside functions and under TYPE_CHECKING count."""
    import grimp

    graph = grimp.build_graph(package, exclude_type_checking_imports=False, cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def components(imports: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """The strongly connected components of more than one module (Tarjan's algorithm)."""
    order, low, stack = {}, {}, []

    def visit(name):
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(imports.get(name, ())):
            if other not in order:
                yield from visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            members = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(members) > 1:
                yield sorted(members)

    for name in sorted(imports):
        if name not in order:
            yield from visit(name)

"""Show the text that an expression makes, with values as {name}."""

from __future__ import annotations

import ast

LONGEST_HOLE = 40
NOT_TEXT = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.Starred)


def is_text(node: ast.AST) -> bool:
    """Whether a node makes a text: a string, an f-string, a concatenation or a % template."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(op=ast.Mod()):
            return is_text(node.left)
        case ast.BinOp(op=ast.Add()):
            parts = leaves(node)
            return any(is_text(part) for part in parts) and not any(
                isinstance(part, NOT_TEXT) for part in parts
            )
    return False


def leaves(node: ast.AST) -> list[ast.AST]:
    """The operands of a concatenation."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*leaves(node.left), *leaves(node.right)]
    return [node]


def parts(node: ast.AST) -> list[ast.AST]:
    """The strings and values that make a text."""
    match node:
        case ast.JoinedStr():
            return [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
        case ast.BinOp(op=ast.Mod()):
            return [*parts(node.left), node.right]
        case ast.BinOp(op=ast.Add()):
            return [part for leaf in leaves(node) for part in (parts(leaf) if is_text(leaf) else [leaf])]
    return [node]


def rendered(node: ast.AST) -> str:
    """The text of a node, with holes for values."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr():
            return "".join(rendered(part) for part in node.values)
        case ast.FormattedValue():
            return hole(node.value)
        case ast.BinOp(op=ast.Mod()):
            return rendered(node.left)
        case ast.BinOp(op=ast.Add()) if is_text(node):
            return "".join(rendered(part) for part in leaves(node))
    return hole(node)


def hole(node: ast.AST) -> str:
    """The hole for a value: {name}, or {this|that} for a choice between texts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.IfExp) and (is_text(node.body) or is_text(node.orelse)):
        return "{" + "|".join(rendered(branch) for branch in branches(node)) + "}"
    if (each := joined(node)) is not None:
        return "{" + rendered(each) + " …}"
    return "{" + name(node) + "}"


def joined(node: ast.AST) -> ast.AST | None:
    """The text of one item of ", ".join(f"{a} and {b}" for …)."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="join"), args=[ast.GeneratorExp(elt=each) | ast.ListComp(elt=each)]
        ):
            return each if is_text(each) else None
    return None


def branches(node: ast.AST) -> list[ast.AST]:
    """The values of a conditional expression, nested ones included."""
    if isinstance(node, ast.IfExp):
        return [*branches(node.body), *branches(node.orelse)]
    return [node]


def name(node: ast.AST) -> str:
    """The most telling word of an expression: `name` for safe(profile.name)."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call(args=[first, *_]) if not isinstance(first, ast.Constant):
            return name(first)
        case ast.Call():
            return name(node.func)
        case ast.GeneratorExp() | ast.ListComp():
            return name(node.elt)
        case ast.Subscript() | ast.Starred() | ast.Await():
            return name(node.value)
        case ast.BoolOp():
            return name(node.values[0])
        case ast.IfExp():
            return name(node.body)
        case ast.BinOp():
            return name(node.left)
    return ast.unparse(node)[:LONGEST_HOLE]

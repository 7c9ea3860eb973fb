"""Rules for one Python file: its length, the length of its functions, and calls that only one place may make."""

from __future__ import annotations

import ast
import re

from scripts.checks.tree import Module, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_MODULE = 350
LONGEST_TEST_MODULE = 400
LONGEST_FUNCTION = 65  # lines without decorators: one screen
MAY_OPEN = {
    "vault/__main__.py",  # compiled modules
    "vault/system/files.py",
    "vault/system/user_files.py",  # AWS's files, read; a backup on a stick, made
    "vault/system/locks.py",  # the lock files
    "vault/system/loopback.py",  # a table of the kernel
    "vault/system/processes.py",  # /proc
    "vault/system/fido_nodes.py",  # what Linux says of USB devices
    "vault/system/tpm_device.py",  # the TPM
    "vault/system/tty.py",  # the terminal
    "vault/system/quick_read.py",  # a prompt's quick look
}
IMPORTS_IT = re.compile(r"import (?:\([^)]*|[^\n(]*)\bTYPE_CHECKING|\.TYPE_CHECKING")
MAY_SEAL = {"vault/crypto/seal.py"}


def problems(module: Module) -> Iterator[Problem]:
    """What is wrong with one file."""
    yield from lengths(module)
    yield from type_checking(module)
    if module.in_vault:
        yield from one_place(module)


def lengths(module: Module) -> Iterator[Problem]:
    """A module over the limit, and every function that does not fit on a screen."""
    path = module.path
    longest = LONGEST_TEST_MODULE if path.startswith("tests/") else LONGEST_MODULE
    if module.lines > longest:
        yield Problem("length", (path,), f"{path}: {module.lines} lines, over {longest}: split it")
    if not module.in_vault:
        return
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= LONGEST_FUNCTION:
            text = f"{path}:{node.lineno}: {node.name}() is over {LONGEST_FUNCTION} lines"
            yield Problem("function", (path,), text)


def type_checking(module: Module) -> Iterator[Problem]:
    """Type-only imports follow `TYPE_CHECKING = False`: importing the name would load `typing` on the warm path."""
    if not IMPORTS_IT.search(module.text):  # spares parsing every test
        return
    for node in module.nodes:
        if (
            isinstance(node, ast.ImportFrom) and any(alias.name == "TYPE_CHECKING" for alias in node.names)
        ) or (isinstance(node, ast.Attribute) and node.attr == "TYPE_CHECKING"):
            text = f"{module.path}:{node.lineno}: do not import TYPE_CHECKING: write TYPE_CHECKING = False"
            yield Problem("type-checking", (module.path,), text)


def one_place(module: Module) -> Iterator[Problem]:
    """Where open() and AESGCM may be used; a shell nowhere."""
    path = module.path
    for node in module.nodes:
        if isinstance(node, ast.Call):
            if opens(node) and path not in MAY_OPEN:
                yield Problem(
                    "open", (path,), f"{path}:{node.lineno}: open() belongs in vault/system/files.py"
                )
            if any(word.arg == "shell" and ast.unparse(word.value) == "True" for word in node.keywords):
                yield Problem("shell", (path,), f"{path}:{node.lineno}: do not use a shell")
    if "AESGCM" in module.text and path not in MAY_SEAL:
        yield Problem("seal", (path,), f"{path}: AESGCM belongs in vault/crypto/seal.py")


def opens(call: ast.Call) -> bool:
    """Whether a call is open(), os.open(), os.fdopen() or io.open(), except of the null device."""
    if call.args and ast.unparse(call.args[0]) == "os.devnull":
        return False
    match call.func:
        case ast.Name(id="open"):
            return True
        case ast.Attribute(value=ast.Name(id="os" | "io"), attr="open" | "fdopen"):
            return True
    return False

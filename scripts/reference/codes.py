"""The exit codes and what they mean, from the program's errors."""

from __future__ import annotations

import re

from vault import errors
from vault.system import exec_program


def every_error():
    waiting, found = [errors.Error], []
    while waiting:
        kind = waiting.pop(0)
        found.append(kind)
        waiting += [
            k for k in kind.__subclasses__() if k.__module__ in (errors.__name__, exec_program.__name__)
        ]
    return found


def meanings():
    """Code → what each error with this code means, in Markdown."""
    said = {
        0: ["success"],
        130: ["interrupted by Ctrl-C (128 + the number of the signal)"],
        141: ["the reader of stdout closed it"],
    }
    for kind in every_error():
        text = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        text = re.sub(r" \(\d+[^)]*\)", "", text).rstrip(".")
        if kind is not errors.Error:
            said.setdefault(kind.exit_code, []).append(f"`{kind.__name__}`: {text}")
    return said

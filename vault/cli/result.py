"""The result of a command that changes something: with --json it is one object on stdout, for programs.

A command reports at its end, so that stdout stays empty if it fails. Its messages are on stderr, with --json and without.
"""

from __future__ import annotations

from vault.cli.terminal import emit, emit_json, say, without_absent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def report_result(fields: dict[str, object], *, as_json: bool) -> None:
    """Print ``fields`` (docs/reference/json.md) if --json was given, without those whose value is None."""
    if as_json:
        emit_json(without_absent(fields))


def line_printer(*, as_json: bool) -> Callable[[str], None]:
    """What prints the lines that are on stdout without --json, such as a diff. With it, the object is alone there."""
    return say if as_json else emit

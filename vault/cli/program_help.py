"""The program's help, on one screen of 40 lines: no blank lines between sections, one line for the options. Without click."""

from __future__ import annotations

from vault.cli.command_table import COMMANDS, SECTIONS
from vault.cli.exits import PROGRAM

WHAT = "An encrypted vault for AWS access keys, and a fast credential_process."
_OPTIONS = """\
Options: -h, --help   -V, --version   --debug (if the command fails, show where)
Start with: awsvault-py add NAME. Then: awsvault-py help COMMAND"""


def text() -> str:
    """The help, without a line end."""
    lines = [f"Usage: {PROGRAM} [OPTIONS] [COMMAND] [ARGS]...", "", WHAT, ""]
    width = max(len(name) for name, row in COMMANDS.items() if not row.brief)
    for section, title in SECTIONS.items():
        lines.append(f"{title}:")
        rows = [(name, row) for name, row in COMMANDS.items() if row.section == section]
        lines += [f"  {name:{width}}  {row.summary}" for name, row in rows if not row.brief]
        if brief := [name for name, row in rows if row.brief]:
            lines.append(f"  {'':{width}}  also: {', '.join(brief)}")
    return "\n".join([*lines, "", _OPTIONS])

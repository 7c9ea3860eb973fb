"""What users call this machine: the name that they give, or that of the host. Two machines of one name differ by their ID."""

from __future__ import annotations

from vault.errors import Usage
from vault.remote.merging import REMOVED
from vault.system.machine import host_name
from vault.text import safe, trimmed

MOST = 64  # characters, as Linux has for a host; the format allows more


def given_or_host(name: str | None) -> str:
    """``name`` if it is one, or the host's. Usage for a name that cannot be shown in a line, or that an answer cannot have."""
    if name is None:
        return host_name()
    wanted = trimmed(name)
    found = None
    if not wanted:
        found = "is empty"
    elif len(wanted) > MOST:
        found = f"has over {MOST} characters"
    elif safe(wanted) != wanted:
        found = f'has a character that cannot be shown: "{safe(wanted)}"'
    elif "=" in wanted or wanted == REMOVED:
        found = f'is "{wanted}", which sync --choose could not name'
    if found is not None:
        raise Usage(f"--name {found}", hint="give the machine a short name in one line, such as laptop")
    return wanted

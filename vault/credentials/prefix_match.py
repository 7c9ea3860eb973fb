"""Which profile the user means: an exact name, or the only name that starts with it. Never used by ``export``."""

from __future__ import annotations

from vault import errors
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.profiles.aws_files import Config

_SHOWN = 5  # how many matching profiles the message lists


def chosen(config: Config, name: str, *, has_entry: Callable[[str], bool] | None = None) -> str:
    """The profile that ``name`` means; ``name`` itself if no profile starts with it (it may be an entry of the vault).

    An entry of exactly this name takes precedence over a longer profile name. NotFound if several profiles match.
    """
    if name not in config.profiles and has_entry is not None and has_entry(name):
        return name
    found = config.starting_with(name) if name else ()
    if len(found) > 1:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        listed = ", ".join(safe(known, limit=60) for known in found[:_SHOWN])
        raise errors.NotFound(
            f"no profile is named {safe(name)!r}, and {len(found)} start with it: {listed}{more}",
            hint="type more of the name",
        )
    return found[0] if found else name

"""How the log lies there: whether a cache key opens it, and what was put aside. Changes nothing and takes no lock."""

from __future__ import annotations

from vault import errors
from vault.cache.log_files import ASIDE, CURRENT, KEY, NEXT, LogFiles
from vault.records import NamedTuple
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from vault.secret import Secret


class LogState(NamedTuple):
    """``there``: records lie there; ``opener`` is the cache key that opens them, None where none of the given does.

    ``keyless``: their key file is gone. ``aside`` has the names of logs that were put aside, without their files' ends.
    """

    there: bool = False
    keyless: bool = False
    opener: Secret | None = None
    aside: tuple[str, ...] = ()


def look(path: str, keys: Iterable[Secret], *, vault_id: bytes) -> LogState:
    """The log in the folder ``path``. The keys are asked for one by one, and no further than one opens it. UnsafeFile."""
    try:
        folder = Folder.open(path)
    except FileNotFoundError:
        return LogState()
    with folder:
        there = folder.names()
        aside = tuple(sorted({".".join(name.split(".")[:2]) for name in there if name.startswith(ASIDE)}))
        if KEY not in there and NEXT not in there:
            records = any(name == CURRENT or name.startswith("older.") for name in there)
            return LogState(there=records, keyless=records, aside=aside)
        for cache_key in keys:
            try:
                LogFiles(folder, cache_key=cache_key, vault_id=vault_id).key()
            except (FileNotFoundError, errors.Damaged):  # not there: a writer is at work
                continue
            return LogState(there=True, opener=cache_key, aside=aside)
        return LogState(there=True, aside=aside)

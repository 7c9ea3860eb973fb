"""The state of the log on disk: whether a cache key opens it, and what was put aside. Changes nothing and takes no lock."""

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
    """``has_records``: there are records. ``opener`` is the cache key that opens them, None if none of the given keys does.

    ``keyless``: the file with their key is missing. ``aside`` has the names of logs that were put aside, without their
    file suffixes.
    """

    has_records: bool = False
    keyless: bool = False
    opener: Secret | None = None
    aside: tuple[str, ...] = ()


def look(path: str, keys: Iterable[Secret], *, vault_id: bytes) -> LogState:
    """The log in the folder ``path``. ``keys`` are tried one by one until one opens it. Errors: UnsafeFile."""
    try:
        folder = Folder.open(path)
    except FileNotFoundError:
        return LogState()
    with folder:
        names = folder.names()
        aside = tuple(sorted({".".join(name.split(".")[:2]) for name in names if name.startswith(ASIDE)}))
        if KEY not in names and NEXT not in names:
            records = any(name == CURRENT or name.startswith("older.") for name in names)
            return LogState(has_records=records, keyless=records, aside=aside)
        for cache_key in keys:
            try:
                LogFiles(folder, cache_key=cache_key, vault_id=vault_id).key()
            except (FileNotFoundError, errors.Damaged):  # missing: another process is writing
                continue
            return LogState(has_records=True, opener=cache_key, aside=aside)
        return LogState(has_records=True, aside=aside)

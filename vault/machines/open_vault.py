"""Opens this machine's vault for a command about machines, and says how a machine without one gets it."""

from __future__ import annotations

from contextlib import contextmanager

from vault.store.vault import NoVault
from vault.unlocking.unlock import unlock
from vault.upkeep import rekey_plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.opened import Opened

_HINT = "to take the vault of another machine: awsvault-py init --from s3://BUCKET/KEY; to create one: awsvault-py add NAME"


def opened(context: Context, *, purpose: str) -> Opened:
    """The vault, by any way that unlocks it. Errors: those of ``unlock``."""
    with _naming_init_from():
        return unlock(context, purpose=purpose).opened


def opened_by_secret(context: Context, *, purpose: str) -> tuple[Opened, Secret | None]:
    """The vault and the passphrase, None if a recovery code opened it. Errors: those of ``open_by_secret``."""
    with _naming_init_from():
        return rekey_plan.open_by_secret(context, purpose=purpose)


@contextmanager
def _naming_init_from() -> Iterator[None]:
    try:
        yield
    except NoVault as error:
        if error.hint == NoVault.hint:  # otherwise there are backups, and it names them
            error.hint = _HINT
        raise

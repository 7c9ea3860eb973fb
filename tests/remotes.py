"""A remote of a home's vault as the last sync left it in the state folder, without a bucket; and one that the vault itself knows."""

from __future__ import annotations

import time

from tests.fakes.bucket import InProcessBucket
from tests.home import PASSPHRASE
from tests.machines import way
from tests.vaults import soon
from vault.remote import join, note, summary
from vault.remote.note import SyncNote
from vault.remote.summary import MachineInfo, RotationWait, SyncSummary, WaitingItem
from vault.secret import Secret
from vault.store import vault
from vault.sync.local import BucketPlace
from vault.system.clock import SystemClock
from vault.system.paths import from_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.home import Home

URL = "s3://example-bucket/vault.avlt"
HERE = MachineInfo("AAAAAAAAAAA", "laptop", 1_777_636_800, edits=3, behind=0, gone=False, here=True)
THERE = MachineInfo("BBBBBBBBBBB", "desktop", 1_777_636_800, edits=1, behind=2, gone=False, here=False)
WAITING = WaitingItem("entry", "shared-services", "changed on two machines")


def note_remote(
    home: Home,
    *,
    ago: int = 0,
    waiting: Sequence[WaitingItem] = (WAITING,),
    url: str = URL,
    rotations: Sequence[RotationWait] = (),
) -> None:
    """What a sync leaves for other commands; ``ago``: seconds since it."""
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    at = int(time.time()) - ago
    found = SyncNote("e", "", "", gen=1, key_gen=1, seen={}, asks=len(waiting), at=at)
    note.write(paths, opened.vault_id, found)
    shown = SyncSummary(url, (HERE, THERE), tuple(waiting), tuple(rotations))
    summary.write(paths, opened.vault_id, opened.cache_key, shown)


def with_remote(home: Home, *, profile: str | None = None) -> None:
    """remote add, and its first sync."""
    paths = from_env(home.env)
    join.first_push(
        InProcessBucket(),
        BucketPlace(url=URL, profile=profile),
        name="laptop",
        new_slots=[way()],
        paths=paths,
        clock=SystemClock(),
        deadline=soon(),
        opened=vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon()),
        ask=_nobody,
    )


def change_note(home: Home, **changes: object) -> None:
    """The note of the last sync with other values."""
    paths = from_env(home.env)
    vault_id = vault.read_header(paths).vault_id
    found = note.read(paths, vault_id)
    assert found is not None
    note.write(paths, vault_id, found._replace(**changes))  # type: ignore[arg-type]


def _nobody(_found: object) -> Secret:
    raise AssertionError("nothing was replaced")

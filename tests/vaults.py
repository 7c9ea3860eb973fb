"""Vaults for tests, made by the library with the cheapest key derivation that the format allows."""

from __future__ import annotations

import string
from types import SimpleNamespace
from unittest import mock

from vault.secret import Secret
from vault.store import vault
from vault.store.kdf import KdfParams
from vault.store.slots import passphrase as passphrase_slot
from vault.system.clock import Deadline
from vault.system.paths import Paths, from_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.store.slots import Slot
    from vault.store.vault import Opened

CHEAP = KdfParams(memory_kib=19_456, passes=2, lanes=1)
CREATED = 1_700_000_000


def paths_in(folder: object) -> Paths:
    """Every place of awsvault-py under ``folder``, the state apart from the vault as on a user's machine."""
    root = str(folder)
    return Paths(
        home=root,
        config_toml=root + "/config.toml",
        vault_folder=root + "/data",
        sessions=root + "/sessions",
        state=root + "/state",
        socket=root + "/run/agent.sock",
        log=root + "/log",
    )


def soon() -> Deadline:
    """A deadline for a step of a test: only a hang meets it."""
    return Deadline.after(50)


def entry(key_id: str = "AKIAIOSFODNN7EXAMPLE", **more: object) -> vault.Entry:
    """An entry with AWS's example key."""
    given = {"secret": Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "created": CREATED, **more}
    return vault.Entry(access_key_id=key_id, **given)  # type: ignore[arg-type]


def new_vault(
    paths: Paths, *, passphrase: str = "correct horse battery staple", others: Sequence[Slot] = ()
) -> Opened:
    """An empty vault. Its passphrase's salt is always the same, so that Argon2 has the result (tests/quick.py)."""
    with mock.patch.object(passphrase_slot, "os", SimpleNamespace(urandom=bytes)):
        return vault.create(paths, passphrase=Secret(passphrase), others=others, kdf=CHEAP, deadline=soon())


def make(
    env: Mapping[str, str],
    *,
    entry: str,
    key_id: str,
    secret: str,
    seed: str | None = None,
    serial: str | None = None,
) -> Opened:
    """A vault where ``env`` has it, opened by its AWSVAULT_PASSPHRASE, with one entry and perhaps its seed."""
    paths = from_env(env)
    opened = new_vault(paths, passphrase=env["AWSVAULT_PASSPHRASE"])
    kept = vault.Entry(access_key_id=key_id, secret=Secret(secret), created=CREATED, mfa_serial=serial)

    def change(payload: vault.Payload) -> vault.Payload:
        payload = payload.with_entry(entry, kept)
        if seed is not None and serial is not None:
            payload = payload.with_seed(serial, vault.StoredSeed(secret=Secret(seed), created=CREATED))
        return payload

    return vault.edit(paths, opened.k_main, change, deadline=soon())


def flip(raw: bytes, at: int, *, letter: bool = False) -> bytes:
    """``raw`` with one bit of byte ``at`` flipped; ``letter``: one that leaves another letter of base64url there."""
    letters = string.ascii_letters + string.digits + "-_"
    changes = [raw[at] ^ 1 << bit for bit in range(8)]
    chosen = next(c for c in changes if not letter or chr(c) in letters)
    return raw[:at] + bytes([chosen]) + raw[at + 1 :]

"""Where a disk hit gets the cache key without opening the vault: the agent, the kernel keyring, the OS keyring. Never
prompts.

Reads no configuration: a keyring has the key only if a setting or an unlock put it there (``keep``).
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.crypto.seal import b64u, hkdf, unb64u
from vault.secret import CacheKey, Secret
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.agent.link import AgentLink
    from vault.context import Context
    from vault.store.vault import Opened
    from vault.system.paths import Paths


_MARK = "cache-key-item"
_VERSION = "c1:"


def find(env: Mapping[str, str], paths: Paths, agent: AgentLink) -> CacheKey | None:
    """The cache key and the ID of its vault, from the first of these places that has them."""
    key = agent.cache_key()
    if key is not None:
        return key
    from vault.system import kernel_keyring

    found = _decoded(kernel_keyring.read(name(paths)))
    if found is None and env.get("AWSVAULT_KEYRING") != "off" and _mark(paths):
        found = _from_keyring(paths)
    return found


def keep(context: Context, opened: Opened) -> None:
    """After an unlock: put the cache key where the settings want it for later runs.

    If the vault has a keyring slot, the OS keyring gets the cache key too, in an item of its own: to read it is faster
    than to open the vault. A background process writes it, because that takes longer than the rest of an export.
    """
    settings, paths = context.settings, context.paths
    if settings.kernel_keyring:
        from vault.system import kernel_keyring

        kernel_keyring.put(
            name(paths), _encoded(opened.cache_key, opened.vault_id), seconds=settings.agent_max
        )
    if settings.keyring == "off" or not any(slot.type == "keyring" for slot in opened.header.slots):
        return
    mark = _mark_of(opened)
    if _mark(paths) == mark:
        return
    from vault.system.detach import detached

    if detached():
        _put_in_keyring(paths, opened, mark)


def _put_in_keyring(paths: Paths, opened: Opened, mark: bytes) -> None:
    """In a detached process: write the item, then the mark that says there is one. Never returns."""
    try:
        from vault.system import keyring

        text = _VERSION + b64u(_encoded(opened.cache_key, opened.vault_id))
        keyring.put(name(paths), text, seconds=limits.KEYRING_TIMEOUT)
        with Folder.open(paths.state, create=True) as state:
            state.write_atomic(_MARK, mark, durable=False)
    finally:
        os._exit(0)  # a keyring that accepts nothing only costs a little time at each unlock


def _from_keyring(paths: Paths) -> CacheKey | None:
    from vault.system import keyring

    try:
        text = keyring.get(name(paths))
    except keyring.KeyringUnavailable:
        return None
    if text is None or not text.startswith(_VERSION):
        return None
    try:
        return _decoded(unb64u(text.removeprefix(_VERSION)))
    except ValueError:
        return None


def _mark(paths: Paths) -> bytes:
    """The mark that the OS keyring has an item, and of which key. Without it the keyring is not read at all."""
    try:
        with Folder.open(paths.state) as state:
            return state.read(_MARK, limit=limits.MAX_PIN_FILE)
    except (FileNotFoundError, errors.Error):
        return b""


def _mark_of(opened: Opened) -> bytes:
    return hkdf(opened.cache_key, info=b"cache-item" + opened.vault_id).hex()[:32].encode()


def forget(paths: Paths) -> None:
    """For ``lock``: remove the key from the kernel keyring."""
    from vault.system import kernel_keyring

    kernel_keyring.forget(name(paths))


def name(paths: Paths) -> str:
    """The name of the key in a keyring. Two vaults of one user have different names."""
    from vault.crypto.sha256 import sha256

    return "awsvault-py:cache:" + sha256(paths.vault.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _encoded(key: Secret, vault_id: bytes) -> bytes:
    return vault_id + key.reveal()


def _decoded(found: bytes | None) -> CacheKey | None:
    if found is None or len(found) != limits.VAULT_ID + limits.CACHE_KEY:
        return None
    return CacheKey(Secret(found[limits.VAULT_ID :]), found[: limits.VAULT_ID])

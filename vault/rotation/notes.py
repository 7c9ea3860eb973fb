"""What the user should know before a key is replaced: what else uses it, and where else it is stored. Prompts and
prints nothing.
"""

from __future__ import annotations

from vault import errors
from vault.profiles import aws_files
from vault.rotation.key_text import ago
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.context import Context
    from vault.rotation.steps import RunState
    from vault.store.vault import Payload

_OWN_CALLS = frozenset({"sts", "iam"})  # services that awsvault-py itself calls with the key


def notes(context: Context, payload: Payload, name: str, state: RunState) -> Iterator[str]:
    """One line for each use of the entry's key and each copy of it that will stop working."""
    entry = payload.entries[name]
    key = state.key(entry.access_key_id)
    if key is not None and key.used is not None and key.used.service not in _OWN_CALLS:
        yield (
            f"{key.id} was last used {ago(state.now - key.used.at)} for {safe(key.used.service)} in "
            f"{safe(key.used.region)}. Something other than awsvault-py may use it, and will stop working."
        )
    for path, line, profile in plaintext_copies(context, entry.access_key_id):
        yield (
            f"{safe(path)}:{line}: profile {safe(profile)} has {entry.access_key_id} in plaintext and will stop "
            "working. Remove the key there, or run: awsvault-py import"
        )
    for other, shared in sorted(payload.entries.items()):
        if other != name and shared.access_key_id == entry.access_key_id:
            yield f'the entry "{safe(other)}" has the same key and gets the new one too'


def plaintext_copies(context: Context, key_id: str) -> list[tuple[str, int, str]]:
    """Where AWS's files have the key in plaintext: path, line, profile. Unreadable files count as having none."""
    try:
        config = aws_files.load(context.env, home=context.paths.home)
    except errors.Error:
        return []
    found = []
    for name in config.profiles:
        profile = config.profile(name)
        setting = profile.get("aws_access_key_id") if profile is not None else None
        if setting is not None and setting.value == key_id:
            found.append((setting.origin.path, setting.origin.line, name))
    return found

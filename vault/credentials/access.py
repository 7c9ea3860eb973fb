"""The way to Keys for a command: from whoever holds the vault open, else by unlocking it. Prints nothing."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from vault import errors, limits
from vault.credentials import obtain
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.credentials.obtain import Issued, LoadedProfiles, Request
    from vault.profiles import aws_files
    from vault.store.vault import Opened
    from vault.unlocking.keys import Keys

Answer = TypeVar("Answer", bound="Issued | None")


class KeysAccess(NamedTuple):
    """Keys, and how they were had: the vault where this process opened it, and what opened it ("agent", "keyring", …)."""

    keys: Keys
    opened: Opened | None
    way: str


def open_keys(context: Context, *, purpose: str) -> Keys:
    """Keys of the vault. ``purpose`` tells a person what the passphrase is for. Errors: those of ``unlock``."""
    from vault.unlocking.resilient_keys import ResilientKeys

    way = open_way(context, purpose=purpose)
    if way.opened is None:
        return ResilientKeys(way.keys, otherwise=lambda: _opened_here(context, purpose=purpose))
    return _offered(context, way)


def _opened_here(context: Context, *, purpose: str) -> Keys:
    return _offered(context, open_way(context, purpose=purpose, ask_agent=False))


def _offered(context: Context, way: KeysAccess) -> Keys:
    """The keys of a vault that this process opened; the agent may keep it open from here on."""
    if way.opened is not None:
        from vault.unlocking import agent_link

        agent_link.offer(context, way.opened, way=way.way)
    return way.keys


def open_way(context: Context, *, purpose: str, ask_agent: bool = True) -> KeysAccess:
    """The first way to keys: the agent's, else the vault opened here. Errors: those of ``unlock``."""
    from vault.system import hardening
    from vault.unlocking.agent_link import held_keys

    hardening.before_keys()  # for the agent's keys too: the source key comes here to sign with
    held = held_keys(context) if ask_agent else None
    if held is not None:
        from vault.aws import transport

        transport.preload()  # a call will likely be due; meanwhile the agent's fork opens the vault
        return KeysAccess(held, None, "agent")
    from vault.unlocking import cache_key
    from vault.unlocking.keys import OpenedKeys
    from vault.unlocking.unlock import unlock_unless

    came: list[Keys] = []

    def meanwhile() -> bool:
        """Whether the one who was asked first has answered, and the agent has the keys."""
        found = held_keys(context) if ask_agent else None
        came.extend([] if found is None else [found])
        return bool(came)

    try:
        unlocked = unlock_unless(context, purpose=purpose, meanwhile=meanwhile)
    except errors.Locked:  # nothing else opens it, so an agent that was slow to answer is given time
        held = held_keys(context, answer=limits.AGENT_TALK) if ask_agent else None
        if held is None:
            raise
        return KeysAccess(held, None, "agent")
    if unlocked is None:
        return KeysAccess(came[-1], None, "agent")
    opened, way = unlocked
    cache_key.keep(context, opened)
    return KeysAccess(OpenedKeys(opened, paths=context.paths, clock=context.clock), opened, way)


def credentials(
    context: Context, request: Request, *, purpose: str, use: str = "export", program: str = ""
) -> Issued:
    """The credentials of ``request.profile``, unlocking where need be, remembered for the next export of the profile."""
    ready = obtain.prepare(context)  # a broken file is said before anybody is asked for a passphrase
    got, way = with_keys(
        context,
        request.profile,
        ready,
        purpose=purpose,
        start=request.start,
        work=lambda keys: obtain.obtain(context, request, keys, ready),
    )
    from vault.credentials import audit

    audit.handed_out(context, way.keys, got, use=use, program=program)
    return got


def renew(context: Context, profile: str) -> Issued | None:
    """A new session for ``profile`` before it is due; None where another process is at it. Asks nobody."""
    ready = obtain.prepare(context)
    purpose = f"to renew the session of {profile}"
    got, _ = with_keys(
        context,
        profile,
        ready,
        purpose=purpose,
        work=lambda keys: obtain.renew(context, profile, keys, ready),
    )
    return got


def with_keys(
    context: Context,
    profile: str,
    ready: LoadedProfiles,
    *,
    purpose: str,
    work: Callable[[Keys], Answer],
    start: bool = False,
) -> tuple[Answer, KeysAccess]:
    """What ``work`` gives, and the way that its keys came: the agent's, or this process's own where there is none.

    ``start``: ``profile`` may be the start of a name.
    """
    from vault.unlocking import agent_link

    try:
        way = open_way(context, purpose=purpose)
        try:
            got = work(way.keys)
        except agent_link.AgentGone:
            way = open_way(context, purpose=purpose, ask_agent=False)
            got = work(way.keys)
        except errors.Refused as error:
            if error.code != "InvalidClientTokenId":
                raise
            # A rotation may have replaced the key since the vault was read: once more with what it holds now.
            way = _reread(context, way, purpose=purpose)
            if not error.key_id or error.key_id in _key_ids(way):
                raise  # the same key again would cost a code and be refused as well
            got = work(way.keys)
    except (errors.Locked, errors.WrongPassphrase):
        if profile not in ready.config.profiles and not (start and ready.config.starting_with(profile)):
            raise unknown(ready.config, profile) from None
        raise
    if got is not None:
        name = got.chain.profile  # the whole of it: a start of it is never remembered for an export
        with obtain.open_cache(context, way.keys) as cache:
            obtain.remember(cache, name, got)
        agent_link.keep(context, way.opened, way=way.way, profile=name, got=got)
    return got, way


def _reread(context: Context, way: KeysAccess, *, purpose: str) -> KeysAccess:
    """The same way to the vault as it stands now, without a question."""
    if way.opened is None:
        return open_way(context, purpose=purpose)
    from vault.store import vault
    from vault.unlocking.keys import OpenedKeys

    opened = vault.open_with_main_key(context.paths, way.opened.k_main)
    return KeysAccess(OpenedKeys(opened, paths=context.paths, clock=context.clock), opened, way.way)


def _key_ids(way: KeysAccess) -> list[str]:
    return [entry.access_key_id for entry in way.keys.contents().entries]


def unknown(config: aws_files.Config, name: str) -> errors.NotFound:
    """The error for a profile that no file names while the vault, which might hold a key of the name, stays shut."""
    return errors.NotFound(
        f"no profile {safe(name)!r} in {safe(config.config_path)} or {safe(config.credentials_path)}",
        hint=config.meant(name) or "run: awsvault-py list",
    )

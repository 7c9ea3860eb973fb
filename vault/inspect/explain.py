"""Explains how a profile gets its credentials: its chain, link by link, each value with its place. Never prompts or calls AWS.

If the vault opens without a prompt, explain knows whether the vault has an entry and which device is stored with it.
Otherwise the key is marked as assumed (vault/profiles/resolve.py), and its device is unknown.
"""

from __future__ import annotations

import os

from vault import errors
from vault.credentials.prefix_match import chosen
from vault.credentials.session_name import default_session_name
from vault.inspect import chain_json, explain_text, sdk_view, sign_ins
from vault.inspect.explain_text import Fact, Stored
from vault.inspect.explain_warnings import warnings
from vault.profiles import aws_files
from vault.profiles.attribution import attributed
from vault.profiles.chain import AssumeRole, SessionToken, Sso, VaultKey
from vault.profiles.plan import plan
from vault.profiles.resolve import resolve
from vault.records import NamedTuple
from vault.unlocking.agent_keys import keys_from_agent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.cache.entries import Cached
    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Link, Plan
    from vault.unlocking.keys import Keys

# Settings with the prefix awsvault_ that explain shows for every profile of the chain.
SETTINGS = (
    "environment",
    "confirm",
    "max_duration",
    "read_only",
    "policy_file",
    "policy_arns",
    "session",
    "session_duration",
    "credential",
    "sso_generated",
)
_FIRST_COUNTS = (
    "session",
    "session_duration",
)  # the first one on the way from the profile to its source applies
_NOT_INHERITED = ("environment", "sso_generated")
UNKNOWN = "unknown while the vault is locked"


class Step(NamedTuple):
    """One step of the chain: its title and its facts."""

    title: str
    facts: tuple[Fact, ...]


class Explained(NamedTuple):
    """The explanation of a profile. ``sdk`` says what AWS's own tools do with it; ``document`` is the output of --json."""

    profile: str
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...]
    sdk: str
    warnings: tuple[str, ...]
    document: dict[str, object]


def explain(context: Context, name: str) -> Explained:
    """Explain the profile ``name``, or the only profile whose name starts with it. Raises NotFound, ConfigError."""
    config = aws_files.load(context.env, home=context.paths.home)
    keys = _keys_without_prompt(context)
    try:
        return _explained(context, config, keys, name)
    finally:
        if keys is not None:
            keys.close()


def _explained(context: Context, config: Config, keys: Keys | None, name: str) -> Explained:
    profile = chosen(config, name)
    exists = _has_vault(context)
    home, env = context.paths.home, context.env
    chain = resolve(config, profile, env=env, has_entry=_entries(keys), guess=exists)
    stored = _stored_device(chain, keys, exists=exists)
    chain = _attributed(context, chain, keys, exists=exists)
    planned = plan(chain, context.settings, entry_mfa_serial=stored.serial)
    states = _sessions(context, keys, chain, planned)
    sdk, bypassed = sdk_view.what_sdks_do(config, profile, env=env, home=home)
    steps = [explain_text.source(chain, home=home, vault=exists)]
    if isinstance(chain.source, Sso):
        signed_in = Fact("signed in", _signed_in(context, keys, chain.source, exists=exists), "")
        steps[0] = (steps[0][0], (*steps[0][1], signed_in))
    for at, (link, state) in enumerate(zip(planned.links, states, strict=True)):
        if isinstance(link, SessionToken):
            seeded = stored._replace(seed=_has_seed(keys, link))
            steps.append(explain_text.session(chain, link, stored=seeded, home=home, state=state))
        elif isinstance(link, AssumeRole):
            unknown, fallback = at == 0 and not stored.known, at == 0 and planned.fallback is not None
            steps.append(
                explain_text.role(chain, link, unknown=unknown, fallback=fallback, home=home, state=state)
            )
        else:
            steps[0] = (steps[0][0], (*steps[0][1], explain_text.cached(state)))
    warned = tuple(warnings(config, chain, planned, env=env, bypassed=bypassed, home=home))
    return Explained(
        profile,
        (explain_text.region(chain, home=home), *_settings(config, chain, home=home)),
        tuple(Step(*step) for step in steps),
        sdk,
        warned,
        {**chain_json.document(chain, planned), "warnings": list(warned)},
    )


# ── what the vault and the cache know ───────────────────────────────────────────────────────────


def _has_vault(context: Context) -> bool:
    return os.path.lexists(context.paths.vault)


def _keys_without_prompt(context: Context) -> Keys | None:
    """Keys from the agent, the keyring or a passphrase that is available without a prompt. None if there are none."""
    if not _has_vault(context):
        return None
    held = keys_from_agent(context)
    if held is not None:
        return held
    from vault.unlocking.key_access import key_access

    try:
        return key_access(context.unattended(), purpose="to explain a profile", ask_agent=False).keys
    except errors.Error:  # locked or damaged: AWS's files can still be explained
        return None


def _entries(keys: Keys | None) -> Callable[[str], bool] | None:
    if keys is None:
        return None
    try:
        keys.has_entry("")
    except errors.Error:  # the agent ended, or the vault is damaged
        return None
    return keys.has_entry


def _stored_device(chain: Chain, keys: Keys | None, *, exists: bool) -> Stored:
    """The device stored with the key, if it matters to the chain and the vault is unlocked."""
    if not isinstance(chain.source, VaultKey) or chain.mfa_serial is not None or not exists:
        return Stored(None, known=True)
    if keys is None:
        return Stored(None, known=False)
    try:
        found = keys.entry(chain.source.entry)
    except errors.Error:
        return Stored(None, known=False)
    return Stored(found.mfa_serial if found is not None else None, known=True)


def _has_seed(keys: Keys | None, link: SessionToken) -> bool:
    """Whether the unlocked vault computes the codes of the device, although a program is set."""
    if keys is None or link.mfa_process is None:
        return False
    try:
        found = keys.contents()
    except errors.Error:
        return False
    return link.mfa_serial in found.stored | found.strict


def _signed_in(context: Context, keys: Keys | None, source: Sso, *, exists: bool) -> str:
    """Say whether there is a sign-in, and until when."""
    from vault.signin import sealed

    if keys is None and exists and sealed.any_file(context.paths):
        return UNKNOWN
    try:
        found = sign_ins.SignInLookup(context, keys).of(source)
    except errors.Error:
        return UNKNOWN
    return sign_ins.described(source, found, now=context.clock.time())


def _attributed(context: Context, chain: Chain, keys: Keys | None, *, exists: bool) -> Chain:
    """The chain with the name that ``auto`` stands for, if the vault can tell."""
    if not isinstance(chain.source, VaultKey) or not exists:
        return attributed(chain, user=None, fallback=default_session_name(context.env))
    try:
        found = keys.entry(chain.source.entry) if keys is not None else None
    except errors.Error:
        return chain
    if found is None:
        return chain
    return attributed(chain, user=found.user, fallback=default_session_name(context.env))


def _sessions(context: Context, keys: Keys | None, chain: Chain, planned: Plan) -> list[str]:
    """Say for each link whether its session is cached and when it expires."""
    from vault.credentials import cached

    if not planned.links:
        return []
    if not _has_vault(context):
        return [_session(context, None)] * len(planned.links)
    if keys is None:
        return [*([UNKNOWN] * (len(planned.links) - 1)), _session_on_disk(context, chain.profile)]
    try:
        cache = cached.open_cache(context, keys)
        known: dict[Link, bytes] = dict(cached.links_of(context, keys, chain))
    except errors.Error:
        return [UNKNOWN] * len(planned.links)
    return [_session(context, cache.get(known[link])) if link in known else UNKNOWN for link in planned.links]


def _session_on_disk(context: Context, profile: str) -> str:
    """Say whether the profile's own session is cached, using only the cache key."""
    from vault.cache.entries import Cache
    from vault.system.paths import fingerprint
    from vault.unlocking import cache_key

    key = cache_key.find(context.env, context.paths, context.agent)
    if key is None:
        return UNKNOWN
    cache = Cache.open(context.paths.sessions, cache_key=key.key, vault_id=key.vault_id)
    digest = cache.alias(profile, fingerprint(context.env, paths=context.paths))
    return _session(context, cache.get(digest) if digest is not None else None)


def _session(context: Context, session: Cached | None) -> str:
    left = session.expires - context.clock.time() if session is not None else 0
    return f"cached, expires in {explain_text.span(left)}" if left > 0 else "not cached"


# ── settings ────────────────────────────────────────────────────────────────────────────────────


def _settings(config: Config, chain: Chain, *, home: str) -> list[Fact]:
    """The awsvault_ settings of every profile of the chain, and which line applies if one overrides another."""
    facts: list[Fact] = []
    deciding = {"session": explain_text.shown(chain.session_origin, home)} if chain.session_origin else {}
    for name in chain.path:
        profile = config.profile(name)
        for key in SETTINGS if profile is not None else ():
            setting = profile.prefixed(key) if profile is not None else None
            if setting is None or (key in _NOT_INHERITED and name != chain.profile):
                continue
            place = explain_text.shown(setting.origin, home)
            value = setting.value
            if key in _FIRST_COUNTS and not isinstance(chain.source, VaultKey):
                value += " (no effect: the source key is not in the vault)"
            elif key in _FIRST_COUNTS and deciding.setdefault(key, place) != place:
                value += f" (overridden by {deciding[key]})"
            facts.append(Fact(f"awsvault_{key}", value, place))
    if not chain.session and deciding["session"] not in [fact.place for fact in facts]:
        facts.append(Fact("--no-session", "in credential_process", deciding["session"]))
    return facts

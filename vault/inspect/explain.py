"""What a profile comes to: its chain, link by link, each value with its place. Asks nobody, neither the user nor AWS.

Whether a vault entry exists, and which device is stored with it, is known where the vault opens without a question;
else a key is marked as assumed (vault/profiles/resolve.py) and its device is unknown.
"""

from __future__ import annotations

from typing import NamedTuple

from vault import errors
from vault.credentials.prefix_match import chosen
from vault.inspect import explain_text
from vault.inspect.explain_text import Fact, Stored
from vault.profiles import aws_files
from vault.profiles.chain import AssumeRole, FetchSource, SessionToken, VaultKey
from vault.profiles.plan import plan
from vault.profiles.resolve import resolve
from vault.store import vault
from vault.unlocking.agent_keys import held_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.cache.entries import Cached
    from vault.context import Context
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Link, Plan
    from vault.unlocking.keys import Keys

OURS = ("environment", "confirm", "max_duration", "read_only", "session", "session_duration", "credential")
NEAREST = ("session", "session_duration")  # of the profiles on the path, the first that has it decides
OWN = ("environment",)  # counts where it stands in the profile that is asked for, and nowhere else
UNKNOWN = "not known while the vault is locked"


class Step(NamedTuple):
    """One thing of the tree: a headline, and what belongs to it."""

    title: str
    facts: tuple[Fact, ...]


class Explained(NamedTuple):
    """A profile explained. ``sdk`` is what AWS's own tools do with it; ``document`` is the JSON of --json."""

    profile: str
    facts: tuple[Fact, ...]
    steps: tuple[Step, ...]
    sdk: str
    warnings: tuple[str, ...]
    document: dict[str, object]


def explain(context: Context, name: str) -> Explained:
    """The profile that ``name`` means. Errors: NotFound, ConfigError."""
    config = aws_files.load(context.env, home=context.paths.home)
    keys = _at_hand(context)
    try:
        return _explained(context, config, keys, name)
    finally:
        if keys is not None:
            keys.close()


def _explained(context: Context, config: Config, keys: Keys | None, name: str) -> Explained:
    profile = chosen(config, name)
    exists = vault.exists(context.paths)
    chain = resolve(config, profile, env=context.env, has_entry=_entries(keys), guess=exists)
    stored = _stored_device(chain, keys, exists=exists)
    planned = plan(chain, context.settings, entry_mfa_serial=stored.serial)
    lives = _lives(context, keys, chain, planned)
    home = context.paths.home
    sdk, warned = explain_text.as_sdk_sees(config, profile, env=context.env, home=home)
    steps = [explain_text.source(chain, home=home, vault=exists)]
    for at, link in enumerate(planned.links):
        if isinstance(link, SessionToken):
            steps.append(explain_text.session(chain, link, stored=stored, home=home, life=lives[at]))
        elif isinstance(link, AssumeRole):
            steps.append(
                explain_text.role(
                    chain, link, unknown=at == 0 and not stored.known, home=home, life=lives[at]
                )
            )
        else:
            steps[0] = (steps[0][0], (*steps[0][1], *explain_text.life(lives[at])))
    return Explained(
        profile,
        (*explain_text.region(chain, home=home), *_settings(config, chain, home=home)),
        tuple(Step(*step) for step in steps),
        sdk,
        tuple(explain_text.warnings(context, config, chain, planned, warned=warned, home=home)),
        document(chain, planned),
    )


def document(chain: Chain, planned: Plan) -> dict[str, object]:
    """The chain as --json prints it: only what the files or the plan set."""
    items = [explain_text.source_item(chain.source)]
    for link in planned.links:
        match link:
            case SessionToken():
                items.append(
                    {
                        "type": "session-token",
                        "mfa_serial": link.mfa_serial,
                        "duration_seconds": link.duration,
                    }
                )
            case AssumeRole():
                hop = link.hop
                items.append(
                    {
                        "type": "assume-role",
                        "role_arn": hop.role_arn,
                        "role_session_name": hop.role_session_name,
                        "external_id": hop.external_id,
                        "mfa_serial": link.with_code,
                        "duration_seconds": link.duration,
                        "region": hop.endpoint.region,
                    }
                )
            case FetchSource():
                pass
    present = [{key: value for key, value in item.items() if value is not None} for item in items]
    return {"profile": chain.profile, "region": chain.region, "chain": present}


def _at_hand(context: Context) -> Keys | None:
    """Keys by whatever needs no question: the agent, the keyring, a passphrase that is given. None where nothing does."""
    if not vault.exists(context.paths):
        return None
    held = held_keys(context)
    if held is not None:
        return held
    from vault.unlocking.key_access import key_access

    try:
        return key_access(context.unattended(), purpose="to explain a profile", ask_agent=False).keys
    except errors.Error:  # locked, or damaged: what AWS's files say is explained all the same
        return None


def _entries(keys: Keys | None) -> Callable[[str], bool] | None:
    if keys is None:
        return None
    try:
        keys.has_entry("")
    except (
        errors.Error
    ):  # the agent went, or the vault is damaged: what AWS's files say is explained all the same
        return None
    return keys.has_entry


def _stored_device(chain: Chain, keys: Keys | None, *, exists: bool) -> Stored:
    """The device stored with the key, where it decides anything and the vault can tell."""
    if not isinstance(chain.source, VaultKey) or chain.mfa_serial is not None or not exists:
        return Stored(None, known=True)
    if keys is None:
        return Stored(None, known=False)
    try:
        found = keys.entry(chain.source.entry)
    except errors.Error:
        return Stored(None, known=False)
    return Stored(found.mfa_serial if found is not None else None, known=True)


def _lives(context: Context, keys: Keys | None, chain: Chain, planned: Plan) -> list[str]:
    """For each link, how long the session that is held for it lives on."""
    from vault.credentials import cached

    if not planned.links:
        return []
    if not vault.exists(context.paths):
        return [_life(context, None)] * len(planned.links)
    if keys is None:
        return [*([UNKNOWN] * (len(planned.links) - 1)), _remembered(context, chain.profile)]
    try:
        cache = cached.open_cache(context, keys)
        known: dict[Link, bytes] = dict(cached.links_of(context, keys, chain))
    except errors.Error:
        return [UNKNOWN] * len(planned.links)
    return [_life(context, cache.get(known[link])) if link in known else UNKNOWN for link in planned.links]


def _remembered(context: Context, profile: str) -> str:
    """What can be told of the profile's own session without an open vault: by the cache's key alone."""
    from vault.cache.entries import Cache
    from vault.system.paths import fingerprint
    from vault.unlocking import cache_key

    key = cache_key.find(context.env, context.paths)
    if key is None:
        return UNKNOWN
    cache = Cache.open(context.paths.sessions, cache_key=key.key, vault_id=key.vault_id)
    digest = cache.alias(profile, fingerprint(context.env, paths=context.paths))
    return _life(context, cache.get(digest) if digest is not None else None)


def _life(context: Context, session: Cached | None) -> str:
    left = session.expires - context.clock.time() if session is not None else 0
    return f"held, {explain_text.span(left)} left" if left > 0 else "none is held"


def _settings(config: Config, chain: Chain, *, home: str) -> list[Fact]:
    """The awsvault_ settings of every profile on the path, and which line decides where one line overrules another."""
    facts: list[Fact] = []
    decided = {"session": explain_text.shown(chain.session_origin, home)} if chain.session_origin else {}
    for name in chain.path:
        profile = config.profile(name)
        for key in OURS if profile is not None else ():
            setting = profile.prefixed(key) if profile is not None else None
            if setting is None or (key in OWN and name != chain.profile):
                continue
            place = explain_text.shown(setting.origin, home)
            value = setting.value
            if key in NEAREST and not isinstance(chain.source, VaultKey):
                value += " (no effect: the source is not a key of the vault)"
            elif key in NEAREST and decided.setdefault(key, place) != place:
                value += f" (overruled by {decided[key]})"
            facts.append(Fact(f"awsvault_{key}", value, place))
    if not chain.session and decided["session"] not in [fact.place for fact in facts]:
        facts.append(Fact("--no-session", "in credential_process", decided["session"]))
    return facts

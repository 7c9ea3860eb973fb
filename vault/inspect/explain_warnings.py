"""The warnings of ``explain``: values that AWS will refuse, guard rails that cannot be kept, lines without effect, tools that do
not use the vault. Pure.
"""

from __future__ import annotations

from vault import errors
from vault.credentials.guardrails import applied
from vault.credentials.request import Request
from vault.inspect.explain_text import shown
from vault.profiles.aws_files import Origin
from vault.profiles.chain import NamedSource, StaticKeys
from vault.profiles.unread_keys import unread
from vault.text import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain, Plan
    from vault.profiles.unread_keys import Unread


def warnings(
    config: Config, chain: Chain, planned: Plan, *, env: Mapping[str, str], bypassed: bool, home: str
) -> Iterator[str]:
    """Yield each warning as a line of text. ``bypassed``: AWS's tools do not use the vault for the profile."""
    for fault in chain.faults:
        yield f"an export will fail: {fault.message}" + (f"; {fault.hint}" if fault.hint else "")
    refused = _refused_guard_rail(chain, home=home)
    if refused is not None:
        yield refused
    reported = {fault.origin for fault in chain.faults}
    for one in _unread(config, chain):
        if one.origin not in reported:
            reported.add(one.origin)
            yield f"{shown(one.origin, home)}: {one.what}; {one.fix}"
    yield from _read_differently(config, chain, reported, home=home)
    yield from _variables(chain, env)
    if bypassed:
        remedy = _remedy(config, chain, home=home)
        yield f"AWS's own tools do not use the vault for this profile (see above); {remedy}"
    if planned.fallback is not None:
        yield "the session of the first role lasts longer than an hour, so each new one needs an MFA code"


def _refused_guard_rail(chain: Chain, *, home: str) -> str | None:
    """Say which guard rail makes each export fail before any call: one that cannot be enforced, or that widens another."""
    try:
        applied(chain, Request(chain.profile))
    except errors.Error as error:
        return f"an export will fail: {_from_home(f'{error.message}; {error.hint}', home)}"
    return None


def _from_home(text: str, home: str) -> str:
    return text.replace(f"{home}/", "~/") if home else text


def _variables(chain: Chain, env: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that makes tools use other credentials than the profile's."""
    if env.get("AWS_ACCESS_KEY_ID") and not isinstance(chain.source, NamedSource):
        yield (
            "AWS_ACCESS_KEY_ID is set: tools use that key if AWS_PROFILE selects the profile, but not with --profile"
        )
    named = {env.get("AWS_PROFILE") or "", env.get("AWS_DEFAULT_PROFILE") or ""} - {""}
    if len(named) > 1:
        yield (
            "AWS_PROFILE and AWS_DEFAULT_PROFILE differ: AWS CLI v1 and boto3 use AWS_DEFAULT_PROFILE, all other tools use "
            "AWS_PROFILE"
        )


def _remedy(config: Config, chain: Chain, *, home: str) -> str:
    """How to make AWS's tools use the vault for the profile, or why that is not possible."""
    from vault.migrate import plaintext_keys

    source = chain.source
    if isinstance(source, StaticKeys):
        reason: str | None = plaintext_keys.advice(config, source.profile, str(source.origin))
    else:
        reason = plaintext_keys.before_process(config, chain.source_profile)
    if reason is None:
        return f"to change that: {command('setup', chain.profile)}"
    return _from_home(reason, home)


def _unread(config: Config, chain: Chain) -> Iterator[Unread]:
    """Yield lines of the chain's profiles that no tool reads as the user intended."""
    for name in chain.path:
        profile = config.profile(name)
        yield from unread(config, profile) if profile is not None else ()


def _read_differently(
    config: Config, chain: Chain, reported: Collection[Origin], *, home: str
) -> Iterator[str]:
    """Yield the parser's notes about sections of the chain's profiles, except for lines already ``reported``."""
    starts: dict[str, list[tuple[int, str]]] = {}
    for name, sections in config.profiles.items():
        for section, path in zip(sections, (config.config_path, config.credentials_path), strict=True):
            if section is not None:
                starts.setdefault(path, []).append((section.line, name))
    for opened in starts.values():
        opened.sort()
    for note in config.notes:
        origin = Origin(note.path, note.line)
        above = [name for line, name in starts.get(note.path, []) if line <= note.line]
        if above and above[-1] in chain.path and origin not in reported:
            yield f"{shown(origin, home)}: {note.message}"

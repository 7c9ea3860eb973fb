"""Plans profiles for a key that has just been stored: checks the user's input, and plans edits of AWS's files. Writes nothing.

An existing profile is changed only as `setup` would change it. The profile of a role always gets an unused name.
"""

from __future__ import annotations

import re

from vault import errors, limits
from vault.aws import boto_session
from vault.keys import entry_names
from vault.migrate import own_command, setup
from vault.profiles import aws_files, endpoints, values
from vault.profiles.build_chain import checked_region
from vault.profiles.chain import VaultKey
from vault.profiles.source_lookup import own_export
from vault.records import NamedTuple
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vault.migrate.edit_plan import EditPlan, Files
    from vault.migrate.setup import Setup

_SESSION = re.compile(r"arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([\w+=,.@-]+)/.*", re.ASCII)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FORM = "the form is arn:aws:iam::222222222222:role/NAME"


class NewRole(NamedTuple):
    """A role that the user named, and the profile for it."""

    profile: str
    arn: str


class NewProfiles(NamedTuple):
    """The profiles to write: of the key (an entry of the vault), and of each role that it assumes."""

    key: str
    mfa_serial: str | None
    region: str
    roles: tuple[NewRole, ...] = ()


# ── what the user typed ─────────────────────────────────────────────────────────────────────────


def check_role(typed: str) -> str:
    """Return ``typed`` if it is the ARN of a role. Otherwise raises Usage."""
    if values.is_role_arn(typed):
        return typed
    session = _SESSION.fullmatch(typed)
    if session is not None:
        meant = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
        raise errors.Usage(
            "this is the ARN of a role's session", hint=f"use the ARN of the role, perhaps {safe(meant)}"
        )
    raise errors.Usage(f"{safe(typed, limit=120)!r} is not the ARN of a role", hint=_FORM)


def check_region(typed: str) -> str:
    """Return ``typed`` if it can be a region. Otherwise raises Usage."""
    try:
        return checked_region(aws_files.Setting("region", typed, aws_files.Origin("the answer", 0))).value
    except errors.ConfigError:
        raise errors.Usage(
            f"{safe(typed, limit=60)!r} is not a region", hint="a region looks like us-east-1"
        ) from None


def region_doubt(region: str) -> str | None:
    """A sentence about ``region`` if no region of AWS is known by that name, which may be newer than the installed botocore."""
    known = boto_session.region_names()
    if endpoints.without_fips(region)[0] in known:
        return None
    near = nearest(region, sorted(known))
    more = f" Did you mean {near}?" if near is not None else ""
    return f"awsvault-py knows no AWS region named {safe(region)}.{more}"


def check_profile(typed: str, *, taken: Collection[str]) -> str:
    """Return ``typed`` if it can be the name of a new profile. Otherwise raises Usage."""
    name = entry_names.check_name(typed)
    if name in taken:
        raise errors.Usage(
            f"there is already a profile or key named {safe(name)}", hint="choose another name"
        )
    return name


def proposed_name(arn: str, *, taken: Collection[str]) -> str:
    """An unused profile name for a role: DeveloperRole becomes developer, with the account added if that name is taken."""
    role = arn.rpartition("/")[2]
    words = _WORDS.sub("-", re.sub(r"[^A-Za-z0-9._-]+", "-", role)).lower()
    short = words.removesuffix("role").rstrip("-_.") or words
    short = short.strip("-_.")[: limits.MAX_ENTRY_NAME // 2] or "role"
    full = f"{short}-{values.account_of(arn)}"
    more = (f"{full}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (short, full, *more) if name not in taken)


# ── the edits ───────────────────────────────────────────────────────────────────────────────────


def planned(
    files: Files, new: NewProfiles, *, env: Mapping[str, str], words: Sequence[str], entries: Collection[str]
) -> EditPlan:
    """The edits that write these profiles. ``words`` start awsvault-py; ``entries`` are the names in the vault.

    If the key's own profile cannot be set up, ``skipped`` has it with the reason, and the plan has no edits.
    """
    run = setup.Setup(
        files,
        env=env,
        words=words,
        has_entry=entries.__contains__,
        entry_serial=lambda name: new.mfa_serial if name == new.key else None,
    )
    own = _add_key(run, new)
    if run.plan.skipped:
        return run.plan
    appended = own
    for role in new.roles:
        header = entry_names.section(role.profile)
        edit = files.config.append(header, _role_lines(role, new, words), after=appended)
        run.plan.config.append(edit)
        run.plan.done.append(role.profile)
        appended = True
    return run.plan


def _add_key(run: Setup, new: NewProfiles) -> bool:
    """Add the edits for the key's own profile. Returns whether they add a section."""
    profile = run.config.profile(new.key)
    if profile is None:
        lines = [
            ("region", new.region),
            ("credential_process", own_command.process_value(run.words, new.key)),
        ]
        lines += [("mfa_serial", new.mfa_serial)] if new.mfa_serial else []
        run.plan.config.append(run.files.config.append(entry_names.section(new.key), lines))
        run.plan.done.append(new.key)
        return True
    if own_export(profile) is None:
        more = [("region", new.region)] if profile.get("region") is None else []
        more += [("mfa_serial", new.mfa_serial)] if new.mfa_serial and not profile.get("mfa_serial") else []
        headers = len(run.files.config.headers(new.key))
        run.run([new.key])
        if more and headers and not run.plan.skipped:
            run.insert(new.key, more)
        return not headers
    return False


def _role_lines(role: NewRole, new: NewProfiles, words: Sequence[str]) -> list[tuple[str, str]]:
    lines = [
        ("region", new.region),
        ("credential_process", own_command.process_value(words, role.profile)),
        ("awsvault_role_arn", role.arn),
        ("awsvault_source_profile", new.key),
    ]
    return [*lines, ("mfa_serial", new.mfa_serial)] if new.mfa_serial else lines


def roles_of(files: Files, entry: str, *, env: Mapping[str, str], entries: Collection[str]) -> list[str]:
    """The profiles whose roles are assumed with the key of this entry."""
    run = setup.Setup(files, env=env, words=(), has_entry=entries.__contains__)
    found = []
    for name in run.config.profiles:
        try:
            chain = run.chain(name)
        except errors.Error:  # doctor reports it
            continue
        if chain.hops and isinstance(chain.source, VaultKey) and chain.source.entry == entry:
            found.append(name)
    return found

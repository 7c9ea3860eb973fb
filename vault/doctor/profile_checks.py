"""Checks of profiles: what keeps a tool from calling awsvault-py. Chains have their own module (chain_checks.py)."""

from __future__ import annotations

from vault.doctor.findings import Finding, Rewrite
from vault.migrate import plaintext_keys, setup
from vault.profiles.sdk_precedence import before_process
from vault.profiles.source_lookup import own_export
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts
    from vault.profiles.aws_files import Profile, Setting
    from vault.profiles.edit import Document, Edit

_GUARD_RAILS = ("confirm", "max_duration", "read_only", "policy_file", "policy_arns")
_OTHER_SOURCES = (
    "role_arn",
    "web_identity_token_file",
    "credential_process",
    "sso_account_id",
    "aws_access_key_id",
)


def keys_before_process(facts: Facts) -> Iterator[Finding]:
    """A plaintext key in a profile that calls awsvault-py. All tools prefer a key in ~/.aws/credentials, and some SDKs also a
    key in ~/.aws/config.
    """
    config = facts.config
    for profile in facts.profiles() if config is not None else ():
        found = before_process(config, profile.name) if config is not None else None
        if config is not None and found is not None and own_export(profile) is not None:
            place, tools = str(found[0].origin), found[1]
            reason = plaintext_keys.unmovable(config, profile.name, place)
            yield Finding(
                level="error",
                where=place,
                message=f"profile {safe(profile.name)}: {tools} use this key and never run credential_process",
                hint=f"awsvault-py import {safe(profile.name)}"
                if reason is None
                else f"remove the key: it {reason}",
            )


def role_before_process(facts: Facts) -> Iterator[Finding]:
    """role_arn or a similar key without the prefix, in a profile that calls awsvault-py. Tools assume the role themselves."""
    for profile in facts.profiles():
        call = own_export(profile)
        if call is None:
            continue
        plain = [profile.plain(key) for key in ("role_arn", "web_identity_token_file", "login_session")]
        plain += [
            profile.plain(key)
            for section in (profile.config, profile.credentials)
            for key in (section.properties if section is not None else ())
            if key.startswith("sso_")
        ]
        first: Setting | None = next((setting for setting in plain if setting is not None), None)
        if first is None:
            continue
        fixes = []
        for kind, document in facts.documents() if call.profile == profile.name else ():
            edits = _with_prefix(document, profile.name)
            fixes += [Rewrite(kind, tuple(edits))] if edits else []
        yield Finding(
            level="error",
            where=str(first.origin),
            message=f"profile {safe(profile.name)}: {_readers(profile, first)} read {first.name} before credential_process, so "
            "they never call awsvault-py",
            hint=f"awsvault-py setup {safe(profile.name)}",
            fixes=tuple(fixes),
        )


def _readers(profile: Profile, first: Setting) -> str:
    """The tools that prefer ``first`` to credential_process. Tested with the tools themselves (tests/clients)."""
    if not first.name.startswith("sso_"):
        return "tools"
    names_role = profile.plain("sso_account_id") is not None or profile.plain("sso_role_name") is not None
    return f"{'the AWS CLI, boto3 and ' if names_role else ''}the SDKs of Go and Rust"


def _with_prefix(document: Document, profile: str) -> list[Edit]:
    """The edits that give the prefix to the keys that tools read before credential_process."""
    edits: list[Edit] = []
    for line in document.keys(profile):
        if setup.comes_before_process(line.key):
            there = document.places(profile, "awsvault_" + line.key)
            edits.append(document.remove(line) if there else document.rename(line, "awsvault_" + line.key))
    return edits


def guard_rails_bypassed(facts: Facts) -> Iterator[Finding]:
    """A guard rail on a profile whose credentials tools get without awsvault-py."""
    for profile in facts.profiles():
        if own_export(profile) is not None:
            continue
        rail = next((found for key in _GUARD_RAILS if (found := profile.prefixed(key)) is not None), None)
        source = next((found for key in _OTHER_SOURCES if (found := profile.plain(key)) is not None), None)
        if rail is not None and source is not None:
            yield Finding(
                level="warning",
                where=str(rail.origin),
                message=f"profile {safe(profile.name)}: {rail.name} has no effect on tools, which get the credentials "
                f"through {source.name}",
                hint=f"awsvault-py setup {safe(profile.name)}",
            )

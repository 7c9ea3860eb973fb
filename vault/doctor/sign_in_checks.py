"""Checks of the sign-ins to IAM Identity Center that awsvault-py stores."""

from __future__ import annotations

from vault.doctor.findings import Finding
from vault.profiles.chain import Sso
from vault.signin.record import SignInPlace
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts


def signed_out(facts: Facts) -> Iterator[Finding]:
    """A sign-in that profiles use has expired, or AWS has ended it."""
    users: dict[SignInPlace, str] = {}
    for chain in facts.chains():
        if isinstance(chain.source, Sso):
            users.setdefault(SignInPlace.of(chain.source), chain.source.session or chain.source.profile)
    for found in facts.sign_ins:
        name = users.get(found.place)
        if name is not None and not found.usable(facts.now):
            yield Finding(
                level="note",
                where=_section(facts, found.place),
                message=f"the sign-in to {safe(found.place.name)} is over",
                hint=command("sso login", name),
            )


def plaintext_token(facts: Facts) -> Iterator[Finding]:
    """The AWS CLI's token for a directory at which awsvault-py has a sign-in of its own."""
    for name, path in facts.cli_tokens:
        yield Finding(
            level="warning",
            where=safe(path),
            message=f"the AWS CLI's token for {safe(name)} is there in plaintext, although awsvault-py has its own sign-in",
            hint="aws sso logout",
        )


def _section(facts: Facts, place: SignInPlace) -> str:
    """The section that names the place, otherwise the file."""
    config = facts.config
    section = (
        config.sso_sessions.get(place.session) if config is not None and place.session is not None else None
    )
    path = safe(facts.locations.config)
    return f"{path}:{section.line}" if section is not None else path

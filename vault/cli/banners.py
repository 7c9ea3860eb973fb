"""What exec prints before the command starts: the profile, and whether it is production. Only if stderr is a terminal."""

from __future__ import annotations

import sys

import click

from vault.cli.terminal import coloured, local, say, span
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.credentials.issued import Issued
    from vault.credentials.profile_metadata import ProfileMetadata


def inside(env: Mapping[str, str], profile: str) -> None:
    """Say that an exec inside an exec uses the inner profile."""
    outer = env.get("AWSVAULT_PROFILE", "")
    if outer and _seen():
        say(f"awsvault-py: already inside {safe(outer)}; this command uses {safe(profile)}")


def production(env: Mapping[str, str], terms: ProfileMetadata) -> None:
    """Print the banner of a production profile."""
    if terms.production and _seen():
        line = f" PRODUCTION  {safe(terms.profile)} ({_role(terms)}) "
        click.echo(
            click.style(line, fg="white", bg="red", bold=True) if coloured(env, err=True) else line, err=True
        )


def own_shell(got: Issued, terms: ProfileMetadata, *, refreshes: bool = False) -> None:
    """For a shell that exec starts: which credentials it has, and until when."""
    if _seen():
        until = (
            "refreshed while it runs"
            if refreshes
            else f"until {local(got.expires)}"
            if got.expires
            else "without expiry"
        )
        say(
            f"awsvault-py: shell with the credentials of {safe(terms.profile)} ({_role(terms)}), {until}. To leave it: exit"
        )


def profile_shell(terms: ProfileMetadata) -> None:
    """For a shell that exec --profile-env starts."""
    if _seen():
        say(f"awsvault-py: shell with AWS_PROFILE={safe(terms.profile)} ({_role(terms)}). To leave it: exit")


def shorter(got: Issued, *, asked: bool) -> None:
    """Say that the session is shorter than an option asked for (``asked``) or, at a terminal, than the profile does."""
    if got.shorter is not None and (asked or _seen()):
        wanted, lasts, why = got.shorter
        say(f"awsvault-py: {safe(got.chain.profile)} lasts {span(lasts)} instead of {span(wanted)}: {why}")


def _role(terms: ProfileMetadata) -> str:
    return safe(terms.role) or "no role"


def _seen() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()

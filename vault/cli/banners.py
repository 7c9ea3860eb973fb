"""What exec says before the command starts: the profile, and whether it is production. To stderr, on a terminal only."""

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
    """An exec within an exec: the inner profile wins, which is said."""
    outer = env.get("AWSVAULT_PROFILE", "")
    if outer and _seen():
        say(f"awsvault-py: already inside {safe(outer)}; this command uses {safe(profile)}")


def production(env: Mapping[str, str], terms: ProfileMetadata) -> None:
    """The banner of production."""
    if terms.production and _seen():
        line = f" PRODUCTION  {safe(terms.profile)} ({_role(terms)}) "
        click.echo(
            click.style(line, fg="white", bg="red", bold=True) if coloured(env, err=True) else line, err=True
        )


def own_shell(got: Issued, terms: ProfileMetadata, *, refreshes: bool = False) -> None:
    """For a shell that exec starts: whose credentials it has, and until when."""
    if _seen():
        until = (
            "refreshed while it runs"
            if refreshes
            else f"until {local(got.expires)}"
            if got.expires
            else "without expiry"
        )
        say(f"awsvault-py: shell with {safe(terms.profile)} ({_role(terms)}), {until}; to leave it: exit")


def shorter(got: Issued, *, asked: bool) -> None:
    """The session lasts less than was ``asked`` for by an option, or at a terminal by the profile."""
    if got.shorter is not None and (asked or _seen()):
        wanted, lasts, why = got.shorter
        say(f"awsvault-py: {safe(got.chain.profile)} lasts {span(lasts)} instead of {span(wanted)}: {why}")


def _role(terms: ProfileMetadata) -> str:
    return safe(terms.role) or "the source's own session"


def _seen() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()

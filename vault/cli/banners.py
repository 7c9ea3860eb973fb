"""Messages that exec prints before the command starts: the profile, and whether it is production. Most need a terminal."""

from __future__ import annotations

import sys

import click

from vault.cli.terminal import local, say, span, use_color
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.credentials.issued import Issued
    from vault.credentials.profile_metadata import ProfileMetadata


def inside(env: Mapping[str, str], profile: str) -> None:
    """If exec runs inside another exec, say which profile applies."""
    outer = env.get("AWSVAULT_PROFILE", "")
    if outer and _seen():
        say(
            f"note: this shell already has the credentials of {safe(outer)}; this command uses {safe(profile)}"
        )


def production(env: Mapping[str, str], metadata: ProfileMetadata) -> None:
    """Print the banner of a production profile."""
    if metadata.production and _seen():
        line = f" PRODUCTION  {safe(metadata.profile)} ({_role(metadata)}) "
        click.echo(
            click.style(line, fg="white", bg="red", bold=True) if use_color(env, err=True) else line, err=True
        )


def own_shell(issued: Issued, metadata: ProfileMetadata, *, refreshes: bool = False) -> None:
    """Say which credentials a shell started by exec has, and until when."""
    if _seen():
        until = (
            "refreshed while it runs"
            if refreshes
            else f"until {local(issued.expires)}"
            if issued.expires
            else "without expiry"
        )
        say(
            f"awsvault-py: shell with the credentials of {safe(metadata.profile)} ({_role(metadata)}), {until}. To leave it: exit"
        )


def profile_shell(metadata: ProfileMetadata) -> None:
    """Say which profile a shell started by ``exec --profile-env`` has."""
    if _seen():
        say(
            f"awsvault-py: shell with AWS_PROFILE={safe(metadata.profile)} ({_role(metadata)}). To leave it: exit"
        )


def shorter(issued: Issued, *, asked: bool) -> None:
    """Say that the session is shorter than requested: always if an option requested it, otherwise only on a terminal.

    ``asked``: whether an option requested it; otherwise the profile did.
    """
    if issued.shorter is not None and (asked or _seen()):
        wanted, lasts, why = issued.shorter
        say(
            f"awsvault-py: the session of {safe(issued.chain.profile)} lasts {span(lasts)} instead of {span(wanted)}: {why}"
        )


def _role(metadata: ProfileMetadata) -> str:
    return safe(metadata.role) or "no role"


def _seen() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()

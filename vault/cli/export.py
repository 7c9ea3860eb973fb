"""``export``: prints credentials to stdout in one write, or nothing. SDKs run it as credential_process."""

from __future__ import annotations

import os

import click

from vault.cli import credential_formats


@click.command("export")
@click.argument("profile")
@click.option(
    "--format",
    "form",
    type=click.Choice(credential_formats.FORMATS),
    default="process",
    help="Output format: JSON for credential_process, or variables for a shell or a file.",
)
@click.option("--duration", help="Duration of the session: seconds, or 90m, 4h.", metavar="TIME")
@click.option("--fresh", is_flag=True, help="Fetch the session from AWS, not from the cache.")
@click.option(
    "--fresh-all", is_flag=True, help="Fetch all sessions of the chain from AWS, including the MFA session."
)
@click.option(
    "--no-session",
    is_flag=True,
    help="Do not get an MFA session: use the access key itself, or assume the role with it.",
)
@click.option("--mfa-code", metavar="CODE", help="An MFA code, if no seed is stored.")
def command(
    *,
    profile: str,
    form: str,
    duration: str | None,
    fresh: bool,
    fresh_all: bool,
    no_session: bool,
    mfa_code: str | None,
) -> None:
    """Print the credentials of PROFILE (exact name).

    On success, stdout has one JSON object and stderr is empty. On failure, stdout is empty.
    """
    from vault.cli.disk_export import write_out
    from vault.cli.request_options import request_of
    from vault.context import from_process
    from vault.credentials import obtain

    context = from_process(attended=False)
    request = request_of(
        profile, duration=duration, fresh=fresh, fresh_all=fresh_all, no_session=no_session, mfa_code=mfa_code,
        ask=form not in ("process", "json") or os.isatty(1),  # an SDK reads JSON from a pipe, and must not wait for a prompt
    )  # fmt: skip
    got = obtain.credentials(context, request, purpose=f"to export {profile}")
    if form in ("process", "json"):
        write_out(got.line)
        return
    from vault.aws import credential_json

    text = credential_formats.render(
        form, credential_json.fields(got.line), profile=profile, region=got.chain.region
    )
    write_out(text.encode())

"""``export``: a profile's credentials on stdout, in one write, or nothing. What SDKs run as credential_process."""

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
    help="What is written: JSON for credential_process, or variables for a shell or a file.",
)
@click.option("--duration", help="How long the last session lasts: seconds, or 90m, 4h.", metavar="TIME")
@click.option("--fresh", is_flag=True, help="Ask AWS anew for the last session.")
@click.option("--fresh-all", is_flag=True, help="Ask AWS anew for every session, the MFA session too.")
@click.option(
    "--no-session", is_flag=True, help="Make no MFA session: the key itself, or a role straight from it."
)
@click.option("--mfa-code", metavar="CODE", help="A code of the MFA device, where no seed is stored.")
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
    """Print the credentials of PROFILE, an exact name.

    On success stdout holds one JSON object and stderr nothing; on failure stdout stays empty.
    """
    from vault.cli.disk_export import write_out
    from vault.cli.request_options import request_of
    from vault.context import from_process
    from vault.credentials import access

    context = from_process(attended=False)
    request = request_of(
        profile, duration=duration, fresh=fresh, fresh_all=fresh_all, no_session=no_session, mfa_code=mfa_code,
        ask=form not in ("process", "json") or os.isatty(1),  # an SDK takes JSON from a pipe, and is not kept waiting
    )  # fmt: skip
    got = access.credentials(context, request, purpose=f"to export {profile}")
    if form in ("process", "json"):
        write_out(got.line)
        return
    from vault.aws import credential_json

    text = credential_formats.render(
        form, credential_json.fields(got.line), profile=profile, region=got.chain.region
    )
    write_out(text.encode())

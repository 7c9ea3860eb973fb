"""`awsvault-py export PROFILE`: prints credentials to stdout in one write, or nothing. SDKs run it as credential_process."""

from __future__ import annotations

import os

import click

from vault.cli import credential_formats, shared_options
from vault.cli.policy_options import policy_options


@click.command("export")
@shared_options.named("profile", required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(credential_formats.FORMATS),
    default=None,
    help="Output format: JSON for credential_process (default), or variables for a shell or file.",
)
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON for credential_process (default).")
@shared_options.duration
@shared_options.fresh
@click.option(
    "--fresh-all", is_flag=True, help="Fetch all sessions of the chain from AWS, including the MFA session."
)
@shared_options.no_session
@shared_options.mfa_code
@policy_options
@shared_options.source
@shared_options.region("Print this region instead of the profile's, in the formats that have one.")
def command(
    *,
    profile: str,
    form: str | None,
    as_json: bool,
    duration: str | None,
    fresh: bool,
    fresh_all: bool,
    no_session: bool,
    mfa_code: str | None,
    policy: str | None,
    policy_arn: tuple[str, ...],
    source: str | None,
    region: str | None,
) -> None:
    """Print the credentials of PROFILE (exact name), or of a role without a profile: export --source PROFILE ROLE-ARN.

    On success, stdout has one JSON object (docs/reference/json.md) and stderr is empty. On failure, stdout is empty.
    """
    from vault.cli.disk_export import newer_key, write_out
    from vault.cli.request_options import request_of
    from vault.context import from_process
    from vault.credentials import obtain
    from vault.errors import Usage

    if as_json and form not in (None, "process", "json"):
        raise Usage(f"--json and --format {form} were both given", hint="give only one of them")
    form = form or "process"
    context = from_process(attended=False)
    context.newer_key = newer_key
    request = request_of(
        profile, duration=duration, fresh=fresh, fresh_all=fresh_all, no_session=no_session, mfa_code=mfa_code,
        policy=policy, policy_arn=policy_arn, region=region, source=source,
        ask=form not in ("process", "json") or os.isatty(1),  # an SDK reads JSON from a pipe, and must not wait for a prompt
    )  # fmt: skip
    issued = obtain.credentials(context, request, purpose=f"to export {profile}")
    if form in ("process", "json"):
        write_out(issued.line)
        return
    from vault.aws import credential_json

    text = credential_formats.render(
        form,
        credential_json.fields(issued.line),
        profile=profile,
        region=request.region or issued.chain.region,
    )
    write_out(text.encode())

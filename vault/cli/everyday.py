"""The options of list, status, explain, whoami and log. What these commands do is in the modules of their names.

They are apart because these commands run many times a day, and mostly without click (vault/cli/without_click).
"""

from __future__ import annotations

import click

from vault.cli import shared_options
from vault.cli.command_context import with_context
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


@click.command("list")
@click.option("--profiles", "only_profiles", is_flag=True, help="Show only the profiles.")
@shared_options.as_json
@click.option("--used", is_flag=True, help="Ask AWS for each key's age and last use.")
@with_context
def list_(context: Context, *, only_profiles: bool, as_json: bool, used: bool) -> None:
    """List the profiles with the expiry of their sessions, and the entries of the vault with the age of their keys.

    The age counts from when the key was stored. --used asks AWS for it. Entries that waited for your answer at the last sync are
    marked. In a pipe: one line per entry, with tabs; with --profiles, one line per profile.
    """
    from vault.cli.list import show

    show(context, only_profiles=only_profiles, as_json=as_json, used=used)


@click.command("status")
@shared_options.as_json
@click.option(
    "--policy", metavar="AGE", help="For scripts: exit with 1 if a key is older than AGE (90d) at AWS."
)
@with_context
def status(context: Context, *, as_json: bool, policy: str | None) -> int:
    """Show whether the vault is unlocked and until when, which sessions are cached, where you are signed in, and how old the keys
    are.

    Never prompts. If the vault unlocks without a prompt, status also shows the sign-ins to IAM Identity Center, the keys (their age
    counts from when they were stored), unfinished rotations, and role sessions of only one hour because no MFA code was available in time. Sessions on
    disk are shown if the cache key is available. If the vault has a remote, it says when this machine last synced, and how many
    items wait for your answer. In a pipe: one line per session.
    """
    from vault.cli.status import show

    return show(context, as_json=as_json, policy=policy)


@click.command("explain")
@shared_options.named("profile")
@click.option("--live", is_flag=True, help="Call AWS for each link, and find out why one is refused.")
@shared_options.mfa_code
@shared_options.as_json
@click.option("--yes", is_flag=True, help="With --live: do not prompt for confirmation.")
@with_context
def explain(
    context: Context, profile: str | None, *, live: bool, mfa_code: str | None, as_json: bool, yes: bool
) -> int:
    """Show how PROFILE gets its credentials: each link, each value with its file and line, how long it lasts, and why.

    Also shows what AWS's own tools do with the profile. Does not call AWS, and unlocks the vault only if that needs no
    prompt. A unique prefix of the profile name is enough; without PROFILE, choose one at a terminal.

    With --live, it calls AWS instead, after it has said how many calls and MFA codes that takes. If AWS refuses a link, it
    says which side refuses and what to change, and prints the policies that are missing. The exit code is then 1. No session
    is printed, cached or logged.
    """
    from vault.cli.explain import live as ask_aws
    from vault.cli.explain import show
    from vault.cli.profile_argument import profile_or_pick

    if live:
        name = profile_or_pick(context, profile)
        return ask_aws(context, name, mfa_code=mfa_code, as_json=as_json, yes=yes)
    if yes or mfa_code is not None:
        raise Usage(f"{'--yes' if yes else '--mfa-code'} needs --live", hint="add --live, or leave it out")
    return show(context, profile_or_pick(context, profile), as_json=as_json)


@click.command("whoami")
@shared_options.named("profile")
@shared_options.as_json
@with_context
def whoami(context: Context, profile: str | None, *, as_json: bool) -> None:
    """Show the AWS identity of PROFILE: account, ARN and user ID. A unique prefix of the profile name is enough.

    Without PROFILE: the identity of the credentials in the environment (inside exec), otherwise of the profile in
    AWS_PROFILE, otherwise of the profile that you choose at a terminal, or default.
    """
    from vault.cli.whoami import show

    show(context, profile, as_json=as_json)


@click.command("log")
@click.option("--profile", metavar="PROFILE", help="Show only credentials issued for this profile.")
@click.option("--since", metavar="TIME", help="Show only credentials issued in the last TIME: 90m, 12h, 7d.")
@click.option(
    "-n", "--last", "most", metavar="N", type=click.IntRange(min=1), help="Show only the last N records."
)
@click.option("--verify", is_flag=True, help="Check that no record was changed, removed, or cut off.")
@click.option(
    "--cloudtrail",
    "trail",
    metavar="FILE",
    help="Show for each event of a CloudTrail export which of them made the call.",
)
@shared_options.as_json
@with_context
def log(
    context: Context,
    *,
    profile: str | None,
    since: str | None,
    most: int | None,
    verify: bool,
    trail: str | None,
    as_json: bool,
) -> None:
    """Show which credentials were issued: when, for which profile and role, until when, from where, and to which program.

    --cloudtrail reads a log file of CloudTrail (JSON, also gzip) or the output of aws cloudtrail lookup-events. An event of
    credentials that the log does not have is shown as "not in the log".

    Sign-ins to IAM Identity Center, their refreshes and sign-outs are listed too, with the name of the sign-in as the role. So is
    what was done with the remote: remote add and remove, init --from, and each sync that changed something, with the entries.
    """
    from vault.cli.log import show

    show(context, profile=profile, since=since, most=most, verify=verify, trail=trail, as_json=as_json)

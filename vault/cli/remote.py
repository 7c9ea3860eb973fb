"""`awsvault-py remote …`: manages the bucket through which several machines share the vault."""

from __future__ import annotations

from shlex import quote

import click

from vault.cli import shared_options, sync_view, trust_option
from vault.cli.command_context import with_context
from vault.cli.confirm import confirm
from vault.cli.result import report_result
from vault.cli.slow_work import SlowWork
from vault.cli.terminal import emit, emit_json, facts, say, without_absent
from vault.machines import bucket_access, remotes
from vault.remote import other_machines
from vault.s3 import address, least_policy
from vault.text import command as command_line
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.sync.local import BucketPlace


@click.group(name="remote")
def command() -> None:
    """Share the vault with your other machines, through a bucket of S3."""


@command.command(name="add", short_help="Put the vault into a bucket.")
@click.argument("url", metavar="s3://BUCKET/KEY")
@click.option(
    "-p",
    "--profile",
    metavar="PROFILE",
    help="The profile whose credentials sync. Default: the environment's.",
)
@click.option("--endpoint-url", metavar="URL", help="Where S3 is, if it is not AWS's own.")
@shared_options.region("The region of the bucket.")
@shared_options.machine_name("What to call this machine. Default: the host's name.")
@click.option("--kms-key", metavar="ARN", help="The KMS key that encrypts the object, in addition.")
@click.option(
    "--kdf",
    type=click.Choice(["default", "strong"]),
    default="default",
    help="Memory that each guess of the passphrase costs in the bucket's file: 64 MiB, or 256 MiB (strong).",
)
@click.option("--print-policy", is_flag=True, help="Print the IAM policy that a sync needs.")
@trust_option.option
@shared_options.as_json
@with_context
def add(
    context: Context,
    url: str,
    *,
    profile: str | None,
    endpoint_url: str | None,
    region: str | None,
    machine_name: str | None,
    kms_key: str | None,
    kdf: str,
    print_policy: bool,
    trust_endpoint: bool,
    as_json: bool,
) -> None:
    """Put the vault into a bucket, sealed with a key of its own, and sync with it from now on.

    Tries first whether the bucket keeps the conditions of writes, on objects beside KEY that it removes again. The passphrase of the
    vault opens the file in the bucket. On another machine: awsvault-py init --from s3://BUCKET/KEY
    """
    place = bucket_access.place_of(
        context, url, profile=profile, endpoint=endpoint_url, region=region, kms=kms_key
    )
    if print_policy:
        emit(
            least_policy.text(
                address.parse(place.url), region=place.region or "", kms_key=place.kms or ""
            ).rstrip("\n")
        )
        return
    bucket_access.check_trust(
        context, place, trust_option.endpoint_trust(context, trust_endpoint=trust_endpoint)
    )
    with SlowWork(context.env) as slow:
        done, verdict = remotes.add(context, place, name=machine_name, strong=kdf == "strong", tell=slow.tell)
    for left in verdict.left:
        say(f"Warning: {safe(left)} could not be removed. It holds no secret: remove it yourself.")
    say(f"The vault is in {safe(place.url)}, and this machine syncs with it.")
    say(f"Fingerprint of its key, to compare on the other machine: {done.fingerprint}")
    say(f"On the other machine, run: {_join_command(place)}")
    if as_json:
        emit_json({**sync_view.outcome_json(done, place.url), "left": list(verdict.left)})
    else:
        sync_view.show_changes(done)
        sync_view.show_waiting(context.env, done.waiting)


def _join_command(place: BucketPlace) -> str:
    more = "" if place.endpoint is None else f" --endpoint-url {quote(safe(place.endpoint))} --trust-endpoint"
    return command_line("init --from", place.url) + f" --region {safe(place.region or '')}" + more


@command.command(name="show", short_help="Show the remote, its machines, and what waits for an answer.")
@shared_options.as_json
@with_context
def show(context: Context, *, as_json: bool) -> None:
    """Show the remote, its machines, and what waits for an answer, as this machine knows them. Asks nobody."""
    found = remotes.describe(context)
    place = found.place
    if as_json:
        emit_json(
            without_absent(
                {
                    "url": place.url,
                    "endpoint_url": place.endpoint,
                    "region": place.region,
                    "profile": place.profile,
                    "kms_key": place.kms,
                    "generation": found.gen,
                    "fingerprint": found.fingerprint,
                    "machines": sync_view.machines_json(found.machines),
                    "waiting": sync_view.waiting_json(found.waiting),
                }
            )
        )
        return
    rows = [
        ("remote", place.url or "none yet: run awsvault-py remote add s3://BUCKET/KEY"),
        ("endpoint", place.endpoint or ""),
        ("region", place.region or ""),
        ("profile", place.profile or ""),
        ("KMS key", place.kms or ""),
        ("generation", str(found.gen)),
        ("fingerprint", found.fingerprint),
    ]
    facts(context.env, [row for row in rows if row[1]])
    emit("")
    sync_view.show_machines(context.env, found.machines)
    sync_view.show_waiting(context.env, found.waiting)


@command.command(name="remove", short_help="Stop syncing on this machine.")
@click.option("--yes", is_flag=True, help="Do not prompt for confirmation.")
@shared_options.as_json
@with_context
def remove(context: Context, *, yes: bool, as_json: bool) -> None:
    """Stop syncing on this machine. The vault keeps all that it has, and the object stays in the bucket.

    If the bucket can be reached, this machine is marked there as removed, so that no rotation waits for it. What it has not synced
    stays here.
    """
    opened, url = remotes.open_to_leave(context)
    warnings = [
        f"the old key of {safe(name)} stays active for {', '.join(map(safe, machines))}. Without the remote, the next rotate does "
        "not wait for them: let them sync first."
        for name, machines in other_machines.waited_for(opened.payload).items()
    ]
    for warning in warnings:
        say(f"Warning: {warning}")
    confirm(context, f"Stop syncing with {safe(url)}?", yes=yes)
    left = remotes.leave(context, opened)
    say(f"This machine no longer syncs with {safe(url)}.")
    if left.problem is not None:
        warnings.append(
            f"the other machines still list this one, because {safe(url)} could not be changed: {left.problem.message}. Their "
            f"rotations wait for it, for seven days at most. To remove it there, run on one of them: {command_line('slots remove', left.me)}"
        )
        say(f"Warning: {warnings[-1]}")
    say(
        "The object is still in the bucket, for your other machines. If there are none, delete it with its versions."
    )
    report_result({"url": url, "warnings": warnings}, as_json=as_json)

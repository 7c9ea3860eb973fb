"""`awsvault-py init`: creates the vault."""

from __future__ import annotations

import click

from vault.cli import init_from, shared_options, trust_option
from vault.cli.command_context import with_context
from vault.cli.result import report_result
from vault.cli.terminal import say
from vault.errors import AlreadyExists, Locked, Usage
from vault.store import slot_text, vault
from vault.store.kdf import DEFAULT, STRONG
from vault.store.slots.recovery import RecoverySlot
from vault.text import safe
from vault.upkeep import create, recovery_code, slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.slots import Slot


@click.command(name="init")
@click.option(
    "--kdf",
    type=click.Choice(["default", "strong"]),
    default="default",
    help="Memory that each guess of the passphrase costs: 64 MiB, or 256 MiB (strong).",
)
@click.option(
    "--recovery", "with_code", is_flag=True, help="Create a recovery code, and show it to write down."
)
@click.option(
    "--from",
    "origin",
    metavar="s3://BUCKET/KEY|FILE",
    help="Take the vault that another machine has put there, or a copy of that file.",
)
@click.option(
    "-p",
    "--profile",
    metavar="PROFILE",
    help="With --from: the profile whose credentials read the bucket, now and later. Now, it cannot use a key of the vault.",
)
@shared_options.machine_name("With --from: what to call this machine. Default: the host's name.")
@click.option("--endpoint-url", metavar="URL", help="With --from: where S3 is, if it is not AWS's own.")
@shared_options.region("With --from: the region of the bucket.")
@trust_option.option
@shared_options.as_json
@with_context
def command(
    context: Context,
    kdf: str,
    *,
    with_code: bool,
    origin: str | None,
    profile: str | None,
    machine_name: str | None,
    endpoint_url: str | None,
    region: str | None,
    trust_endpoint: bool,
    as_json: bool,
) -> None:
    """Create the vault, protected by a passphrase.

    Prompts for the passphrase twice, or reads it from AWSVAULT_PASSPHRASE_FILE or another passphrase variable. If the OS
    keyring is available, it unlocks the vault too (see `slots list`; AWSVAULT_KEYRING=off prevents it). `add` also creates
    the vault if there is none.

    With --from, the vault is the one that another machine has put into a bucket with `remote add`. The environment's credentials read
    the bucket, otherwise those of --profile: a key in AWS's files, a sign-in of the AWS CLI to IAM Identity Center, or another
    credential_process. The passphrase is the one that the vault had there.
    """
    if origin is not None:
        if with_code:
            raise Usage(
                "--recovery is not for --from", hint="afterwards, run: awsvault-py slots add recovery"
            )
        trust = trust_option.endpoint_trust(context, trust_endpoint=trust_endpoint)
        where = init_from.InitOrigin(origin, profile, endpoint_url, region)
        init_from.run(context, where, name=machine_name, strong=kdf == "strong", trust=trust, as_json=as_json)
        return
    if trust_endpoint or any(one is not None for one in (profile, machine_name, endpoint_url, region)):
        raise Usage("these options are for --from", hint="run: awsvault-py init --from s3://BUCKET/KEY")
    if vault.exists(context.paths):
        raise AlreadyExists(
            f"a vault already exists at {safe(context.paths.vault)}",
            hint="run: awsvault-py add NAME; to change the passphrase: awsvault-py passwd",
        )
    if with_code and not recovery_code.can_be_issued(context):
        raise Locked(
            "a recovery code can be shown only on a terminal",
            hint="run the command at a terminal, or without --recovery",
        )
    chosen = create.choose_passphrase(context)
    opened = create_and_report(context, chosen, strong=kdf == "strong", with_code=with_code)
    say("Next: awsvault-py add NAME")
    say("Then: awsvault-py backup FILE, and print the output of awsvault-py backup --sheet")
    report_result(
        {
            "vault": context.paths.vault,
            "opened_by": list(slot_text.kinds(opened.header.slots)),
            "warnings": create.warnings_of(chosen),
        },
        as_json=as_json,
    )


def create_and_report(
    context: Context, chosen: create.ChosenPassphrase, *, strong: bool = False, with_code: bool = False
) -> vault.Opened:
    """Create the vault, and report it with a warning if the passphrase is weak. ``with_code``: issue a recovery code first."""
    other_slots: list[Slot] = [] if not with_code else [RecoverySlot(recovery_code.issue(context))]
    opened = create.create_vault(context, chosen, kdf=STRONG if strong else DEFAULT, others=other_slots)
    say(f"Created the vault: {safe(context.paths.vault)}")
    opened, without_keyring = slots.try_keyring(context, opened)
    if without_keyring is None:
        say("This machine's keyring unlocks it too, so there is no prompt while you are logged in.")
    elif context.settings.keyring != "off":
        say(
            f"The OS keyring was not used: {safe(without_keyring)}. To add it later: awsvault-py slots add keyring"
        )
    if not with_code:
        say("To add a recovery code, in case you forget the passphrase: awsvault-py slots add recovery")
    if chosen.warning is not None:
        say(f"Warning: the passphrase is weak: {chosen.warning}. To choose another: awsvault-py passwd")
    return opened

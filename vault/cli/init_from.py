"""`awsvault-py init --from …`: takes the vault that another machine has put into a bucket."""

from __future__ import annotations

from vault.cli import sync_view
from vault.cli.result import report_result
from vault.cli.slow_work import SlowWork
from vault.cli.terminal import local, say
from vault.errors import AlreadyExists
from vault.machines import bucket_access, new_machine
from vault.machines.new_machine import NewMachine
from vault.records import NamedTuple
from vault.store import slot_text, vault
from vault.text import safe
from vault.upkeep import slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.keys.endpoint_trust import EndpointTrust
    from vault.machines.new_machine import FirstUse
    from vault.store.opened import Opened
    from vault.sync.local import BucketPlace


class InitOrigin(NamedTuple):
    """Where the vault comes from: the words of the command line."""

    source: str
    profile: str | None
    endpoint_url: str | None
    region: str | None


def run(
    context: Context,
    origin: InitOrigin,
    *,
    name: str | None,
    strong: bool,
    trust: EndpointTrust,
    as_json: bool,
) -> None:
    """Create the vault, and report it. Errors: those of vault/machines/new_machine."""
    with SlowWork(context.env) as slow:
        new = NewMachine(name, strong=strong, tell=slow.tell, show=_show)
        _run(context, origin, new, trust=trust, as_json=as_json)


def _run(
    context: Context, origin: InitOrigin, new: NewMachine, *, trust: EndpointTrust, as_json: bool
) -> None:
    if not origin.source.startswith("s3:"):
        _check_absent(context)
        opened = new_machine.from_file(context, origin.source, new)
        _created(context, opened)
        say("It has no remote yet. To sync with the bucket: awsvault-py remote add s3://BUCKET/KEY")
        _report(context, opened, None, as_json=as_json)
        return
    place = bucket_access.place_of(
        context, origin.source, profile=origin.profile, endpoint=origin.endpoint_url, region=origin.region
    )
    bucket_access.check_trust(context, place, trust)
    if vault.exists(context.paths):
        _joined_again(context, place, new, as_json=as_json)
        return
    opened, done = new_machine.from_bucket(context, place, new)
    _created(context, opened)
    say(f"It syncs with {safe(place.url)}, which {len(done.machines)} machines share now.")
    _report(context, opened, place, as_json=as_json)


def _check_absent(context: Context) -> None:
    if vault.exists(context.paths):
        raise AlreadyExists(
            f"a vault already exists at {safe(context.paths.vault)}",
            hint="to take the vault of another machine, move this one and its backups away first; to share this one with other "
            "machines, run: awsvault-py remote add s3://BUCKET/KEY",
        )


def _joined_again(context: Context, place: BucketPlace, new: NewMachine, *, as_json: bool) -> None:
    done = new_machine.rejoin(context, place, new)
    if done is None:
        _check_absent(context)
        return
    outcome, _ = done
    if outcome.taken_over:
        say(f"This machine has joined {safe(place.url)} again, as a new one. What only it had went there.")
    else:
        say(f"This machine shares {safe(place.url)} already, and has synced.")
    if outcome.typed:
        say(sync_view.new_key_text(outcome))
    kinds = list(slot_text.kinds(vault.read_header(context.paths).slots))
    report_result(
        {"vault": context.paths.vault, "opened_by": kinds, "warnings": [], "url": place.url}, as_json=as_json
    )


def _show(first: FirstUse) -> None:
    """What this machine trusts without having seen anything before."""
    say(
        f"The file has generation {first.gen}, written {local(first.written)} by {safe(first.writer) or 'an unknown machine'}.\n"
        f"Fingerprint of its key: {first.fingerprint}. Compare it on that machine: awsvault-py remote show"
    )


def _report(context: Context, opened: Opened, place: BucketPlace | None, *, as_json: bool) -> None:
    fields: dict[str, object] = {
        "vault": context.paths.vault,
        "opened_by": list(slot_text.kinds(opened.header.slots)),
        "warnings": [],
    }
    report_result({**fields, "url": None if place is None else place.url}, as_json=as_json)


def _created(context: Context, opened: Opened) -> None:
    say(f"Created the vault: {safe(context.paths.vault)}")
    _, without_keyring = slots.try_keyring(context, opened)
    if without_keyring is None:
        say("This machine's keyring unlocks it too, so there is no prompt while you are logged in.")

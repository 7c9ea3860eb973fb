"""Adds a remote to the vault, shows it, removes it. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.aws import boto_session
from vault.machines import bucket_access, machine_log, open_vault, quiet_sync
from vault.machines.machine_name import given_or_host
from vault.records import NamedTuple
from vault.remote import bucket_file, join, judge, leaving, local_state, note, outcome
from vault.s3 import address, probe
from vault.store import vault
from vault.store.kdf import DEFAULT, STRONG
from vault.store.slots.passphrase import PassphraseSlot
from vault.text import safe
from vault.upkeep import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.remote.outcome import SyncOutcome, Waiting
    from vault.remote.summary import MachineInfo
    from vault.s3.probe import ProbeVerdict
    from vault.store.opened import Opened
    from vault.sync.local import BucketPlace, LocalSync


class RemoteInfo(NamedTuple):
    """The remote as this machine knows it, without asking the bucket. ``gen``: of the file that it last read or wrote."""

    place: BucketPlace
    machines: tuple[MachineInfo, ...]
    waiting: tuple[Waiting, ...]
    gen: int
    fingerprint: str


class LeftRemote(NamedTuple):
    """The former remote, the ID that this machine had there, and why the other machines could not be told, if they could not."""

    place: BucketPlace
    me: str
    problem: errors.Error | None


def not_told(_what: str) -> None:
    """For callers that say nothing meanwhile."""


def add(
    context: Context, place: BucketPlace, *, name: str | None, strong: bool, tell: Callable[[str], None]
) -> tuple[SyncOutcome, ProbeVerdict]:
    """Try the bucket, put the vault there, and keep it as the remote. ``name``: of this machine, if not the host's. ``tell`` gets
    what is being done.

    Errors: Usage (the name), AlreadyExists (a remote), NoConditionalWrites (6), those of a sync, and those of opening the vault.
    """
    called = given_or_host(name)
    opened, passphrase = open_vault.opened_by_secret(context, purpose="to add a remote")
    known = _check_free(opened)
    if known is not None and name is None:
        called = known.name
    if passphrase is None:  # a recovery code opened the vault; the bucket's file needs a passphrase
        passphrase = create.ask_new_passphrase(context, what="the file in the bucket").secret
    credentials = bucket_access.credentials_for(context, place, opened)
    client, at = bucket_access.client(context, place, credentials), address.parse(place.url)
    tell("Trying whether the bucket keeps the conditions of writes …")
    verdict = probe.probe(client.object, at, deadline=context.with_deadline(limits.PROBE_TIME).deadline)
    probe.require_good(verdict, at)
    slot = PassphraseSlot(
        passphrase,
        kdf=STRONG if strong else DEFAULT,
        turn=vault.kdf_turn(context.paths, context.new_deadline()),
    )
    done = join.first_push(
        client.object(at),
        place,
        name=called,
        new_slots=[slot],
        paths=context.paths,
        clock=context.clock,
        deadline=context.new_deadline(),
        opened=opened,
        ask=bucket_access.ask_for_key(context, place, tell=tell),
        tell=tell,
    )
    tell("")
    machine_log.log_added(context, opened, place.url)
    machine_log.log_sync(context, opened, done)
    return done, verdict


def _check_free(opened: Opened) -> LocalSync | None:
    """What a vault from a copy of the bucket's file knows of other machines. AlreadyExists before the bucket is tried, if it has a
    remote.
    """
    local = local_state.find(opened.payload)
    if local is not None and local.remote.place.url:
        raise errors.AlreadyExists(
            f"this vault has a remote: {safe(local.remote.place.url)}",
            hint="to use another one, run: awsvault-py remote remove",
        )
    return local


def describe(context: Context) -> RemoteInfo:
    """The remote, the machines and the conflicts, as this machine's vault has them. NotFound."""
    return info(context, open_vault.opened(context, purpose="to show the remote"))


def info(context: Context, opened: Opened) -> RemoteInfo:
    """As ``describe``, of an opened vault."""
    local = local_state.require(opened.payload)
    noted = note.read(context.paths, opened.vault_id)
    return RemoteInfo(
        place=local.remote.place,
        machines=outcome.machines(local.state, local.me),
        waiting=outcome.waiting(local.state, local.shown),
        gen=judge.last_gen(local.remote, noted),
        fingerprint=bucket_file.fingerprint(local.remote.key),
    )


def open_to_leave(context: Context) -> tuple[Opened, str]:
    """The vault and the URL of its remote. NotFound."""
    opened = open_vault.opened(context, purpose="to remove the remote")
    return opened, local_state.require(opened.payload).remote.place.url


def leave(context: Context, opened: Opened) -> LeftRemote:
    """Tell the other machines if that needs no question and only seconds, and forget the remote. The object stays, and so does every
    item of this vault.
    """
    me = local_state.require(opened.payload).me
    problem = _tell_others(context, opened)
    place = join.leave(
        paths=context.paths, clock=context.clock, deadline=context.new_deadline(), opened=opened
    )
    machine_log.log_left(context, opened, place.url)
    return LeftRemote(place, me, problem)


def _tell_others(context: Context, opened: Opened) -> errors.Error | None:
    """Mark this machine as removed, so that no rotation waits for it. Why that failed, which is no error."""
    place = local_state.require(opened.payload).remote.place
    if not place.url:
        return None
    boto_session.preload()  # no wait for the bucket
    quiet = quiet_sync.quiet(context)
    try:
        credentials = bucket_access.credentials_for(quiet, place, opened, ask=False)
        leaving.mark_gone(
            bucket_access.bucket(quiet, place, credentials, deadline=quiet.deadline),
            paths=quiet.paths,
            clock=quiet.clock,
            deadline=quiet.deadline,
            opened=opened,
        )
    except errors.Error as error:
        return error
    return None

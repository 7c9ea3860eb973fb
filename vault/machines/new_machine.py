"""Gives this machine the vault of a remote, from the bucket or from a copy of its file. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.machines import bucket_access, machine_log, sync_vault
from vault.machines.machine_name import given_or_host
from vault.records import NamedTuple
from vault.remote import bucket_file, join, local_state, outcome, steps
from vault.remote.merging import SyncRequest
from vault.store import vault
from vault.store.kdf import DEFAULT, STRONG
from vault.store.slots.passphrase import PassphraseSlot
from vault.sync.bucket import Fetched
from vault.sync.local import BucketPlace
from vault.system.user_files import read_users_file
from vault.text import safe
from vault.unlocking.unlock import unlock
from vault.upkeep import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.credentials import Credentials
    from vault.context import Context
    from vault.remote.bucket_file import BucketFile
    from vault.remote.outcome import SyncOutcome
    from vault.secret import Secret
    from vault.store.opened import Opened

_NOTE = "Type the passphrase with which the remote was added. A recovery code works too."
FILE = BucketPlace(url="")  # of a vault from a copy of the file: `remote add` names its bucket


class NewMachine(NamedTuple):
    """What the user says of the new machine. ``name``: what users call it, if not as the host. ``strong``: the KDF of its passphrase.

    ``tell`` gets what is being done; ``show`` what it trusts, before anything is written.
    """

    name: str | None
    strong: bool
    tell: Callable[[str], None]
    show: Callable[[FirstUse], None]


class FirstUse(NamedTuple):
    """What this machine trusts because it has seen nothing else: the file's generation, date and writer, and the fingerprint of its
    key, to compare with another machine.
    """

    gen: int
    written: int
    writer: str
    fingerprint: str


def from_bucket(context: Context, place: BucketPlace, new: NewMachine) -> tuple[Opened, SyncOutcome]:
    """Create the vault from the bucket, and tell the other machines.

    Errors: Usage (the name), NotFound (no such object), AlreadyExists, WrongPassphrase, Damaged, and those of S3.
    """
    given_or_host(new.name)
    credentials = bucket_access.credentials_for(context, place, None)
    new.tell(f"Reading {safe(place.url)} …")
    found = bucket_access.bucket(context, place, credentials).get(None)
    if not isinstance(found, Fetched):
        raise errors.NotFound(
            f"{safe(place.url)} does not exist",
            hint="check bucket and key: on a machine with the vault, run: awsvault-py remote show",
        )
    opened = _created(context, found.data, place, new)
    done = _announced(context, opened, place, credentials, tell=new.tell)
    new.tell("")
    return opened, done


def _announced(
    context: Context,
    opened: Opened,
    place: BucketPlace,
    credentials: Credentials,
    *,
    tell: Callable[[str], None],
) -> SyncOutcome:
    """The first sync of the new machine."""
    return steps.sync(
        bucket_access.bucket(context, place, credentials),
        paths=context.paths,
        clock=context.clock,
        deadline=context.with_deadline(limits.REMOTE_MOST).deadline,
        open_vault=lambda: opened,
        ask=bucket_access.ask_for_key(context, place, tell=tell),
        tell=tell,
    )


def from_file(context: Context, path: str, new: NewMachine) -> Opened:
    """Create the vault from a copy of the bucket's file. It has no remote until `remote add`. Errors as ``from_bucket``."""
    given_or_host(new.name)
    data = read_users_file(path, limit=limits.MAX_VAULT_FILE)
    if data is None:
        raise errors.NotFound(
            f"{safe(path)} does not exist",
            hint="name the file that you downloaded, or the object in the bucket as s3://BUCKET/KEY",
        )
    opened = _created(context, data, FILE, new, path=path)
    new.tell("")
    return opened


def rejoin(context: Context, place: BucketPlace, new: NewMachine) -> tuple[SyncOutcome, str] | None:
    """Come back as a new machine, with what only this machine has, after another one removed it. None if the vault here has another
    remote, or none. ``new.name``: its name from now on, if one was given.
    """
    name = "" if new.name is None else given_or_host(new.name)
    opened = unlock(context, purpose="to join the remote again").opened
    local = local_state.find(opened.payload)
    if local is None or local.remote.place.url != place.url:
        return None
    return sync_vault.sync_opened(context, opened, SyncRequest(rejoin=True, name=name), tell=new.tell)


def _created(context: Context, data: bytes, place: BucketPlace, new: NewMachine, *, path: str = "") -> Opened:
    url = place.url or path
    new.tell("")  # a prompt may follow
    found = join.read_bucket_file(data, url=url)
    key, passphrase = bucket_access.typed_key(context, found, note=_NOTE)
    read = join.opened_first(found, key, url=url)
    new.show(_first_use(read, key))
    if passphrase is None:
        passphrase = create.ask_new_passphrase(context, what="the vault on this machine").secret
    new.tell("Creating the vault …")
    slot = PassphraseSlot(
        passphrase,
        kdf=STRONG if new.strong else DEFAULT,
        turn=vault.kdf_turn(context.paths, context.new_deadline()),
    )
    opened = join.take_vault(
        read,
        place,
        name=given_or_host(new.name),
        slots=[slot],
        paths=context.paths,
        clock=context.clock,
        deadline=context.new_deadline(),
    )
    machine_log.log_new_machine(context, opened, url)
    return opened


def _first_use(read: BucketFile, key: Secret) -> FirstUse:
    header = read.file.header
    return FirstUse(header.gen, header.time, outcome.writer(read.state), bucket_file.fingerprint(key))

"""MFA devices in the vault: which entry uses which, adding and removing seeds, and one code for the user. Prints nothing."""

from __future__ import annotations

from vault import limits
from vault.errors import NotFound, Usage
from vault.frozen import replace
from vault.keys import key_input, key_prompts
from vault.keys.entries import stored_seed
from vault.keys.key_prompts import KeyPrompts
from vault.keys.stdin_json import read_fields
from vault.profiles import aws_files
from vault.profiles.chain import VaultKey
from vault.profiles.resolve import resolve
from vault.records import NamedTuple
from vault.store.entry_lookup import find_entry
from vault.text import command, nearest, safe
from vault.unlocking import inventory, strict_seeds
from vault.unlocking.keys import CodeWait, OpenedKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.mfa.codes import Seed
    from vault.mfa.ledger import Code
    from vault.store.vault import Opened, Payload
    from vault.unlocking.keys import Keys

_FIELDS = ("MfaSerial", "MfaSeed")
_FORM = '{"MfaSerial":"arn:aws:iam::111111111111:mfa/NAME","MfaSeed":"…"}'
_JSON_HINT = f"the form is {_FORM}; one of them is optional"


class NewDevice(NamedTuple):
    """What the user gave for a device; None for what they did not give."""

    serial: str | None
    seed: Seed | None


def has_seed(payload: Payload, serial: str) -> bool:
    """Whether the vault has the device's seed, in the strict box or beside the key."""
    return serial in payload.seeds or serial in payload.strict_serials


def from_json(raw: bytes) -> NewDevice:
    """The device in the JSON of ``mfa add --stdin``. Usage (exit 2)."""
    fields = read_fields(raw, known=_FIELDS, required=(), hint=_JSON_HINT)
    serial, seed = fields.get("MfaSerial"), fields.get("MfaSeed")
    if not serial and not seed:
        raise Usage("--stdin has neither MfaSerial nor MfaSeed", hint=_JSON_HINT)
    parsed = key_input.parse_seed(key_input.as_secret(seed or ""))
    return NewDevice(key_input.check_serial(serial) if serial else None, parsed)


def ask_device(
    context: Context, *, name: str, known: str | None, prove: Callable[[str, Seed], None]
) -> NewDevice:
    """The device that the user types. ``known`` is the entry's device, the answer if the user presses Enter.

    ``prove`` asks AWS about a seed of a device: its Usage is shown, and the seed is asked for again; after a Refused the device
    is. Usage after three values of the wrong form, Refused after three devices that are not this user's.
    """
    prompts = KeyPrompts(context, name)
    default = f" (Enter for {known})" if known is not None else ""

    def ask_serial(complaint: str) -> str:
        typed = prompts.plain(f"ARN of the MFA device of {name}{default}", complaint)
        if typed or known is not None:
            return key_input.check_serial(typed or str(known))
        raise Usage("no ARN was given", hint="the IAM console shows the ARN of the device")

    def with_seed(serial: str) -> NewDevice:
        return NewDevice(serial, prompts.seed(lambda seed: prove(serial, seed)))

    return key_prompts.ask_device(ask_serial, with_seed)


def add_to_entry(context: Context, opened: Opened, name: str, device: NewDevice) -> Opened:
    """Give the entry the device's serial, and store its seed. NotFound; Usage if no serial is known."""
    created = int(context.clock.time())

    def change(payload: Payload) -> Payload:
        entry = find_entry(payload, name)
        serial = device.serial or entry.mfa_serial
        if serial is None:
            raise Usage(
                f'the entry "{safe(name)}" has no MFA device, and no ARN was given',
                hint=f"give the device's ARN too: {_FORM}",
            )
        payload = payload.with_entry(name, replace(entry, mfa_serial=serial))
        if device.seed is not None:
            payload = payload.with_seed(serial, stored_seed(device.seed, created=created))
        return payload

    return strict_seeds.prepare_edit(
        context, opened, change, purpose=f"to store the seed of {name} beside the key"
    )()


def find_serial(payload: Payload, name: str) -> str:
    """The serial that ``name`` means in the vault: an entry's, or a device's own. NotFound."""
    entry = payload.entries.get(name)
    if entry is not None and entry.mfa_serial is not None:
        return entry.mfa_serial
    if entry is not None:
        raise NotFound(
            f'the entry "{safe(name)}" has no MFA device', hint=f"to add one: {command('mfa add', name)}"
        )
    known = [device.serial for device in inventory.of(payload).devices()]
    if name in known:
        return name
    near = nearest(name, [*payload.entries, *known])
    raise NotFound(
        f'the vault has no entry and no device "{safe(name)}"',
        hint=f'did you mean "{safe(near)}"?' if near is not None else "run: awsvault-py mfa list",
    )


def resolve_serial(context: Context, keys: Keys, name: str) -> str:
    """The serial that ``name`` means: an entry's device, the device of a profile's chain, or a device's own. NotFound."""
    entry = keys.entry(name)
    if entry is not None and entry.mfa_serial is not None:
        return entry.mfa_serial
    if entry is None:
        config = aws_files.load(context.env, home=context.paths.home)
        if name in config.profiles:
            chain = resolve(config, name, env=context.env, has_entry=keys.has_entry)
            source = keys.entry(chain.source.entry) if isinstance(chain.source, VaultKey) else None
            found = chain.mfa_serial or (source.mfa_serial if source is not None else None)
            if found is not None:
                return found
    if isinstance(keys, OpenedKeys):
        return find_serial(keys.opened.payload, name)
    if name.startswith("arn:"):
        return name
    raise NotFound(f'"{safe(name)}" is not an entry with an MFA device', hint="run: awsvault-py mfa list")


def remove(context: Context, opened: Opened, serial: str) -> Opened:
    """Remove the device's seed from the vault, and its serial from the entries. StrictClosed."""
    return prepare_removal(context, opened, serial)()


def prepare_removal(context: Context, opened: Opened, serial: str) -> Callable[[], Opened]:
    """As ``remove``, in two steps: prompts come now, the write later. The device stays at AWS. StrictClosed."""

    def change(payload: Payload) -> Payload:
        entries = {
            name: replace(entry, mfa_serial=None) if entry.mfa_serial == serial else entry
            for name, entry in payload.entries.items()
        }
        return replace(payload.without_seed(serial), entries=entries)

    return strict_seeds.prepare_edit(context, opened, change, purpose=f"to remove {serial}")


def next_code(context: Context, keys: Keys, serial: str, *, waiting: Callable[[float], None]) -> Code:
    """A code that no other request uses, with time left to type it. ``waiting`` gets the seconds until the next code.

    Errors: NotFound if no seed is stored, NoCodeInTime.
    """
    code = _take_code(context, keys, serial, waiting=waiting)
    if code.ends - context.clock.time() < limits.CODE_LEAST_LEFT:
        code = _take_code(context, keys, serial, waiting=waiting)
    return code


def _take_code(context: Context, keys: Keys, serial: str, *, waiting: Callable[[float], None]) -> Code:
    code = keys.take_code(serial, CodeWait(context.new_deadline(), limits.CODE_WAIT, waiting=waiting))
    if code is not None:
        return code
    near = keys.contents().similar_device(serial)
    if near is not None:
        raise NotFound(
            f"no seed is stored for {safe(serial)}, but one is stored for {safe(near)}",
            hint=f"if you mean that device: {command('mfa code', near)}",
        )
    raise NotFound(
        f"no seed is stored for {safe(serial)}, so only the device itself shows its codes",
        hint="to store the seed: awsvault-py mfa add NAME",
    )

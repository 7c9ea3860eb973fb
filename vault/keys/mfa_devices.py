"""MFA devices: which entry uses which, seeds put in and taken out, and one code for a person. Prints nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from vault import limits
from vault.errors import NotFound, Usage
from vault.keys import key_input
from vault.keys.entries import stored_seed
from vault.mfa import codes
from vault.profiles import aws_files
from vault.profiles.chain import VaultKey
from vault.profiles.resolve import resolve
from vault.store.entry_lookup import find
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
_JSON_HINT = (
    'the form is {"MfaSerial":"arn:aws:iam::111111111111:mfa/NAME","MfaSeed":"…"}, one of them optional'
)


class NewDevice(NamedTuple):
    """What a person gave for a device; None where they gave nothing."""

    serial: str | None
    seed: Seed | None


def has_seed(payload: Payload, serial: str) -> bool:
    """Whether the vault holds the device's seed, in the strict box or beside the key."""
    return serial in payload.seeds or serial in payload.strict_serials


def from_json(raw: bytes) -> NewDevice:
    """The device in ``mfa add --stdin``'s JSON. Usage (exit 2)."""
    if len(raw) > limits.MAX_STDIN:
        raise Usage(f"--stdin has more than {limits.MAX_STDIN} bytes", hint=_JSON_HINT)
    fields = key_input.json_fields(raw, known=_FIELDS, required=(), hint=_JSON_HINT)
    if not fields.get("MfaSerial") and not fields.get("MfaSeed"):
        raise Usage("--stdin has neither MfaSerial nor MfaSeed", hint=_JSON_HINT)
    return _checked(fields.get("MfaSerial"), fields.get("MfaSeed"))


def _checked(serial: str | None, seed: str | None) -> NewDevice:
    from vault.secret import Secret

    parsed = codes.parse_seed(Secret(seed.encode("utf-8", "surrogatepass"))) if seed else None
    if parsed is not None:
        key_input.check_aws_seed(parsed)
    return NewDevice(key_input.check_serial(serial) if serial else None, parsed)


def by_asking(context: Context, *, name: str, known: str | None) -> NewDevice:
    """The device as a person types it; ``known`` is the serial that the entry has, taken where Enter is pressed."""
    ask, wait = context.interaction, limits.ATTENDED_PROMPT_TIME
    default = f" (Enter for {known})" if known is not None else ""

    def serial(complaint: str) -> str | None:
        question = f"ARN of the MFA device of {name}{default}"
        typed = ask.plain(question, deadline=context.new_deadline(wait), complaint=complaint)
        if typed or known is not None:
            return key_input.check_serial(typed or str(known))
        raise Usage("a device has an ARN", hint="the IAM console shows it beside the device")

    def seed(complaint: str) -> Seed | None:
        typed = ask.hidden(key_input.SEED_QUESTION, deadline=context.new_deadline(wait), complaint=complaint)
        if not len(typed):
            return None
        parsed = codes.parse_seed(typed)
        key_input.check_aws_seed(parsed)
        return parsed

    return NewDevice(key_input.until_right(serial), key_input.until_right(seed))


def put(context: Context, opened: Opened, name: str, device: NewDevice) -> Opened:
    """Give the entry the device's serial, and store its seed. NotFound; Usage where no serial is known."""
    created = int(context.clock.time())

    def change(payload: Payload) -> Payload:
        entry = find(payload, name)
        serial = device.serial or entry.mfa_serial
        if serial is None:
            raise Usage(
                f'the entry "{safe(name)}" has no MFA device yet, and none was given',
                hint='give its ARN too: {"MfaSerial":"arn:aws:iam::111111111111:mfa/NAME","MfaSeed":"…"}',
            )
        payload = payload.with_entry(name, replace(entry, mfa_serial=serial))
        if device.seed is not None:
            payload = payload.with_seed(serial, stored_seed(device.seed, created=created))
        return payload

    return strict_seeds.prepared(
        context, opened, change, purpose=f"to store the seed of {name} beside the key"
    )()


def serial_of(payload: Payload, name: str) -> str:
    """The serial that ``name`` means: an entry's, or a device's own. NotFound."""
    entry = payload.entries.get(name)
    if entry is not None and entry.mfa_serial is not None:
        return entry.mfa_serial
    if entry is not None:
        raise NotFound(
            f'the entry "{safe(name)}" has no MFA device', hint=f"add one: awsvault-py mfa add {safe(name)}"
        )
    known = [device.serial for device in inventory.of(payload).devices()]
    if name in known:
        return name
    near = nearest(name, [*payload.entries, *known])
    raise NotFound(
        f'there is no entry and no device "{safe(name)}" in the vault',
        hint=f'did you mean "{safe(near)}"?' if near is not None else "run: awsvault-py mfa list",
    )


def serial_for(context: Context, keys: Keys, name: str) -> str:
    """The serial that ``name`` means: an entry's device, a profile's by its source key, or a device's own. NotFound."""
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
        return serial_of(keys.opened.payload, name)
    if name.startswith("arn:"):
        return name
    raise NotFound(f'"{safe(name)}" has no MFA device, or is no entry', hint="run: awsvault-py mfa list")


def forget(context: Context, opened: Opened, serial: str) -> Opened:
    """Take the device's seed out of the vault, and its serial out of the entries. StrictClosed."""
    return forgetting(context, opened, serial)()


def forgetting(context: Context, opened: Opened, serial: str) -> Callable[[], Opened]:
    """As ``forget``, in two steps: what it has to ask for is asked now. It stays a device at AWS. StrictClosed."""

    def change(payload: Payload) -> Payload:
        entries = {
            name: replace(entry, mfa_serial=None) if entry.mfa_serial == serial else entry
            for name, entry in payload.entries.items()
        }
        return replace(payload.without_seed(serial), entries=entries)

    return strict_seeds.prepared(context, opened, change, purpose=f"to remove {serial}")


def code(context: Context, keys: Keys, serial: str, *, waiting: Callable[[float], None]) -> Code:
    """A code that no other request uses, with time left to type it. ``waiting`` hears the seconds left until the next.

    Errors: NotFound where no seed is stored, NoCodeInTime.
    """
    taken = _taken(context, keys, serial, waiting=waiting)
    if taken.ends - context.clock.time() < limits.CODE_LEAST_LEFT:
        taken = _taken(context, keys, serial, waiting=waiting)
    return taken


def _taken(context: Context, keys: Keys, serial: str, *, waiting: Callable[[float], None]) -> Code:
    taken = keys.take_code(serial, CodeWait(context.new_deadline(), limits.CODE_WAIT, waiting=waiting))
    if taken is None:
        near = keys.contents().device_meant(serial)
        other = f"but one is for {safe(near)}" if near is not None else "so its codes are on its own screen"
        way = "to store the seed: awsvault-py mfa add NAME"
        raise NotFound(
            f"no seed is stored for {safe(serial)}, {other}",
            hint=way if near is None else f"if that device is meant: {command('mfa code', near)}",
        )
    return taken

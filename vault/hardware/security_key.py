"""Security keys (CTAP 2), by python-fido2: a credential, and its hmac-secret. Knows nothing of vaults.

The only module that imports fido2, which is an optional dependency. Each call may block until the key answers.
"""

from __future__ import annotations

import hashlib
import os
import struct
from contextlib import contextmanager, suppress
from functools import partial
from typing import Literal

from vault import limits
from vault.hardware.background_call import BackgroundCall
from vault.secret import Secret
from vault.system.clock import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from typing import Self

    from fido2.ctap import CtapDevice
    from fido2.ctap2 import AssertionResponse, ClientPin
    from fido2.hid import HidDescriptor

RP = "awsvault-py"  # no name of a host: no website can ask for the secret
_ES256 = -7
_SECRET = 32
_PIN_LEAST, _PIN_MOST = 4, 63  # characters; bytes
# What python-fido2 raises, beside its own errors, over an answer that is cut, nested without end or of other types.
_NONSENSE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)

Trouble = Literal[
    "library",
    "mute",
    "pin",
    "replug",
    "blocked",
    "unknown",
    "exists",
    "unplugged",
    "untouched",
    "cancelled",
    "failed",
]
_TROUBLES: dict[str, tuple[Trouble, str]] = {
    "PIN_INVALID": ("pin", "the PIN is wrong"),
    "PIN_AUTH_BLOCKED": ("replug", "its PIN is blocked until it is plugged in again"),
    "PIN_BLOCKED": ("blocked", "its PIN is blocked for good, after too many wrong ones"),
    "PIN_NOT_SET": ("failed", "it has no PIN any more"),
    "NO_CREDENTIALS": ("unknown", "it is another security key"),
    "INVALID_CREDENTIAL": ("unknown", "it is another security key"),
    "CREDENTIAL_EXCLUDED": ("exists", "it already has a slot"),
    "USER_ACTION_TIMEOUT": ("untouched", "it was not touched in time"),
    "ACTION_TIMEOUT": ("untouched", "it was not touched in time"),
    "KEEPALIVE_CANCEL": ("cancelled", "it was told to stop"),
    "OPERATION_DENIED": ("cancelled", "it refused"),
}


class SecurityKeyFailed(Exception):  # as in vault/errors: the class says what happened
    """A security key does not do what was asked. ``tries``: how many PINs it still takes, after a wrong one."""

    def __init__(self, message: str, trouble: Trouble, *, tries: int | None = None) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.tries = tries


class SecurityKey:
    """A security key that is plugged in. ``pin`` is the user's, once it is known to be right. Close it after use."""

    def __init__(self, device: CtapDevice) -> None:
        from fido2.ctap2 import Ctap2

        with _translated():
            self._device = device
            self._ctap = Ctap2(device)
            info = self._ctap.info
            self.aaguid = bytes(info.aaguid)
            self.has_hmac_secret = "hmac-secret" in info.extensions
            self.has_pin = info.options.get("clientPin") is True
            self.always_asks_pin = info.options.get("alwaysUv") is True
        self.pin: Secret | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let other programs use the key."""
        with suppress(OSError):  # it was unplugged
            self._device.close()

    def knows(self, credential: bytes) -> bool:
        """Whether the key made ``credential``. It is asked without a touch; a key that does not answer that may have."""
        from fido2.ctap import CtapError

        allowed = [{"type": "public-key", "id": credential}]
        with _translated():
            try:
                self._ctap.get_assertion(RP, os.urandom(32), allowed, options={"up": False})
            except CtapError as error:
                return error.code not in (CtapError.ERR.NO_CREDENTIALS, CtapError.ERR.INVALID_CREDENTIAL)
        return True

    def check_pin_tries(self) -> None:
        """Do nothing if the key takes a PIN now."""
        with _translated():
            tries, replug = self._client_pin().get_pin_retries()
        for blocked, code in ((not tries, "PIN_BLOCKED"), (bool(replug), "PIN_AUTH_BLOCKED")):
            if blocked:
                raise _failed(code)

    def token(self, pin: Secret, *, to_create: bool) -> bytes:
        """What one credential can be made with, or one secret computed. SecurityKeyFailed ("pin") has the tries left."""
        text = _pin_text(pin)
        client = self._client_pin()
        permission = client.PERMISSION.MAKE_CREDENTIAL if to_create else client.PERMISSION.GET_ASSERTION
        try:
            with _translated():
                return bytes(client.get_pin_token(text, permission, RP))
        except SecurityKeyFailed as error:
            if error.trouble == "pin":
                with _translated():
                    error.tries = client.get_pin_retries()[0]
            raise

    def create(
        self, *, user: str, token: bytes | None, taken: Sequence[bytes], stop: threading.Event
    ) -> bytes:
        """A new credential, which the user touches the key for. ``taken``: none may be this key's."""
        client = self._client_pin()
        challenge = os.urandom(32)
        with _translated():
            made = self._ctap.make_credential(
                challenge,
                {"id": RP, "name": RP},
                {"id": os.urandom(16), "name": user, "displayName": user},
                [{"type": "public-key", "alg": _ES256}],
                exclude_list=[{"type": "public-key", "id": one} for one in taken] or None,
                extensions={"hmac-secret": True},
                pin_uv_param=client.protocol.authenticate(token, challenge) if token else None,
                pin_uv_protocol=client.protocol.VERSION if token else None,
                event=stop,
            )
            found = made.auth_data.credential_data
            if found is None or (made.auth_data.extensions or {}).get("hmac-secret") is not True:
                raise SecurityKeyFailed("it made no credential with an hmac-secret", "failed")
            return bytes(found.credential_id)

    def secret(self, credential: bytes, salt: bytes, *, token: bytes | None, stop: threading.Event) -> Secret:
        """The 32 bytes of the credential for ``salt``, which the user touches the key for. They differ with and without
        ``token``.
        """
        client = self._client_pin()
        protocol, challenge = client.protocol, os.urandom(32)
        with _translated():
            answer = self._ctap.client_pin(protocol.VERSION, client.CMD.GET_KEY_AGREEMENT)
            agreement, shared = protocol.encapsulate(answer[client.RESULT.KEY_AGREEMENT])
            encrypted = protocol.encrypt(shared, salt)
            asked = {
                1: agreement,
                2: encrypted,
                3: protocol.authenticate(shared, encrypted),
                4: protocol.VERSION,
            }
            response = self._ctap.get_assertion(
                RP,
                challenge,
                [{"type": "public-key", "id": credential}],
                extensions={"hmac-secret": asked},
                pin_uv_param=protocol.authenticate(token, challenge) if token else None,
                pin_uv_protocol=protocol.VERSION if token else None,
                event=stop,
            )
            made = protocol.decrypt(shared, _output(response, verified=token is not None))
            if len(made) != _SECRET:
                raise SecurityKeyFailed("its secret is not 32 bytes long", "failed")
            return Secret(made)

    def _client_pin(self) -> ClientPin:
        from fido2.ctap2 import ClientPin

        with _translated():
            return ClientPin(self._ctap)


def _pin_text(pin: Secret) -> str:
    """The PIN in the form in which keys get it (CTAP 2.1, 6.5.1). SecurityKeyFailed ("pin") for what no key has as its PIN."""
    from unicodedata import normalize

    with suppress(UnicodeDecodeError):
        text = normalize("NFC", pin.reveal_text())
        if len(text) >= _PIN_LEAST and len(text.encode()) <= _PIN_MOST:
            return text
    raise SecurityKeyFailed(f"a PIN has {_PIN_LEAST} to {_PIN_MOST} characters", "pin")


def _output(response: AssertionResponse, *, verified: bool) -> bytes:
    """The encrypted secret, if the key says that the user touched it and, if ``verified``, gave the PIN."""
    data = response.auth_data
    if data.rp_id_hash != hashlib.sha256(RP.encode()).digest() or not data.is_user_present():
        raise SecurityKeyFailed("it answered without a touch", "failed")
    if verified and not data.is_user_verified():
        raise SecurityKeyFailed("it answered without its PIN", "failed")
    output = (data.extensions or {}).get("hmac-secret")
    if not isinstance(output, bytes):
        raise SecurityKeyFailed("it computed no hmac-secret", "failed")
    return output


def plugged(mute: set[str]) -> list[SecurityKey]:
    """The security keys that can be used now. Others are left out: those of CTAP 1, those that cannot be opened, and those that
    do not answer, whose paths are added to ``mute``. A path that is there already is not tried.

    SecurityKeyFailed ("mute") if there would be none for that reason alone.
    """
    try:
        import fido2.ctap2  # noqa: F401  # before the clock of the keys runs
        from fido2.hid import list_descriptors
    except ImportError:
        raise SecurityKeyFailed("python-fido2 is not installed", "library") from None
    all_paths = {str(descriptor.path): descriptor for descriptor in list_descriptors()}
    calls = {
        path: BackgroundCall(partial(_usable, descriptor))
        for path, descriptor in all_paths.items()
        if path not in mute
    }
    deadline = Deadline.after(limits.SECURITY_KEY_TIME)
    found: list[SecurityKey] = []
    for path, call in calls.items():
        if call.wait(deadline.remaining()):
            found += [key] if (key := call.result()) is not None else []
        else:
            call.abandon()
            mute.add(path)
    if not found and mute & all_paths.keys():
        raise SecurityKeyFailed("it does not answer", "mute")
    return found


def _usable(descriptor: HidDescriptor, stop: threading.Event) -> SecurityKey | None:
    """The key at ``descriptor``; None if it cannot be used, or if nobody waits for it any longer."""
    from fido2.ctap import CtapError
    from fido2.hid import CAPABILITY, ConnectionFailure, CtapHidDevice, open_connection

    try:
        connection = open_connection(descriptor)
    except OSError:
        return None
    try:
        device = CtapHidDevice(descriptor, connection)
        if device.capabilities & CAPABILITY.CBOR:
            key = SecurityKey(device)
            if not stop.is_set():
                return key
    except (CtapError, ConnectionFailure, SecurityKeyFailed, OSError, *_NONSENSE):
        pass
    connection.close()
    return None


def _failed(code: str) -> SecurityKeyFailed:
    trouble, message = _TROUBLES.get(code, ("failed", f"it refuses: {code}"))
    return SecurityKeyFailed(message, trouble)


@contextmanager
def _translated() -> Iterator[None]:
    from fido2.ctap import CtapError
    from fido2.hid import ConnectionFailure

    try:
        yield
    except CtapError as error:
        raise _failed(error.code.name) from None
    except OSError:
        raise SecurityKeyFailed("it was unplugged", "unplugged") from None
    except (ConnectionFailure, *_NONSENSE):
        raise SecurityKeyFailed("its answers are not in the protocol", "failed") from None

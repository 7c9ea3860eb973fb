"""A security key in memory: a CTAP 2.1 authenticator that python-fido2's own client takes for a real one.

As on real keys, a credential's ID is a sealed private key, so nothing is stored. It refuses what real keys refuse.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fido2 import cbor
from fido2.cose import ES256
from fido2.ctap import STATUS, CtapDevice, CtapError
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2
from fido2.hid import CAPABILITY, CTAPHID

E = CtapError.ERR
MAKE, GET = 1, 2  # permissions of a token
PROTOCOLS = {1: PinProtocolV1, 2: PinProtocolV2}
TRIES = 8
GIVES_UP = 30.0  # seconds without a touch


class SoftKey(CtapDevice):
    """``touch`` says whether the user touches it now. ``unplug`` and ``replug`` are what they do next."""

    def __init__(
        self,
        *,
        pin="1234",
        protocols=(2, 1),
        always_uv=False,
        touch=lambda: True,
        hmac_secret=True,
        master=None,
    ):
        self.master = master or os.urandom(32)
        self.pin_hash = _pin_hash(pin) if pin else None
        self.protocols, self.always_uv, self.touch, self.hmac_secret = (
            protocols,
            always_uv,
            touch,
            hmac_secret,
        )
        self.model = b"awsvault-testkey"
        self.tries, self.touches, self.counter = TRIES, 0, 0
        self.deaf = self.gone = False
        self.asked, self.cancelled = (
            threading.Event(),
            threading.Event(),
        )  # it blinks, or did; it was told to stop
        self.commands = []
        self.replug()

    # ── what the user does ──

    def unplug(self):
        self.gone = True

    def replug(self):
        self.gone = False
        self.in_a_row = 0
        self._new_agreement()
        self.token = self.permissions = self.rp = None

    # ── the transport ──

    @property
    def capabilities(self):
        return CAPABILITY.CBOR | CAPABILITY.NMSG

    @classmethod
    def list_devices(cls):
        return iter(())

    def call(self, cmd, data=b"", event=None, on_keepalive=None):
        self._stop, self._keepalive = event or threading.Event(), on_keepalive
        self._still_there()
        while self.deaf:
            time.sleep(0.01)
            self._still_there()
        if cmd != CTAPHID.CBOR:
            raise CtapError(E.INVALID_COMMAND)
        self.commands.append(data[0])
        handlers = dict.fromkeys(range(256), self._refuse) | {
            1: self._make,
            2: self._get,
            4: self._info,
            6: self._client_pin,
            0xB: self._select,
        }
        try:
            answer = handlers[data[0]](cbor.decode(data[1:]) if len(data) > 1 else {})
        except CtapError as error:
            return bytes([error.code])
        except KeyError:
            return bytes([E.MISSING_PARAMETER])
        return b"\0" + (cbor.encode(answer) if answer else b"")

    def _refuse(self, _body):
        raise CtapError(E.INVALID_COMMAND)

    def _still_there(self):
        if self.gone:
            raise OSError(19, "No such device")

    # ── what it says of itself ──

    def _info(self, _body):
        options = {
            "rk": True,
            "up": True,
            "plat": False,
            "pinUvAuthToken": True,
            "clientPin": self.pin_hash is not None,
        }
        if self.always_uv:
            options["alwaysUv"] = True
        return {
            1: ["FIDO_2_0", "FIDO_2_1"], 2: ["hmac-secret"] if self.hmac_secret else [], 3: self.model, 4: options,
            5: 1200, 6: list(self.protocols), 7: 8, 8: 128, 9: ["usb"], 10: [{"alg": -7, "type": "public-key"}],
        }  # fmt: skip

    # ── the PIN ──

    def _new_agreement(self):
        self._agreement = ec.generate_private_key(ec.SECP256R1())

    def _protocol(self, number):
        if number not in self.protocols:
            raise CtapError(E.INVALID_PARAMETER)
        return PROTOCOLS[number]()

    def _shared(self, protocol, cose):
        if (cose[1], cose[3], cose[-1]) != (2, -25, 1):
            raise CtapError(E.INVALID_PARAMETER)
        x, y = (int.from_bytes(cose[n], "big") for n in (-2, -3))
        peer = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        return protocol.kdf(self._agreement.exchange(ec.ECDH(), peer))

    def _client_pin(self, body):
        match body[2]:
            case 1:
                return {3: self.tries, 4: self.in_a_row >= 3}
            case 2:
                self._protocol(body[1])
                point = self._agreement.public_key().public_numbers()
                return {
                    1: {1: 2, 3: -25, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
                }
            case 5 | 9:
                return self._get_token(body)
        raise CtapError(E.INVALID_SUBCOMMAND)

    def _get_token(self, body):
        protocol = self._protocol(body[1])
        legacy = body[2] == 5
        if legacy and (9 in body or 10 in body):
            raise CtapError(E.INVALID_PARAMETER)
        permissions, rp = (MAKE | GET, None) if legacy else (body[9], body.get(10))
        if not permissions or (permissions & (MAKE | GET) and not legacy and rp is None):
            raise CtapError(E.INVALID_PARAMETER)
        if self.pin_hash is None:
            raise CtapError(E.PIN_NOT_SET)
        if not self.tries:
            raise CtapError(E.PIN_BLOCKED)
        if self.in_a_row >= 3:
            raise CtapError(E.PIN_AUTH_BLOCKED)
        shared = self._shared(protocol, body[3])
        self.tries -= 1  # before the comparison, so that cutting the power gains nothing
        if not hmac.compare_digest(protocol.decrypt(shared, body[6]), self.pin_hash):
            self.in_a_row += 1
            self._new_agreement()
            blocked = E.PIN_BLOCKED if not self.tries else E.PIN_AUTH_BLOCKED if self.in_a_row >= 3 else None
            raise CtapError(blocked or E.PIN_INVALID)
        self.tries, self.in_a_row = TRIES, 0
        self.token, self.permissions, self.rp = os.urandom(32), permissions, rp
        return {2: protocol.encrypt(shared, self.token)}

    def _verified(self, message, mac, number, *, permission, rp):
        """Whether the PIN's token authorizes the message."""
        if mac is None:
            return False
        protocol = self._protocol(number)
        if self.token is None or not hmac.compare_digest(protocol.authenticate(self.token, message), mac):
            raise CtapError(E.PIN_AUTH_INVALID)
        if not self.permissions & permission or self.rp not in (None, rp):
            raise CtapError(E.PIN_AUTH_INVALID)
        return True

    # ── the touch ──

    def _touched(self):
        self.asked.set()
        if self._keepalive is not None:
            self._keepalive(STATUS.UPNEEDED)
        end = time.monotonic() + GIVES_UP
        while not self.touch():
            self._still_there()
            if self._stop.is_set():
                self.cancelled.set()
                raise CtapError(E.KEEPALIVE_CANCEL)
            if time.monotonic() > end:
                raise CtapError(E.USER_ACTION_TIMEOUT)
            time.sleep(0.01)
        self.touches += 1
        self.permissions = 0  # a token is for one touch

    def _select(self, _body):
        self._touched()

    # ── credentials ──

    def _sealed(self, rp, key):
        nonce = os.urandom(12)
        private = key.private_numbers().private_value.to_bytes(32, "big")
        return nonce + AESGCM(self.master).encrypt(nonce, private, rp.encode())

    def _own(self, rp, descriptor):
        """The private key of a credential that this key made for ``rp``; None if another did."""
        if descriptor["type"] != "public-key":
            return None
        try:
            private = AESGCM(self.master).decrypt(descriptor["id"][:12], descriptor["id"][12:], rp.encode())
        except (InvalidTag, ValueError):
            return None
        return ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())

    def _data(self, rp, *, present, verified, credential=b"", extensions=None):
        self.counter += 1
        flags = present | verified << 2 | bool(credential) << 6 | bool(extensions) << 7
        head = hashlib.sha256(rp.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")
        return head + credential + (cbor.encode(extensions) if extensions else b"")

    def _make(self, body):
        challenge, rp = body[1], body[2]["id"]
        if len(challenge) != 32 or not 1 <= len(body[3]["id"]) <= 64:
            raise CtapError(E.INVALID_LENGTH)
        if {"type": "public-key", "alg": -7} not in body[4]:
            raise CtapError(E.UNSUPPORTED_ALGORITHM)
        options = body.get(7, {})
        if options.get("up") is False or "uv" in options:
            raise CtapError(E.INVALID_OPTION)
        if options.get("rk"):
            raise CtapError(E.KEY_STORE_FULL)
        verified = self._verified(challenge, body.get(8), body.get(9), permission=MAKE, rp=rp)
        if not verified and (self.pin_hash is not None or self.always_uv):
            raise CtapError(E.PUAT_REQUIRED)
        if any(self._own(rp, one) for one in body.get(5, [])):
            self._touched()
            raise CtapError(E.CREDENTIAL_EXCLUDED)
        self._touched()
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sealed(rp, key)
        public = cbor.encode(dict(ES256.from_cryptography_key(key.public_key())))
        wanted = self.hmac_secret and body.get(6, {}).get("hmac-secret") is True
        data = self._data(
            rp, present=True, verified=verified, credential=self.model + len(made).to_bytes(2, "big") + made + public,
            extensions={"hmac-secret": True} if wanted else None,
        )  # fmt: skip
        return {1: "packed", 2: data, 3: {"alg": -7, "sig": _signature(key, data + challenge)}}

    def _get(self, body):
        rp, challenge = body[1], body[2]
        present = body.get(5, {}).get("up", True)
        asked = body.get(4, {}).get("hmac-secret")
        if len(challenge) != 32:
            raise CtapError(E.INVALID_LENGTH)
        if "uv" in body.get(5, {}):
            raise CtapError(E.INVALID_OPTION)
        if asked and not present:
            raise CtapError(E.UNSUPPORTED_OPTION)
        verified = self._verified(challenge, body.get(6), body.get(7), permission=GET, rp=rp)
        if present and self.always_uv and not verified:
            raise CtapError(E.PUAT_REQUIRED)
        found = [(one, key) for one in body.get(3, []) if (key := self._own(rp, one))]
        if not found:
            raise CtapError(E.NO_CREDENTIALS)
        if present:
            self._touched()
        credential, key = found[0]
        extensions = {"hmac-secret": self._hmac(asked, credential["id"], verified)} if asked else None
        data = self._data(rp, present=present, verified=verified, extensions=extensions)
        return {1: credential, 2: data, 3: _signature(key, data + challenge)}

    def _hmac(self, asked, credential, verified):
        if not self.hmac_secret:
            raise CtapError(E.INVALID_OPTION)
        protocol = self._protocol(asked.get(4, 1))
        shared = self._shared(protocol, asked[1])
        if not hmac.compare_digest(protocol.authenticate(shared, asked[2]), asked[3]):
            raise CtapError(E.PIN_AUTH_INVALID)
        salts = protocol.decrypt(shared, asked[2])
        if len(salts) not in (32, 64):
            raise CtapError(E.INVALID_LENGTH)
        random = hmac.digest(self.master, credential + (b"with PIN" if verified else b"without"), "sha256")
        made = b"".join(hmac.digest(random, salts[at : at + 32], "sha256") for at in range(0, len(salts), 32))
        return protocol.encrypt(shared, made)


def _pin_hash(pin):
    return hashlib.sha256(pin.encode()).digest()[:16]


def _signature(key, message):
    return key.sign(message, ec.ECDSA(hashes.SHA256()))

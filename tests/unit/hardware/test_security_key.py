"""A security key by CTAP 2: credentials, secrets, PINs, and each way to fail. The fake passes python-fido2's own client."""

from __future__ import annotations

import os
import sys
import threading

import pytest
from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap2.extensions import HmacSecretExtension
from fido2.utils import websafe_decode
from fido2.webauthn import (
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRequestOptions,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
)

from tests.fakes.security_key import SoftKey
from tests.fakes.security_key_usb import PluggedKey
from tests.fakes.usb import sitecustomize
from vault.hardware import security_key
from vault.hardware.security_key import SecurityKey, SecurityKeyFailed
from vault.secret import Secret

PIN = Secret("1234")
SALT = bytes(range(32))
GO = threading.Event()


def created(key, pin=PIN, taken=()):
    token = key.token(pin, to_create=True) if key.has_pin else None
    return key.create(user="vault", token=token, taken=taken, stop=GO)


def secret(key, credential, *, pin=PIN, salt=SALT):
    token = key.token(pin, to_create=False) if pin is not None else None
    return key.secret(credential, salt, token=token, stop=GO).reveal()


def trouble(function, *arguments, **more):
    with pytest.raises(SecurityKeyFailed) as failed:
        function(*arguments, **more)
    return failed.value.trouble


@pytest.mark.parametrize("protocols", [(2, 1), (1,), (2,)])
def test_the_fake_passes_the_librarys_own_client(protocols):
    """Fido2Client registers and asserts with hmac-secret; its answers are those of the program's own calls."""

    class User(UserInteraction):
        def prompt_up(self):
            pass

        def request_pin(self, _permissions, _rp):
            return "1234"

        def request_uv(self, _permissions, _rp):
            return True

    soft = SoftKey(protocols=protocols)
    client = Fido2Client(
        soft, DefaultClientDataCollector("https://example.com"), user_interaction=User(),
        extensions=[HmacSecretExtension(allow_hmac_secret=True)],
    )  # fmt: skip
    made = client.make_credential(
        PublicKeyCredentialCreationOptions(
            rp=PublicKeyCredentialRpEntity(name="it", id="example.com"),
            user=PublicKeyCredentialUserEntity(name="you", id=b"you"),
            challenge=b"c" * 32,
            pub_key_cred_params=[PublicKeyCredentialParameters(type="public-key", alg=-7)],
            extensions={"hmacCreateSecret": True},
        )
    )
    assert made.client_extension_results["hmacCreateSecret"] is True
    data = made.response.attestation_object.auth_data.credential_data
    got = client.get_assertion(
        PublicKeyCredentialRequestOptions(
            challenge=b"d" * 32, rp_id="example.com",
            allow_credentials=[{"type": "public-key", "id": data.credential_id}], user_verification="required",
            extensions={"hmacGetSecret": {"salt1": SALT}},
        )
    ).get_response(0)  # fmt: skip
    output = got.client_extension_results["hmacGetSecret"]["output1"]
    signed = got.response.authenticator_data + got.response.client_data.hash
    data.public_key.verify(signed, got.response.signature)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(security_key, "RP", "example.com")
        computed = secret(SecurityKey(soft), data.credential_id)
    assert computed == (websafe_decode(output) if isinstance(output, str) else output)


def test_the_secret_is_the_same_by_both_pin_protocols():
    """It depends on key, credential, salt, and on whether the PIN was given; and on nothing else."""
    soft = SoftKey()
    credential = created(SecurityKey(soft))
    first = secret(SecurityKey(soft), credential)
    soft.protocols = (1,)
    assert secret(SecurityKey(soft), credential) == first
    soft.replug()
    assert secret(SecurityKey(soft), credential) == first
    others = {
        secret(SecurityKey(soft), credential, pin=None),
        secret(SecurityKey(soft), credential, salt=bytes(32)),
        secret(SecurityKey(soft), created(SecurityKey(soft))),
    }
    assert len(others - {first}) == 3


def test_wrong_pins_until_it_is_blocked():
    """Each time the tries left; after three it wants to be plugged in again; after eight it is over."""
    soft = SoftKey()
    left = []
    for _ in range(3):
        key = SecurityKey(soft)
        for _ in range(3):
            with pytest.raises(SecurityKeyFailed) as failed:
                key.token(Secret("4321"), to_create=False)
            left.append((failed.value.trouble, failed.value.tries))
            if failed.value.trouble != "pin":
                assert trouble(key.check_pin_tries) == failed.value.trouble
                break
        soft.replug()
    assert left == [
        ("pin", 7), ("pin", 6), ("replug", None), ("pin", 4), ("pin", 3), ("replug", None), ("pin", 1), ("blocked", None)
    ]  # fmt: skip
    assert trouble(SecurityKey(soft).token, PIN, to_create=False) == "blocked"


def test_a_right_pin_gives_all_tries_back():
    """As on every key."""
    soft = SoftKey()
    key = SecurityKey(soft)
    assert trouble(key.token, Secret("4321"), to_create=False) == "pin"
    assert soft.tries == 7
    assert key.token(PIN, to_create=False)
    key.check_pin_tries()
    assert soft.tries == 8


def test_each_trouble_has_its_name():
    """Another key, a key that has one, no hmac-secret, no PIN any more, one that wants its PIN."""
    soft, other = SoftKey(), SoftKey()
    key = SecurityKey(soft)
    credential = created(key)
    assert key.knows(credential)
    assert not SecurityKey(other).knows(credential)
    assert trouble(secret, SecurityKey(other), credential) == "unknown"
    assert trouble(created, key, taken=[credential]) == "exists"
    assert trouble(created, SecurityKey(SoftKey(hmac_secret=False))) == "failed"
    assert not SecurityKey(SoftKey(hmac_secret=False)).has_hmac_secret
    assert trouble(SecurityKey(SoftKey(pin=None)).token, PIN, to_create=True) == "failed"
    always = SoftKey(always_uv=True)
    assert SecurityKey(always).always_asks_pin
    made = created(SecurityKey(always))
    assert SecurityKey(always).knows(made)
    assert trouble(secret, SecurityKey(always), made, pin=None) == "failed"


def test_a_token_is_for_one_touch():
    """And for what it was asked for."""
    soft = SoftKey()
    key = SecurityKey(soft)
    credential = created(key)
    for_creating = key.token(PIN, to_create=True)
    assert trouble(key.secret, credential, SALT, token=for_creating, stop=GO) == "failed"
    token = key.token(PIN, to_create=False)
    key.secret(credential, SALT, token=token, stop=GO)
    assert trouble(key.secret, credential, SALT, token=token, stop=GO) == "failed"


def test_unplugging_in_mid_touch():
    """Told as what it is."""
    soft = SoftKey()
    credential = created(SecurityKey(soft))

    def leaves():
        soft.unplug()
        return False

    soft.touch = leaves
    assert trouble(secret, SecurityKey(soft), credential) == "unplugged"
    assert trouble(SecurityKey, soft) == "unplugged"


def test_a_stopped_call_stops_the_key():
    """It blinks no longer."""
    soft = SoftKey()
    credential = created(SecurityKey(soft))
    soft.touch = lambda: False
    stop = threading.Event()
    stop.set()
    key = SecurityKey(soft)
    assert trouble(key.secret, credential, SALT, token=None, stop=stop) == "cancelled"


@pytest.mark.parametrize("change", ["touch", "PIN", "site", "length", "none"])
def test_an_answer_that_proves_nothing_is_refused(monkeypatch, change):
    """No touch, no PIN, another site's, a secret of 64 bytes, none at all."""
    soft = SoftKey()
    credential = created(SecurityKey(soft))
    true = soft._data
    match change:
        case "touch":
            monkeypatch.setattr(soft, "_data", lambda rp, **more: true(rp, **{**more, "present": False}))
        case "PIN":
            monkeypatch.setattr(soft, "_data", lambda rp, **more: true(rp, **{**more, "verified": False}))
        case "site":
            monkeypatch.setattr(soft, "_data", lambda rp, **more: true("example.com", **more))
        case "none":
            monkeypatch.setattr(soft, "_data", lambda rp, **more: true(rp, **{**more, "extensions": None}))
    salt = SALT * 2 if change == "length" else SALT
    assert trouble(secret, SecurityKey(soft), credential, salt=salt) == "failed"


def test_nonsense_is_no_traceback(monkeypatch):
    """A device that answers what is no CBOR, or an answer without what it needs."""
    soft = SoftKey()
    credential = created(SecurityKey(soft))
    key = SecurityKey(soft)
    cut, deep = b"\0\xa1\1\x58", b"\0" + b"\x81" * 5000
    for answer in (b"\0\xff", b"\0\xa0", b"\0\x83\1\2\3", b"\0", b"\x99", b"", cut, deep):
        monkeypatch.setattr(soft, "call", lambda *_, answer=answer, **__: answer)
        assert trouble(key.secret, credential, SALT, token=None, stop=GO) == "failed"
        assert trouble(key.token, PIN, to_create=False) == "failed"
        assert trouble(SecurityKey, soft) == "failed"


def test_a_pin_is_the_same_however_it_is_typed():
    """A letter and its accent are one character or two, by the keyboard; the key got them as one (CTAP 2.1, 6.5.1)."""
    key = SecurityKey(SoftKey(pin="p\u00e4ss"))
    assert key.token(Secret("pa\u0308ss"), to_create=False)


@pytest.mark.parametrize("typed", ["123", "é" * 32, b"\xff1234"])
def test_what_can_be_no_pin_costs_no_try(typed):
    """Too short, too long, no UTF-8: the key is not asked."""
    soft = SoftKey()
    key = SecurityKey(soft)
    with pytest.raises(SecurityKeyFailed, match="a PIN has 4 to 63") as failed:
        key.token(Secret(typed), to_create=False)
    assert (failed.value.trouble, failed.value.tries, soft.tries) == ("pin", None, 8)


def test_without_the_library_it_says_so(monkeypatch):
    """As where the extra is not installed."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "fido2"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fido2", None)
    assert trouble(security_key.plugged, set()) == "library"


def test_the_keys_that_are_plugged_in(tmp_path, monkeypatch):
    """Over the USB of tests: two keys; one that cannot be opened and one that talks nonsense are left out."""
    places = [os.path.join(tmp_path, name) for name in ("a", "b", "c")]
    plugged = [PluggedKey(SoftKey(), place) for place in places[:2]]
    with open(places[2], "w", encoding="ascii"):
        pass
    monkeypatch.setenv("TEST_SECURITY_KEYS", ":".join(places))
    monkeypatch.setattr("fido2.hid.list_descriptors", sitecustomize.list_descriptors)
    monkeypatch.setattr("fido2.hid.open_connection", sitecustomize.open_connection)
    found = security_key.plugged(set())
    assert len(found) == 2
    credential = created(found[0])
    assert [key.knows(credential) for key in found] == [True, False]
    assert len(secret(found[0], credential)) == 32
    plugged[0].unplug()
    assert trouble(secret, found[0], credential) == "unplugged"
    left = security_key.plugged(set())
    assert len(left) == 1
    for key in [*found, *left]:
        with key:
            pass
    plugged[1].unplug()


def test_a_key_that_hangs_hides_no_other(tmp_path, monkeypatch):
    """It is left out, and not tried again; alone, it is told apart from a key that is not there."""
    monkeypatch.setattr("vault.limits.SECURITY_KEY_TIME", 0.2)
    places = [os.path.join(tmp_path, name) for name in ("a", "b")]
    plugged = [PluggedKey(SoftKey(), place) for place in places]
    plugged[0].key.deaf = True
    monkeypatch.setenv("TEST_SECURITY_KEYS", ":".join(places))
    monkeypatch.setattr("fido2.hid.list_descriptors", sitecustomize.list_descriptors)
    monkeypatch.setattr("fido2.hid.open_connection", sitecustomize.open_connection)
    mute = set()
    (good,) = security_key.plugged(mute)
    assert mute == {places[0]}
    good.close()
    asked = len(plugged[0].connections)
    (good,) = security_key.plugged(mute)
    assert len(plugged[0].connections) == asked
    good.close()
    plugged[1].unplug()
    assert trouble(security_key.plugged, mute) == "mute"
    plugged[0].unplug()
    assert security_key.plugged(mute) == []

"""An independent reader of vault files: docs/format.md and nothing of the program.

It imports AES-GCM and Argon2 and the standard library, and it never will import anything of ``vault``. Clarity before
speed: each function names the section that it follows. Run it: python -m tests.vectors.reader FILE
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Refused(Exception):
    """The file is refused; ``kind`` is format, slot, seal or content."""

    def __init__(self, kind, why):
        super().__init__(f"{kind}: {why}")
        self.kind = kind


def hkdf(key, salt, info):
    """HKDF-SHA256 to 32 bytes (RFC 5869): one block of expansion."""
    prk = hmac.new(salt, key, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def unseal(key, label, aad, box):
    """Section 3."""
    if len(box) < 80:
        raise Refused("seal", "shorter than salt, commitment and tag")
    salt, commitment, ciphertext = box[:32], box[32:64], box[64:]
    info = b"awsvault/v1/" + label.encode() + b"\x00" + hashlib.sha256(aad).digest()
    if not hmac.compare_digest(hkdf(key, salt, b"cmt\x00" + info), commitment):
        raise Refused("seal", f"the commitment of {label} does not fit")
    try:
        return AESGCM(hkdf(key, salt, b"enc\x00" + info)).decrypt(bytes(12), ciphertext, aad)
    except InvalidTag:
        raise Refused("seal", f"the tag of {label} does not fit") from None


def b64u(text):
    """Base64url without padding; one text for each value."""
    if not isinstance(text, str):
        raise Refused("format", "not a string")
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    except ValueError:
        raise Refused("format", "not base64url") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise Refused("format", "not canonical base64url")
    return raw


def sized(text, size):
    raw = b64u(text)
    if len(raw) != size:
        raise Refused("format", f"{len(raw)} bytes in place of {size}")
    return raw


def whole(number, low=0, high=2**53):
    if type(number) is not int or not low <= number <= high:
        raise Refused("format", f"not an integer from {low} to {high}")
    return number


def load(raw):
    """Section 2, the JSON dialect."""

    def unique(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise Refused("format", "a key twice")
        return dict(pairs)

    def no(_text):
        raise Refused("format", "a number that is no integer")

    def integer(text):
        if text.startswith("-") or len(text) > 16:
            raise Refused("format", "an integer out of bounds")
        return whole(int(text))

    def depth(value, level):
        if isinstance(value, str) and any(0xD800 <= ord(c) <= 0xDFFF for c in value):
            raise Refused("format", "half a surrogate pair")
        if isinstance(value, (dict, list)):
            if level > 8:
                raise Refused("format", "nested too deep")
            for inner in [*value, *value.values()] if isinstance(value, dict) else value:
                depth(inner, level + 1)

    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=unique,
            parse_float=no,
            parse_constant=no,
            parse_int=integer,
        )
    except (ValueError, RecursionError) as error:
        raise Refused("format", f"not JSON: {type(error).__name__}") from None
    depth(value, 1)
    return value


def keys(value, *names):
    if not isinstance(value, dict) or set(value) != set(names):
        raise Refused("format", f"not an object of {sorted(names)}")


def take_apart(raw):
    """Section 2: the header, and the three byte strings that it describes."""
    if len(raw) > 64 * 1024 * 1024 or raw[:8] != b"AWSVLT1\n" or len(raw) < 12:
        raise Refused("format", "no vault of version 1")
    size = int.from_bytes(raw[8:12], "big")
    if not 2 <= size <= 65536 or len(raw) < 12 + size:
        raise Refused("format", "the header's length")
    header = load(raw[12 : 12 + size])
    keys(header, "v", "id", "gen", "time", "len", "slots")
    if type(header["v"]) is not int or header["v"] != 1:
        raise Refused("format", "the version")
    sized(header["id"], 16)
    whole(header["gen"])
    whole(header["time"])
    if not isinstance(header["len"], list) or len(header["len"]) != 2:
        raise Refused("format", "len")
    main, strict = (whole(n, 80) for n in header["len"])
    if len(raw) != 12 + size + main + strict:
        raise Refused("format", "the file's length")
    slots = header["slots"]
    if not isinstance(slots, list) or not 1 <= len(slots) <= 8:
        raise Refused("format", "the number of slots")
    for slot in slots:
        check_slot(slot)
    if len({slot["sid"] for slot in slots}) != len(slots) or not any(slot["g"] == ["main"] for slot in slots):
        raise Refused("format", "slots of one id, or none of main")
    end = 12 + size
    return header, raw[:end], raw[end : end + main], raw[end + main :]


def check_slot(slot):
    """Sections 2 and 4."""
    kind = slot.get("t") if isinstance(slot, dict) else None
    extra = {"pass": ["kdf"], "keyring": ["ref"], "recovery": [], "ext": ["ext"]}
    if not isinstance(kind, str) or kind not in extra:
        raise Refused("format", "the slot's type")
    keys(slot, "t", "sid", "g", "wrap", *extra[kind])
    sized(slot["sid"], 8)
    sized(slot["wrap"], 112)
    if slot["g"] not in (["main"], ["strict"]) or (
        slot["g"] == ["strict"] and kind in ("keyring", "recovery")
    ):
        raise Refused("format", "what the slot opens")
    if kind == "pass":
        kdf = slot["kdf"]
        keys(kdf, "a", "m", "t", "p", "salt")
        sized(kdf["salt"], 16)
        memory, passes = whole(kdf["m"], 19456, 1048576), whole(kdf["t"], 1, 16)
        whole(kdf["p"], 1, 16)
        if kdf["a"] != "argon2id" or not 38912 <= memory * passes <= 2097152:
            raise Refused("format", "the KDF")
    if kind == "keyring":
        keys(slot["ref"], "host")
        if not isinstance(slot["ref"]["host"], str) or len(slot["ref"]["host"]) > 255:
            raise Refused("format", "the host")
    if kind == "ext":
        keys(slot["ext"], "name", "data")
        name = slot["ext"]["name"]
        if (
            not isinstance(name, str)
            or not 1 <= len(name) <= 24
            or set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789")
        ):
            raise Refused("format", "the helper's name")
        if len(b64u(slot["ext"]["data"])) > 8192:
            raise Refused("format", "the helper's data")


def kek_from_passphrase(slot, passphrase):
    """Section 4, ``pass``."""
    kdf = slot["kdf"]
    return hash_secret_raw(
        unicodedata.normalize("NFC", passphrase).encode(), b64u(kdf["salt"]), time_cost=kdf["t"], memory_cost=kdf["m"],
        parallelism=kdf["p"], hash_len=32, type=Type.ID, version=0x13,
    )  # fmt: skip


def kek_from_code(header, slot, code):
    """Section 4, ``recovery``."""
    values = [CROCKFORD.index(c) for c in code.replace("-", "")]
    if len(values) != 33 or sum(values[:32]) % 32 != values[32]:
        raise Refused("slot", "the code's check character")
    number = 0
    for value in values[:32]:
        number = number * 32 + value
    return hkdf(
        number.to_bytes(20, "big"), b64u(header["id"]), b"awsvault/v1/recovery\x00" + b64u(slot["sid"])
    )


def kek_from_keyring(value):
    """Section 4, ``keyring``: what the keyring holds is v1, the key, and a generation."""
    version, key, _gen = value.split(":")
    if version != "v1":
        raise Refused("slot", "the keyring item's version")
    return sized(key, 32)


def tpm_data(slot):
    """Section 4, ``tpm``: what the slot says of its sealed key. Another form is a slot to skip, not a file to refuse."""
    try:
        return checked_tpm_data(slot)
    except Refused as error:
        raise Refused("slot", str(error)) from None


def checked_tpm_data(slot):
    data = load(b64u(slot["ext"]["data"]))
    keys(data, "v", "parent", "priv", "pub", "host", *(["pcrs"] if "pcrs" in data else []))
    if whole(data["v"]) != 1 or not isinstance(data["host"], str) or len(data["host"]) > 255:
        raise Refused("slot", "the version or the host")
    sized(data["parent"], 34)
    b64u(data["priv"])
    pcrs = data.get("pcrs")
    if pcrs is not None and (pcrs != sorted({whole(n, 0, 23) for n in pcrs}) or not 1 <= len(pcrs) <= 8):
        raise Refused("slot", "the PCRs")
    public, policy = b64u(data["pub"]), 32 if pcrs else 0
    attributes = "00000412" if pcrs else "00000452"
    head = bytes.fromhex(f"0008000b{attributes}{policy:04x}")
    tail = public[len(head) + policy :]
    if public[: len(head)] != head or tail[:4] != bytes.fromhex("00100020") or len(tail) != 36:
        raise Refused("slot", "the public area")
    return data


def fido2_data(slot):
    """Section 4, ``fido2``: what the slot says of its credential. Another form is a slot to skip, not a file to refuse."""
    try:
        return checked_fido2_data(slot)
    except Refused as error:
        raise Refused("slot", str(error)) from None


def checked_fido2_data(slot):
    data = load(b64u(slot["ext"]["data"]))
    keys(data, "v", "cred", "salt", "uv", "aaguid")
    sized(data["salt"], 32)
    sized(data["aaguid"], 16)
    if whole(data["v"]) != 1 or not isinstance(data["uv"], bool) or not 1 <= len(b64u(data["cred"])) <= 1023:
        raise Refused("slot", "the version, the PIN or the credential")
    return data


def unwrap(header, slot, kek):
    """Section 4: the key that a slot wraps."""
    bound = {key: value for key, value in slot.items() if key != "wrap"}
    text = json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    try:
        return unseal(kek, "slot", b"slot\x00" + b64u(header["id"]) + b"\x00" + text, b64u(slot["wrap"]))
    except Refused:
        raise Refused("slot", "the slot does not open") from None


def unpad(padded):
    """Section 5."""
    text = padded.rstrip(b"\x00")
    if text[-1:] != b"\x80":
        raise Refused("content", "the padding")
    return text[:-1]


def open_main(raw, k_main):
    """Section 5: the main box, and what it says of header and strict box."""
    header, prefix, main, strict = take_apart(raw)
    payload = load(unpad(unseal(k_main, "main", prefix, main)))
    if payload.get("v") != 1 or payload.get("gen") != header["gen"]:
        raise Refused("content", "the generation")
    if payload.get("strict_sha256") != hashlib.sha256(strict).hexdigest():
        raise Refused("content", "the strict box is another's")
    return payload


def open_strict(raw, payload, k_strict):
    """Section 5: the strict box."""
    header, _, _, strict = take_apart(raw)
    aad = b64u(header["id"]) + payload["strict_gen"].to_bytes(8, "big")
    return load(unpad(unseal(k_strict, "strict", aad, strict)))


def sign_in_name(sso_key, content):
    """Section 7: the file name of a sign-in."""
    naming = hkdf(sso_key, bytes(32), b"awsvault/v1/signin-name")
    of = ("session", content["session"]) if "session" in content else ("url", content["start_url"])
    return hmac.new(naming, "\0".join(of).encode(), hashlib.sha256).hexdigest()[:40]


def open_sign_in(sso_key, vault_id, name, raw):
    """Section 7: the content of a sealed sign-in, whose form is checked."""
    if len(raw) > 65536:
        raise Refused("format", "over 64 KiB")
    content = load(unpad(unseal(sso_key, "signin", vault_id + name.encode("ascii"), raw)))
    try:
        texts = [
            content["start_url"],
            content["region"],
            content.get("session", ""),
            content.get("refresh", ""),
        ]
        texts += [content["client"]["id"], content["client"]["secret"], *content["scopes"]]
        times = [content["began"], content["client"]["expires"]]
        if "access" in content:
            keys(content["access"], "token", "issued", "expires")
            texts.append(content["access"]["token"])
            times += [content["access"]["issued"], content["access"]["expires"]]
        extra = ["device"] if content["client"].get("device") is True else []
        keys(content["client"], "id", "secret", "expires", *extra)
    except (KeyError, TypeError):
        raise Refused("content", "a key is missing") from None
    for number in times:
        whole(number)
    if content["v"] != 1 or not all(isinstance(text, str) for text in texts):
        raise Refused("content", "the version, or a type")
    if sign_in_name(sso_key, content) != name:
        raise Refused("content", "the name is another's")
    return content


def main_key(raw, *, passphrase=None, recovery_code=None, keyring=None, tpm=None, fido2=None):
    """K_main, by the first slot that the secret opens."""
    header, *_ = take_apart(raw)
    for slot in header["slots"]:
        if slot["g"] != ["main"]:
            continue
        try:
            if slot["t"] == "pass" and passphrase is not None:
                return unwrap(header, slot, kek_from_passphrase(slot, passphrase))
            if slot["t"] == "recovery" and recovery_code is not None:
                return unwrap(header, slot, kek_from_code(header, slot, recovery_code))
            if slot["t"] == "keyring" and keyring is not None:
                return unwrap(header, slot, kek_from_keyring(keyring))
            if slot["t"] == "ext" and slot["ext"]["name"] == "tpm" and tpm is not None:
                tpm_data(slot)
                return unwrap(header, slot, tpm)  # the key that the TPM unsealed
            if slot["t"] == "ext" and slot["ext"]["name"] == "fido2" and fido2 is not None:
                fido2_data(slot)
                return unwrap(header, slot, fido2)  # the secret that the security key computed
        except Refused as error:
            if error.kind != "slot":
                raise
    raise Refused("slot", "no slot opens")


def strict_key(raw, payload, *, passphrase=None, fido2=None):
    """K_strict: from the payload while there is no strict slot, else by one."""
    if "strict_key" in payload:
        return sized(payload["strict_key"], 32)
    header, *_ = take_apart(raw)
    for slot in header["slots"]:
        if slot["g"] == ["strict"] and slot["t"] == "pass" and passphrase is not None:
            return unwrap(header, slot, kek_from_passphrase(slot, passphrase))
        if (
            slot["g"] == ["strict"]
            and slot["t"] == "ext"
            and slot["ext"]["name"] == "fido2"
            and fido2 is not None
        ):
            fido2_data(slot)
            return unwrap(header, slot, fido2)
    raise Refused("slot", "no slot opens the strict box")


if __name__ == "__main__":
    import sys
    from getpass import getpass

    with open(sys.argv[1], "rb") as _file:
        _raw = _file.read()
    _payload = open_main(_raw, main_key(_raw, passphrase=getpass("Passphrase: ")))
    print(f"generation {_payload['gen']}; entries: {', '.join(sorted(_payload['entries'])) or 'none'}")

"""Files as aws-vault and granted store keys: a JWE for each, encrypted with a passphrase."""

from __future__ import annotations

import base64
import json

from joserfc import jwe
from joserfc.jwk import OctKey

from tests.fakes.example import KEY_ID, SECRET

PASSPHRASE = "the passphrase of another store"


def sealed(plaintext: bytes, *, rounds: int = 1_000) -> str:
    """A file as both programs' library writes it, with few rounds unless asked for more."""
    head = {
        "alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2c": rounds,
        "p2s": base64.urlsafe_b64encode(b"s" * 12).decode(),
    }  # fmt: skip
    registry = jwe.JWERegistry(algorithms=[head["alg"], head["enc"]], strict_check_header=False)
    return jwe.encrypt_compact(head, plaintext, OctKey.import_key(PASSPHRASE.encode()), registry=registry)


def item(name: str = "work", **more: object) -> bytes:
    """The plaintext of a file: the EXAMPLE key under ``name``."""
    held = {"AccessKeyID": KEY_ID, "SecretAccessKey": SECRET, "SessionToken": "", **more}
    data = base64.b64encode(json.dumps(held).encode()).decode()
    return json.dumps({"Key": name, "Data": data}).encode()

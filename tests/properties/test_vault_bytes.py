"""Vault files under mutation: whatever bytes come, the program says refused, in its own errors, and never otherwise.

``python -m tests.properties.test_vault_bytes 1000000`` runs as many mutations as one likes.
"""

from __future__ import annotations

import base64
import json
import os
import random
import sys

from tests.vectors import reader
from vault import errors
from vault.secret import Secret
from vault.store import boxes, padding, payload_codec, pin, strict_json
from vault.store.format import FormatError, parse_file
from vault.store.strict_json import JsonError

with open(os.path.join(os.path.dirname(__file__), "../data/vault/golden.json"), encoding="utf-8") as _file:
    GOLDEN = json.load(_file)[:3]
TOKENS = [
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"0",
    b"-1",
    b"1e9",
    b"true",
    b"null",
    b"NaN",
    b"\\ud800",
    b"\xff",
    b"9" * 400,
    b"[" * 40,
]


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """One to four changes: a byte, a token put in, a piece cut out or doubled."""
    data = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[at] = rng.randrange(256)
            case 1:
                data[at:at] = rng.choice(TOKENS)
            case 2:
                del data[at : at + rng.randint(1, 20)]
            case _:
                data[at:at] = data[at : at + rng.randint(1, 60)]
    return bytes(data)


def with_header(raw: bytes, header: bytes) -> bytes:
    size = int.from_bytes(raw[8:12], "big")
    return raw[:8] + len(header).to_bytes(4, "big") + header + raw[12 + size :]


def run(count: int, seed: int) -> dict[str, int]:
    """``count`` mutated headers and payloads; how many were refused how. Any other exception escapes."""
    rng = random.Random(seed)
    tally = {"format": 0, "box": 0, "payload": 0, "payload taken": 0}
    for n in range(count):
        golden = GOLDEN[n % len(GOLDEN)]
        raw, key = base64.b64decode(golden["file"]), Secret(bytes.fromhex(golden["k_main"]))
        header = raw[12 : 12 + int.from_bytes(raw[8:12], "big")]
        changed = mutated(header, rng)
        if changed != header:
            try:
                boxes.open_main(parse_file(with_header(raw, changed)), key, path="it")
            except FormatError:
                tally["format"] += 1
            except errors.Damaged:
                tally["box"] += 1
            else:
                raise AssertionError(changed)
        text = mutated(json.dumps(golden["main"]).encode(), rng)
        try:
            payload_codec.decode_main(padding.pad(text, step=4096))
            tally["payload taken"] += 1
        except JsonError:
            tally["payload"] += 1
    return tally


def test_no_mutation_of_a_header_opens_and_no_error_is_undeclared():
    """6,000 mutated headers are refused, and as many payloads are taken or refused, by our own errors alone."""
    tally = run(6000, seed=random.SystemRandom().randrange(2**32))
    assert tally["format"] + tally["box"] > 5900
    assert tally["payload"] > 3000


def test_reader_and_program_agree_on_every_mutated_header():
    """What the one takes as a header the other takes, over 3,000 mutations."""
    rng = random.Random(7)
    taken = 0
    for n in range(3000):
        golden = GOLDEN[n % len(GOLDEN)]
        raw = base64.b64decode(golden["file"])
        changed = with_header(raw, mutated(raw[12 : 12 + int.from_bytes(raw[8:12], "big")], rng))
        answers = []
        for parse, refused in ((parse_file, FormatError), (reader.take_apart, reader.Refused)):
            try:
                parse(changed)
            except refused:
                answers.append(False)
            else:
                answers.append(True)
        assert answers[0] == answers[1], changed
        taken += answers[0]
    assert taken > 10, "some mutations leave a header, and those agree too"


def test_no_mutation_of_a_pin_raises_anything_but_json_error():
    """A pin that cannot be read is none."""
    rng = random.Random(11)
    found = pin.Pin(vault_id=bytes(16), gen=3, digest=bytes(32))
    raw = pin.encode_pin(found, k_main=Secret(bytes(32)))
    for _ in range(3000):
        try:
            again, mac = pin.decode_pin(mutated(raw, rng))
        except JsonError:
            continue
        assert (again, mac) == pin.decode_pin(raw) or not pin.authentic(again, mac, k_main=Secret(bytes(32)))
    assert strict_json.parse(raw)


if __name__ == "__main__":
    print(run(int(sys.argv[1]), seed=random.SystemRandom().randrange(2**32)))

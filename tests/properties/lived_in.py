"""AWS's files as people have them after some years: hundreds of profiles, comments, odd spacing, CRLF, no last line end."""

from __future__ import annotations

import random
from typing import NamedTuple

COMMENTS = ["# asked by security 2023", ";old", "#", "# role_arn = commented out", "; é ü 漢"]
SPACING = [" = ", "=", " =", "= ", "   =\t", "\t= "]
OTHERS = [
    "output = json",
    "cli_pager =",
    "s3 =\n  max_concurrent_requests = 20\n  addressing_style = path",
    "retry_mode=standard",
]
KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class LivedIn(NamedTuple):
    """The bytes of both files, and who is in them: profiles with keys, roles on them, others."""

    config: bytes
    credentials: bytes
    keys: dict[str, tuple[str, str]]
    roles: dict[str, str]


def key_pair(number: int) -> tuple[str, str]:
    """An example key: the same number is the same key."""
    letters = "".join(chr(ord("A") + (number // 26**place) % 26) for place in range(4))
    return f"AKIA{letters}EXAMPLEEXAMP"[:20], f"{letters}UtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY12"[:40].ljust(
        40, "x"
    )


def make(seed: int, *, profiles: int = 500) -> LivedIn:
    """Files of ``profiles`` profiles; the same seed gives the same files."""
    dice = random.Random(seed)
    end = dice.choice(["\n", "\r\n"])
    keys: dict[str, tuple[str, str]] = {}
    roles: dict[str, str] = {}
    config: list[str] = ["# all our accounts", ""]
    credentials: list[str] = []
    for number in range(profiles):
        name = "default" if number == 0 else f"team{number % 7}-account{number}"
        kind = dice.choice(["key", "role", "role", "other", "config-key"]) if number else "key"
        rows = [f"region{dice.choice(SPACING)}eu-west-{dice.randrange(1, 4)}"] if dice.random() < 0.7 else []
        if kind == "key" or kind == "config-key":
            keys[name] = key_pair(dice.randrange(60))
            pair = [
                f"aws_access_key_id{dice.choice(SPACING)}{keys[name][0]}",
                f"{dice.choice(['aws_secret_access_key', 'AWS_Secret_Access_Key'])}{dice.choice(SPACING)}{keys[name][1]}",
            ]
            dice.shuffle(pair)
            if kind == "config-key":
                rows += pair
            else:
                credentials += [f"[{name}]", *_with_noise(dice, pair), ""]
        elif kind == "role":
            roles[name] = dice.choice(sorted(keys))
            rows += [
                f"role_arn{dice.choice(SPACING)}arn:aws:iam::222222222222:role/Role{number}",
                f"source_profile{dice.choice(SPACING)}{roles[name]}",
            ]
            if dice.random() < 0.5:
                rows.append(f"external_id{dice.choice(SPACING)}partner-{number}")
        rows += dice.sample(OTHERS, dice.randrange(3))
        dice.shuffle(rows)
        if rows or kind != "key":
            header = f"[{name}]" if name == "default" else f"[profile {name}]"
            config += [
                header + dice.choice(["", "  ", " # mine"]),
                *_with_noise(dice, rows),
                *[""] * dice.randrange(3),
            ]
    if dice.random() < 0.5:
        config += [
            "[sso-session corp]",
            "sso_region = us-east-1",
            "sso_start_url = https://corp.example/start",
        ]
    return LivedIn(_bytes(dice, config, end), _bytes(dice, credentials, end), keys, roles)


def _with_noise(dice: random.Random, rows: list[str]) -> list[str]:
    """Rows with comments and empty lines among them."""
    out = []
    for row in rows:
        if dice.random() < 0.2:
            out.append(dice.choice(COMMENTS))
        out.append(row + dice.choice(["", "", "", "  ", "\t"]))
        if dice.random() < 0.1:
            out.append("")
    return out


def _bytes(dice: random.Random, lines: list[str], end: str) -> bytes:
    text = "\n".join(lines).replace("\n", end)
    return (text + (end if dice.random() < 0.5 else "")).encode()

"""The sync of a vault with its remote, at a stand-in for S3 in this process: nothing to do, and one edit."""

from __future__ import annotations

import itertools
import subprocess

from scripts.measuring.places import PASSPHRASE
from scripts.measuring.rows import Found, bar, bare, row
from scripts.measuring.runs import Command, rounds
from tests.fakes.example import KEY_ID, SECRET
from tests.fakes.s3 import BUCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.measuring.places import Clean, Home
    from tests.fakes.s3 import S3StandIn

FEW, MANY = 100, 10_000
EDIT = """
import os, sys
from vault.frozen import replace
from vault.secret import Secret
from vault.store import vault
from vault.system.clock import Deadline
from vault.system.paths import from_env
paths, key_id = from_env(os.environ), f"AKIAI44QH8DHB{int(sys.argv[2]):07}"
opened = vault.open_with_passphrase(paths, Secret(sys.argv[1]), deadline=Deadline.after(50))
edited = replace(opened.payload.entries["base"], access_key_id=key_id)
vault.edit(paths, opened.k_main, lambda p: p.with_entry("base", edited), deadline=Deadline.after(50))
"""


def home_with(home: Home, count: int, s3: S3StandIn) -> Home:
    """The home with as many entries, its vault in the bucket."""
    home.env |= {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    home.entries(count)
    home.must(
        "remote", "add", f"s3://{BUCKET}/{count}.avlt", "--endpoint-url", s3.url, "--trust-endpoint", **home.key()
    )  # fmt: skip
    return home


def edit(home: Home, number: int) -> None:
    """Store another key for one entry. Not by a command, which may sync by itself."""
    subprocess.run([home.clean.python, "-c", EDIT, PASSPHRASE, str(number)], env=home.env, check=True)


def sync(home: Home, numbers: Iterator[int] | None = None) -> Command:
    """A sync; with ``numbers``, each after an edit."""
    command = home.native("sync", **home.key())
    return command if numbers is None else command._replace(before=lambda: edit(home, next(numbers)))


def syncs(clean: Clean, few: Home, many: Home, count: int) -> Found:
    """Both sizes, each by turns with and without an edit, beside an idle interpreter."""
    numbers = itertools.count(1)
    nothing = rounds({"bare": bare(clean, few), "few": sync(few), "many": sync(many)}, count)
    edits = rounds(
        {"bare": bare(clean, few), "few": sync(few, numbers), "many": sync(many, numbers)}, max(4, count // 3)
    )
    made, bars = [], []
    for what, found in (("nothing to do", nothing), ("one edit", edits)):
        made += [
            row(f"`sync`, {what}, {FEW} entries / bare", found["few"], found["bare"]),
            row(f"`sync`, {what}, {MANY:,} entries / {FEW}", found["many"], found["few"]),
        ]
        bars += [
            bar(f"awsvault-py sync, {what}, {size:,} entries", found[name], highlighted=True)
            for name, size in (("few", FEW), ("many", MANY))
        ]
    return Found(made, bars)

"""Outcomes of syncs with every field, for tests of how they are shown."""

from __future__ import annotations

from vault.remote.outcome import ItemChange, KeptVersion, SyncOutcome, Waiting
from vault.remote.summary import MachineInfo

AT = 1_777_636_800
KEPT = KeptVersion(
    machine="AAAAAAAAAAA", by="laptop", at=AT, removed=False, renamed_to="", key_id="AKIAIOSFODNN7EXAMPLE", created=AT,
    device="arn:aws:iam::111111111111:mfa/yourself", account="111111111111", user="yourself",
)  # fmt: skip
GONE = KEPT._replace(
    machine="BBBBBBBBBBB",
    by="desktop",
    removed=True,
    renamed_to="other",
    key_id="",
    created=0,
    device="",
    account="",
    user="",
)
KEPT, GONE = KEPT._replace(ref="of laptop"), GONE._replace(ref="of desktop")
CONFLICT = Waiting(
    "entry/dev", "entry", "dev", "changed on two machines", withheld=False, versions=(KEPT, GONE)
)
SEALED = KEPT._replace(key_id="", created=0, device="", account="", user="")
STRICT = Waiting(
    "strict", "strict", "strict", "changed on two machines", withheld=True,
    versions=(
        SEALED._replace(devices=("arn:aws:iam::111111111111:mfa/yourself",)),
        SEALED._replace(machine="BBBBBBBBBBB", by="desktop", devices=("arn:aws:iam::111111111111:mfa/other",), ref="other"),
    ),
)  # fmt: skip
MACHINE = MachineInfo("AAAAAAAAAAA", "laptop", AT, edits=3, behind=1, gone=False, here=True)
CAME = ItemChange("entry/dev", "entry", "dev", "added", "laptop", AT)
WHOLE = SyncOutcome(
    came=(CAME,), went=(CAME._replace(what="removed"),), waiting=(CONFLICT, STRICT), machines=(MACHINE,), pulled=True, pushed=True,
    asks=2, typed=True, taken_over=True, gen=4, written=AT, writer="laptop", fingerprint="0000-1111-2222-3333",
)  # fmt: skip

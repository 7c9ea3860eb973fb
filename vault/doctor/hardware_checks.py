"""Checks of the hardware that unlocks the vault."""

from __future__ import annotations

from vault.doctor.findings import Finding
from vault.store import slot_text
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts


def slot_fails(facts: Facts) -> Iterator[Finding]:
    """A slot of this machine's hardware does not unlock the vault."""
    for state in facts.hardware:
        if state.problem is not None:
            yield Finding(
                level="warning",
                where=f"the vault, slot {state.record.name}",
                message=f"the {slot_text.kind(state.record)} does not unlock it: {safe(state.problem)}",
                hint=slot_text.filled(state.hint, state.record).removeprefix("run: ")
                or f"awsvault-py slots remove {state.record.name}",
            )


def tpm_lockout(facts: Facts) -> Iterator[Finding]:
    """Wrong PINs have locked the TPM."""
    if facts.tpm_lockout:
        yield Finding(
            level="note",
            where="the TPM",
            message="it is locked after wrong PINs for another program's keys. The vault's slot works all the same",
            hint="wait, or see what that program says about it",
        )

"""Setup's smallest move: only the profiles of the keys call us, and AWS's tools go on assuming the roles."""

from __future__ import annotations

from vault import errors, limits
from vault.keys import entry_names
from vault.migrate.setup import Left
from vault.profiles.chain import VaultKey
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.migrate.setup import Setup
    from vault.profiles.chain import Chain


def plan(run: Setup, wanted: Sequence[str]) -> None:
    """Only the profiles of the keys call us; roles stay AWS's own, without the MFA that the session has."""
    sources: dict[str, list[Chain]] = {}
    for name in wanted:
        try:
            chain = run.chain(entry_names.check_name(name))
        except errors.Error as error:
            run.plan.left.append(Left(name, error.message))
            continue
        reason = run.why_not(chain, chain.source_profile, asked=False)
        if reason is not None:
            run.plan.left.append(Left(name, reason))
        else:
            sources.setdefault(chain.source_profile, []).append(chain)
    for source, chains in sources.items():
        _source(run, source, chains)


def _source(run: Setup, source: str, chains: Sequence[Chain]) -> None:
    roles = [chain for chain in chains if chain.hops and chain.profile != source]
    if any(chain.profile == source and chain.hops for chain in chains):
        run.plan.left.append(
            Left(source, "it assumes a role with its own key; set it up without --source-only")
        )
        return
    entry = next(chain.source.entry for chain in chains if isinstance(chain.source, VaultKey))
    own = next((chain.mfa_serial for chain in chains if chain.mfa_serial), None) or run.entry_serial(entry)
    serials = {hop.mfa_serial for chain in roles for hop in chain.hops[:1] if hop.mfa_serial is not None}
    serial = own or (next(iter(serials)) if len(serials) == 1 else None)
    changed = run.edit(source)
    if serial is not None and own is None:
        run.insert(source, [("mfa_serial", serial)])
    for chain in roles:
        changed = _leave_role(run, chain, serial) or changed
    if changed:
        run.plan.done.append(source)


def _leave_role(run: Setup, chain: Chain, serial: str | None) -> bool:
    name, changed = chain.profile, False
    if chain.hops[0].profile != name:
        return False
    for document, edits in run.both():
        for line in document.places(name, "mfa_serial"):
            if chain.hops[0].mfa_serial == serial:
                edits.append(document.remove(line))
                changed = True
            else:
                run.plan.warnings.append(f"profile {safe(name)} names another MFA device: left so")
    seconds = chain.hops[0].duration_seconds
    if seconds is not None and seconds > limits.ROLE_DURATION:
        run.plan.warnings.append(
            f"profile {safe(name)}: duration_seconds is {seconds}, and AWS gives an hour through a session; "
            "set this profile up as a whole, or lower it"
        )
    return changed

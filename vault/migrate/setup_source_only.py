"""Plans setup --source-only: only the keys' own profiles call awsvault-py, and AWS's tools keep assuming the roles."""

from __future__ import annotations

from vault import errors, limits
from vault.keys import entry_names
from vault.profiles.chain import VaultKey
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.migrate.edit_plan import EditPlan
    from vault.migrate.setup import Setup
    from vault.profiles.chain import Chain


def run(setup: Setup, wanted: Sequence[str]) -> EditPlan:
    """The plan for the profiles ``wanted``, or for all if it is empty. Raises NotFound like ``Setup.chosen``.

    The source profile calls awsvault-py for its session. Its roles lose their ``mfa_serial``, because the session already
    has MFA.
    """
    sources: dict[str, list[Chain]] = {}
    for name in setup.chosen(wanted):
        try:
            chain = setup.chain(entry_names.check_name(name))
        except errors.Error as error:
            setup.skip(name, error.message)
            continue
        reason = setup.why_not(chain, chain.source_profile, asked=False)
        if reason is not None:
            setup.skip(name, reason)
        else:
            sources.setdefault(chain.source_profile, []).append(chain)
    for source, chains in sources.items():
        _source(setup, source, chains)
    return setup.plan


def _source(setup: Setup, source: str, chains: Sequence[Chain]) -> None:
    """Edit a source profile and the roles that these chains assume with it."""
    roles = [chain for chain in chains if chain.hops and chain.profile != source]
    if any(chain.profile == source and chain.hops for chain in chains):
        setup.skip(source, "it assumes a role with its own key; set it up without --source-only")
        return
    entry = next(chain.source.entry for chain in chains if isinstance(chain.source, VaultKey))
    own = next((chain.mfa_serial for chain in chains if chain.mfa_serial), None) or setup.entry_serial(entry)
    serials = {hop.mfa_serial for chain in roles for hop in chain.hops[:1] if hop.mfa_serial is not None}
    serial = own or (next(iter(serials)) if len(serials) == 1 else None)
    changed = setup.edit(source)
    if serial is not None and own is None:
        setup.insert(source, [("mfa_serial", serial)])
    for chain in roles:
        changed = _role(setup, chain, serial) or changed
    if changed:
        setup.plan.done.append(source)


def _role(setup: Setup, chain: Chain, serial: str | None) -> bool:
    """Remove the MFA device of a role. Returns whether an edit was added."""
    name, changed = chain.profile, False
    if chain.hops[0].profile != name:
        return False
    for document, edits in setup.both():
        for line in document.places(name, "mfa_serial"):
            if chain.hops[0].mfa_serial == serial:
                edits.append(document.remove(line))
                changed = True
            else:
                setup.plan.warnings.append(f"profile {safe(name)} names another MFA device; not changed")
    seconds = chain.hops[0].duration_seconds
    if seconds is not None and seconds > limits.ROLE_DURATION:
        setup.plan.warnings.append(
            f"profile {safe(name)}: duration_seconds is {seconds}, but AWS allows only one hour with a session; lower it, or "
            "set up this profile without --source-only"
        )
    return changed

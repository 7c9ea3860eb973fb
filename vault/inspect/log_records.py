"""The records of the log, as ``log`` shows them: decoded, and each with what another record of its session says."""

from __future__ import annotations

from vault import limits
from vault.cache.audit_log import AuditLog
from vault.credentials.audit import Record, decode
from vault.records import NamedTuple
from vault.unlocking.key_access import open_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


class LogRecords(NamedTuple):
    """All records, oldest first, and what is wrong with the log: sentences, empty if it is whole."""

    records: list[Record]
    problems: list[str]


def read(context: Context) -> LogRecords:
    """The log of this vault, with what its agent has not written yet. Unlocks the vault if necessary."""
    keys = open_keys(context, purpose="to read its log")
    context.agent.ask("LOG", answer=limits.AGENT_TALK)  # makes the agent write its pending records first
    with AuditLog.open(context.paths.log, cache_key=keys.cache_key, vault_id=keys.vault_id) as log:
        found = log.read(deadline=context.new_deadline())
    records = [record for record in map(decode, found.records) if record is not None]
    problems = list(found.problems)
    if len(records) < len(found.records):
        problems.append(f"{len(found.records) - len(records)} records cannot be read")
    first_use = {r.access_key_id: r for r in records if r.role}  # which says more than one of a cache hit
    return LogRecords([_as_first(r, first_use.get(r.access_key_id, r)) for r in records], problems)


def _as_first(record: Record, first: Record) -> Record:
    """``record`` with the role and the session name that an earlier record of the same session has."""
    return record._replace(role=record.role or first.role, session=record.session or first.session)

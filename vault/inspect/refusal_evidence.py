"""Collects the evidence about a refused link: who called (GetCallerIdentity), and what IAM says about both sides.

Reads only. What AWS does not let the caller read becomes a sentence in the evidence, and no error.
"""

from __future__ import annotations

from typing import Any, TypeVar

from vault import errors, limits
from vault.aws import iam, iam_reads, sts
from vault.aws.iam_reads import ALLOWED
from vault.inspect import refusal_side
from vault.inspect.refusal_side import Evidence
from vault.inspect.refused_call import MFA_KEY, account_of
from vault.keys import service_endpoints
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.aws.boto_iam import IamClient
    from vault.aws.credentials import Credentials
    from vault.aws.iam_reads import Simulation
    from vault.aws.service_call import Answer
    from vault.context import Context
    from vault.inspect.refused_call import RefusedCall

MOST_READS = 4  # SimulatePrincipalPolicy twice, GetRole, ListMFADevices
T = TypeVar("T")
_UNKNOWN_KEY = "InvalidClientTokenId"


def caller_of(context: Context, profile: str, signer: Credentials) -> str:
    """The ARN of the signer's identity; empty if AWS does not accept the signer. Errors: Unreachable, ConfigError."""
    try:
        found = sts.get_caller_identity(
            signer,
            endpoint=service_endpoints.sts_endpoint(context, profile),
            deadline=context.new_deadline(),
            subject=profile,
        )
    except errors.Refused:
        return ""
    return found.arn


def collect(
    context: Context, profile: str, call: RefusedCall, refused: errors.Refused, signers: Sequence[Credentials]
) -> Evidence:
    """The evidence about ``call``. ``signers`` are tried in order: IAM refuses a session without MFA, but not its key."""
    wanted = refusal_side.reads(call, refused.code, refused.said)
    reader = _IamReader(context, profile, call, signers)
    found = Evidence(refused.code, refused.said, refused.hint)
    if not any(wanted) or not call.caller:
        return found
    if wanted.simulate:
        simulated = reader.simulate(mfa=False)
        denied = any(each.decision != ALLOWED for each in simulated or ())
        again = reader.simulate(mfa=True) if denied and not call.mfa and call.user is not None else None
        found = found._replace(simulated=simulated, with_mfa=again)
    if wanted.role:
        role, gone = reader.role()
        found = found._replace(role=role, role_gone=gone)
    if wanted.elsewhere:
        reader.unread.append(
            f"the role's trust policy: the role is in account {call.role_account}, and only that account's users can read it"
        )
    if wanted.devices:
        found = found._replace(devices=reader.devices())
    return found._replace(unread=tuple(reader.unread))


class _IamReader:
    """Calls IAM for one refused call. ``unread`` collects what it did not get."""

    def __init__(
        self, context: Context, profile: str, call: RefusedCall, signers: Sequence[Credentials]
    ) -> None:
        self.unread: list[str] = []
        self._context = context
        self._profile = profile
        self._about = call
        self._signers = list(signers)
        self._client: IamClient | None = None

    def simulate(self, *, mfa: bool) -> tuple[Simulation, ...] | None:
        """The simulation of the caller's policies; ``mfa``: as if the call had MFA."""
        call = self._about
        context = {key: value for key, value in call.context().items() if value is not None and _is_sent(key)}
        if mfa:
            context[MFA_KEY] = "true"
        return self._read(
            "iam:SimulatePrincipalPolicy",
            f"the policies of {call.caller_text}",
            lambda: iam_reads.simulate(
                self._call,
                principal=call.principal,
                actions=call.actions,
                resource=call.role_arn,
                context=context,
            ),
        )

    def role(self) -> tuple[iam_reads.RoleDetails | None, bool]:
        """The role, and whether IAM says that there is none."""
        name = self._about.role_name
        found = self._read("iam:GetRole", f"role {name}", lambda: (iam_reads.role(self._call, name=name),))
        return (None, False) if found is None else (found[0], found[0] is None)

    def devices(self) -> tuple[str, ...] | None:
        """The MFA devices of the calling user."""
        user = self._about.user
        if user is None:
            return None
        return self._read(
            "iam:ListMFADevices",
            f"the MFA devices of user {user}",
            lambda: iam.Iam(self._call, user=user).devices(),
        )

    def _read(self, action: str, what: str, get: Callable[[], T]) -> T | None:
        try:
            return get()
        except errors.Refused as error:
            why = f"AWS refused {action} ({safe(error.code, limit=80)})"
        except (errors.Unreachable, errors.ConfigError, errors.Usage) as error:
            why = error.message
        self.unread.append(f"{safe(what)}: {why}")
        return None

    def _call(self, operation: str, *, once: bool = False, **parameters: Any) -> Answer:
        client = self._client_for()
        while True:
            client.sign_as(self._signers[0])
            try:
                return client.call(
                    operation, deadline=self._context.new_deadline(limits.IAM_CALL), once=once, **parameters
                )
            except errors.Refused as error:
                if error.code != _UNKNOWN_KEY or len(self._signers) == 1:
                    raise
                del self._signers[0]

    def _client_for(self) -> IamClient:
        from vault.aws.boto_iam import IamClient

        if self._client is None:
            partition = iam.partition_of(self._about.caller)
            endpoint = service_endpoints.iam_endpoint(self._context, self._profile, partition)
            self._client = IamClient(
                self._signers[0], endpoint=endpoint, subject=f"account {account_of(self._about.caller)}"
            )
        return self._client


def _is_sent(key: str) -> bool:
    """Whether a condition key goes with a simulation: IAM itself knows those of the principal."""
    return not key.startswith("aws:") or key == MFA_KEY

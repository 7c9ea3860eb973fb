"""Collects the evidence about a refused link: who called (GetCallerIdentity), and what IAM says about both sides.

Reads only. What AWS does not let the caller read becomes a sentence in the evidence, and no error.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import iam, iam_reads, sts
from vault.aws.iam_reads import ALLOWED
from vault.inspect import refusal_side
from vault.inspect.refusal_side import Evidence
from vault.inspect.refused_call import MFA_AGE_KEY, MFA_KEY, account_of
from vault.keys import service_endpoints
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from vault.aws.boto_iam import IamClient
    from vault.aws.credentials import Credentials
    from vault.aws.iam_reads import Simulation
    from vault.aws.service_call import Answer
    from vault.context import Context
    from vault.inspect.refused_call import RefusedCall

    T = TypeVar("T")


MOST_READS = 4  # SimulatePrincipalPolicy twice, GetRole, ListMFADevices
# Condition keys that may decide a call to STS. IAM knows those of the principal itself.
_OF_STS = ("aws:", "sts:", "iam:resourcetag/")
_OF_PRINCIPAL = ("aws:principal", "aws:username", "aws:userid")


def caller_of(context: Context, profile: str, signer: Credentials) -> str:
    """The ARN of the signer's identity; empty if AWS does not tell. Errors: ConfigError."""
    try:
        found = sts.get_caller_identity(
            signer,
            endpoint=service_endpoints.sts_endpoint(context, profile),
            deadline=context.new_deadline(),
            subject=profile,
        )
    except (errors.Refused, errors.Unreachable):
        return ""
    return found.arn


def collect(
    context: Context, profile: str, call: RefusedCall, refused: errors.Refused, signer: Credentials | None
) -> Evidence:
    """The evidence about ``call``. ``signer`` signs the calls to IAM, which refuses a session without MFA."""
    wanted = refusal_side.reads(call, refused.code, refused.said)
    found = Evidence(refused.code, refused.said, refused.hint)
    if not any(wanted) or signer is None:
        return found
    if not call.caller:
        return found._replace(unread=("the caller: AWS did not answer GetCallerIdentity",))
    reader = _IamReader(context, profile, call, signer)
    if wanted.simulate:
        simulated = reader.simulate(mfa=False)
        denied = any(each.decision != ALLOWED for each in simulated or ())
        again = reader.simulate(mfa=True) if denied and not call.mfa and call.user is not None else None
        found = found._replace(simulated=simulated, with_mfa=again)
        open_keys = _open_keys(call, *(simulated or ()), *(again or ()))
        if open_keys:  # what IAM answers without them may not be what AWS decided
            what = f"the policies of {call.caller_text} depend on {', '.join(open_keys)}"
            reader.unread.append(f"{safe(what)}, which a simulation does not know")
            found = found._replace(simulated=None, with_mfa=None)
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

    def __init__(self, context: Context, profile: str, call: RefusedCall, signer: Credentials) -> None:
        self.unread: list[str] = []
        self._context = context
        self._profile = profile
        self._about = call
        self._signer = signer
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
        deadline = self._context.new_deadline(limits.IAM_CALL)
        return self._client_for().call(operation, deadline=deadline, once=once, **parameters)

    def _client_for(self) -> IamClient:
        from vault.aws.boto_iam import IamClient

        if self._client is None:
            partition = iam.partition_of(self._about.caller)
            endpoint = service_endpoints.iam_endpoint(self._context, self._profile, partition)
            self._client = IamClient(
                self._signer, endpoint=endpoint, subject=f"account {account_of(self._about.caller)}"
            )
        return self._client


def _open_keys(call: RefusedCall, *simulated: Simulation) -> list[str]:
    """The condition keys without which the simulation cannot tell what AWS decides. A key that the call lacks is known."""
    known = {key.lower() for key in call.context()}
    known |= {MFA_AGE_KEY.lower()} if call.mfa is False else set()
    found = dict.fromkeys(key for each in simulated for key in each.missing)
    return [
        key
        for key in found
        if key.lower() not in known
        and key.lower().startswith(_OF_STS)
        and not key.lower().startswith(_OF_PRINCIPAL)
    ]


def _is_sent(key: str) -> bool:
    """Whether a condition key goes with a simulation: IAM itself knows those of the principal."""
    return not key.startswith("aws:") or key == MFA_KEY

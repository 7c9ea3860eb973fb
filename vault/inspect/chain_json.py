"""A chain as JSON, for ``explain --json``. Pure. docs/reference describes the fields."""

from __future__ import annotations

from vault.profiles import chain as model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.chain import Chain, Plan, Source


def document(chain: Chain, planned: Plan) -> dict[str, object]:
    """The chain as a JSON object. Values that neither the files nor the plan set are left out."""
    items = [source_item(chain.source)]
    for link in planned.links:
        match link:
            case model.SessionToken():
                items.append(
                    {
                        "type": "session-token",
                        "mfa_serial": link.mfa_serial,
                        "duration_seconds": link.duration,
                    }
                )
            case model.AssumeRole():
                hop = link.hop
                items.append(
                    {
                        "type": "assume-role",
                        "role_arn": hop.role_arn,
                        "role_session_name": hop.role_session_name,
                        "external_id": hop.external_id,
                        "mfa_serial": link.with_code,
                        "duration_seconds": link.duration,
                        "region": hop.endpoint.region,
                        "policy": link.policy.document if link.policy is not None else None,
                        "policy_arns": list(link.policy.arns) or None if link.policy is not None else None,
                    }
                )
            case model.FetchSource():
                pass
    present = [{key: value for key, value in item.items() if value is not None} for item in items]
    return {"profile": chain.profile, "region": chain.region, "chain": present}


def source_item(found: Source) -> dict[str, object]:
    """The source as the first item of the chain."""
    match found:
        case model.VaultKey():
            return {"type": "access-key", "credential": found.entry}
        case model.StaticKeys():
            return {"type": "access-key", "file": found.origin.path, "access_key_id": found.access_key_id}
        case model.Process():
            return {"type": "process", "command": found.command}
        case model.WebIdentity():
            return {
                "type": "web-identity",
                "role_arn": found.role_arn,
                "token_file": found.token_file,
                "role_session_name": found.role_session_name,
            }
        case model.Sso():
            return {
                "type": "sso",
                "sso_session": found.session,
                "sso_account_id": found.account_id,
                "sso_role_name": found.role_name,
            }
        case model.Login():
            return {"type": "login", "login_session": found.session}
        case model.NamedSource():
            return {"type": "named-source", "name": found.name}

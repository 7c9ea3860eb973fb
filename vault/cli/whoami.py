"""`awsvault-py whoami [PROFILE]`: shows the identity of a profile at AWS."""

from __future__ import annotations

from vault.cli.request_options import request_of
from vault.cli.sign_in_offer import offering
from vault.cli.terminal import Cell, emit_json, expires_in, facts, local, rfc3339, without_absent
from vault.inspect import whoami

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


def show(context: Context, profile: str | None, *, as_json: bool) -> None:
    """Run the command with these options (vault/cli/everyday has their meaning)."""
    who = (whoami.of_environment(context) or whoami.of_server(context)) if profile is None else None
    if who is None:
        request = request_of(profile or _selected(context), ask=True, start=profile is not None)
        who = offering(context, lambda context: whoami.of_profile(context, request))
    identity = who.identity
    if as_json:
        emit_json(
            without_absent(
                {
                    "profile": who.profile,
                    "account": identity.account,
                    "arn": identity.arn,
                    "user_id": identity.user_id,
                    "expires": rfc3339(who.expires) if who.expires is not None else None,
                }
            )
        )
        return
    rows: list[tuple[str, str | Cell]] = [
        ("account", identity.account),
        ("arn", identity.arn),
        ("user ID", identity.user_id),
    ]
    if who.profile is not None:
        rows.insert(0, ("profile", who.profile))
    if who.expires is not None:
        left = expires_in(who.expires - context.clock.time())
        rows.append(("expires", left._replace(text=f"{local(who.expires)} (in {left.text})")))
    facts(context.env, rows)


def _selected(context: Context) -> str:
    from vault.cli.profile_argument import profile_or_pick
    from vault.inspect import pick

    named = context.env.get("AWS_PROFILE") or context.env.get("AWS_DEFAULT_PROFILE")
    return (
        profile_or_pick(context, None) if not named and pick.possible(context) else whoami.selected(context)
    )

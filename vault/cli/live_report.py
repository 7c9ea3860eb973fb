"""Prints what `explain --live` found, and asks before it runs: its cost, the links, the cause, and policies to mail."""

from __future__ import annotations

import json

from vault import limits
from vault.cli.terminal import emit, emit_titled, rfc3339, say, span, use_color, without_absent
from vault.errors import Declined
from vault.system.prompts import NoAnswer
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.context import Context
    from vault.inspect.live_check import Cost, LinkResult, LiveReport
    from vault.inspect.refusal_causes import Cause
    from vault.inspect.refused_link import LiveRefusal

_SIDES = {
    "caller": "the caller's side",
    "role": "the role's side",
    "profile": "the profile",
    "organization": "the organization",
    "session": "the caller's session",
    "account": "the account",
    "unknown": "not known",
}


def agreement(context: Context, *, yes: bool) -> Callable[[Cost], None]:
    """A function that says the cost of a check on stderr and, at a terminal, asks, both once. It raises Declined."""
    agreed_to: list[Cost] = []

    def agree(cost: Cost) -> None:
        if agreed_to:  # the check is repeated after a sign-in
            return
        agreed_to.append(cost)
        say(cost_text(cost))
        if yes or "tty" not in context.interaction.ways():
            return
        deadline = context.new_deadline(limits.ATTENDED_PROMPT_TIME)
        try:
            agreed = context.interaction.confirm("Run these calls?", deadline=deadline, default=True)
        except NoAnswer as reason:
            raise Declined(reason.told(), hint="AWS was not called") from None
        if not agreed:
            raise Declined("cancelled", hint="AWS was not called")

    return agree


def cost_text(cost: Cost) -> str:
    """What the check will do, in three lines."""
    source = "the source of the profile" if cost.provider else ""
    sts = f"STS {_times(cost.sts)}"
    codes = _codes(cost.codes)
    called = f"{source}, and {sts}" if source and cost.sts else source or sts
    cached = ""
    if cost.cached:
        cached = (
            f"; the MFA session comes from the cache (if AWS no longer accepts it: STS {_times(2)} more, "
            f"with {_codes(cost.again_codes)})"
        )
    return (
        f"Profile {safe(cost.profile)}: calls {called}, with {codes}{cached}.\n"
        f"If AWS refuses a link: STS {_times(cost.more_sts)} more, and IAM {_times(cost.iam)} at most. These calls only read.\n"
        "No session is printed, cached or logged."
    )


def _codes(count: int) -> str:
    return f"{count} MFA code{'s' if count > 1 else ''}" if count else "no MFA code"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def emit_report(env: Mapping[str, str], report: LiveReport, *, now: float) -> None:
    """Print the report for the user."""
    lines = [("", report.profile)]
    for number, link in enumerate(report.links, 1):
        last = number == len(report.links)
        lines.append(("└─ " if last else "├─ ", f"{number}. {link.title}"))
        lines.append((f"{'     ' if last else '│    '}{_result(link, now)}", ""))
    emit_titled(lines, bold=use_color(env))
    emit("")
    if report.refusal is None:
        emit(f"AWS accepts the key: {report.identity}." if report.identity else "Every link passed.")
        return
    _refusal(report.refusal)


def _result(link: LinkResult, now: float) -> str:
    if link.result != "passed":
        return "refused" if link.result == "refused" else "not run"
    left = "" if link.expires is None else f", expires in {span(link.expires - now)}"
    return f"passed, {'from the cache' if link.cached else 'fetched now'}{left}"


def _refusal(found: LiveRefusal) -> None:
    said, code = " ".join(found.said.split()), safe(found.code, limit=80)
    emit(f"Link {found.link} was refused: {code}{f': {said}' if said else ''}")
    if found.call.caller:
        emit(f"The caller is {safe(found.call.caller)}.")
    emit("")
    causes = found.diagnosis.causes
    if found.diagnosis.certain:
        emit("The cause:" if len(causes) == 1 else "The causes, all of which you need to fix:")
    else:
        if found.diagnosis.allowed_by_caller:
            emit("The role's side refuses: the caller's policies allow the call.")
        emit("awsvault-py cannot tell the cause. It is one of these, or several:")
    for cause in causes:
        emit(f"- {_SIDES[cause.side]}: {cause.found}")
        emit(f"  → {cause.change}")
    for text in found.unread:
        emit(f"Not read: {text}.")
    call, sides = found.call, {cause.side for cause in causes}
    if found.identity_policy is not None:
        more = _in_case("caller", sides, found)
        emit(f"\nIdentity policy for {call.caller_text} in account {call.caller_account}{more}:")
        emit(json.dumps(found.identity_policy, indent=2))
    if found.trust_statement is not None:
        more = _in_case("role", sides, found)
        emit(f"\nTrust policy statement for role {call.role_name} in account {call.role_account}{more}:")
        emit(json.dumps(found.trust_statement, indent=2))


def _in_case(side: str, sides: set[str], found: LiveRefusal) -> str:
    """A remark for a policy of a side about which nothing is known, while the other side has a cause."""
    known = side in sides or not found.diagnosis.certain
    return "" if known else f", in case {_SIDES[side]} refuses too"


def document(report: LiveReport) -> dict[str, object]:
    """The report for ``--json``. docs/reference/json.md describes the fields."""
    links = [
        without_absent(
            {
                "type": link.type,
                "role_arn": link.role_arn,
                "result": link.result,
                "cached": link.cached,
                "expires": rfc3339(link.expires) if link.expires is not None else None,
            }
        )
        for link in report.links
    ]
    found = report.refusal
    head = {
        "profile": report.profile,
        "passed": found is None,
        "links": links,
        "identity": report.identity or None,
    }
    if found is None:
        return without_absent(head)
    return without_absent(
        {
            **head,
            "refused_link": found.link,
            "code": found.code,
            "answer": found.said,
            "caller": found.call.caller or None,
            "side": found.diagnosis.side,
            "certain": found.diagnosis.certain,
            "causes": [_cause(cause) for cause in found.diagnosis.causes],
            "unread": list(found.unread),
            "identity_policy": found.identity_policy,
            "trust_statement": found.trust_statement,
        }
    )


def _cause(cause: Cause) -> dict[str, object]:
    return {"cause": cause.kind, "side": cause.side, "found": cause.found, "change": cause.change}


def summary(report: LiveReport) -> tuple[str, str, str] | None:
    """The place, the message and the hint of doctor's finding; None if every link passed."""
    found = report.refusal
    if found is None:
        return None
    link, causes = report.links[found.link - 1], found.diagnosis.causes
    message = f"AWS refused link {found.link}, {link.title}: {'; or '.join(cause.found for cause in causes)}"
    if found.diagnosis.certain:
        message = message.replace("; or ", "; and ")
    details = command("explain --live", report.profile)
    if len(causes) > 1:
        return f"profile {report.profile}", message, f"to see what to change for each cause, run: {details}"
    change = causes[0].change
    if found.identity_policy is not None or found.trust_statement is not None:
        change += f"; to print it, run: {details}"
    return f"profile {report.profile}", message, change

"""Exports that call STS, with the agent open: at once, and with the delay of a network; beside other tools' calls."""

from __future__ import annotations

from scripts.measuring.rivals import boto3
from scripts.measuring.rows import Found, bar, bare, row
from scripts.measuring.runs import Command, Series, rounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.measuring.doors import Doors
    from scripts.measuring.places import Clean, Home
    from scripts.measuring.rivals import Rival

DELAY = 150  # ms: a far region


def cold(
    clean: Clean, doors: Doors, home: Home, proxied: Home | None, rivals: Sequence[Rival], count: int
) -> Found:
    """``proxied``: a home that is led as the rivals that do not know AWS_ENDPOINT_URL are; None if there are none."""
    found = Found()
    home.warm()
    commands = {"bare": bare(clean, home), "two": home.cold(), "kept": home.kept()}
    if proxied is not None:
        proxied.warm()
        commands |= {"two, proxy": proxied.cold(), "kept, proxy": proxied.kept()}
    commands |= {rival.name: rival.role() for rival in rivals}
    for delay in (0, DELAY):
        more: dict[str, Command] = {} if delay else {"boto3": boto3(home)}
        with doors.slower(delay):
            found += described(rounds(commands | more, count), rivals, delay)
    return found


def described(found: dict[str, Series], rivals: Sequence[Rival], delay: int) -> Found:
    """The rows of one delay."""
    late = f", {delay} ms at STS" if delay else ""
    rows = [
        row(
            f"cold `export` of a role, session of the key kept{late} / bare",
            found["kept"],
            found["bare"],
            None if delay else 4.0,
        ),
        row(f"cold `export` of a role, two calls{late} / bare", found["two"], found["bare"]),
    ]
    bars = [bar(f"awsvault-py, cold: one STS call{late}", found["kept"], highlighted=True)]
    if "boto3" in found:
        rows.append(
            row(
                "cold `export`, two calls / the same two calls by bare boto3",
                found["two"],
                found["boto3"],
                0.6,
                beside=True,
            )
        )
        bars.append(bar("bare boto3: two STS calls", found["boto3"], highlighted=False))
    for rival in rivals:
        way, said = (", proxy", ", both by a proxy with TLS") if rival.by_proxy else ("", "")
        bound = 1.2 if delay and rival.name.startswith("aws-vault") else None
        for own, what in (("kept", "one call"), ("two", "two calls")):
            text = f"cold `export`, {what}{late} / {rival.name}, a role by {rival.calls}{said}"
            rows.append(
                row(text, found[own + way], found[rival.name], bound if own == "kept" else None, beside=True)
            )
        bars.append(bar(f"{rival.name}: {rival.calls} to STS{late}", found[rival.name], highlighted=False))
    return Found(rows, bars)

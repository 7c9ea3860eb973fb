"""The commands that run all the time, by both fronts: beside the smallest program, an idle interpreter, and other tools."""

from __future__ import annotations

from scripts.measuring.rows import Found, bar, bare, row
from scripts.measuring.runs import Command, Series, once, rounds, rounds_at_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.measuring.places import Clean, Home
    from scripts.measuring.rivals import Rival

RUN_TRUE = ("exec", "dev", "--", "/bin/true")
BOUNDS = {"aws-vault": (0.3, 0.2, 0.5)}  # a kept session, a role, exec


def smallest(home: Home) -> Command:
    """The smallest program that there is."""
    return Command(("/bin/true",), home.env)


def warm(clean: Clean, home: Home, rivals: Sequence[Rival], count: int) -> Found:
    """Export, exec, the prompt and the names for completion, all answered by the agent."""
    home.warm()
    once(home.native(*RUN_TRUE))  # with it the agent knows what an exec is told
    commands = {
        "true": smallest(home),
        "bare": bare(clean, home),
        "export": home.native("export", "dev"),
        "exec": home.native(*RUN_TRUE),
        "prompt": home.native("prompt", AWS_PROFILE="dev"),
        "names": home.native("--profile-names"),
        "Python": home.export(),
        "Python exec": Command((clean.command, *RUN_TRUE), home.env),
        "Python prompt": Command((clean.command, "prompt"), {**home.env, "AWS_PROFILE": "dev"}),
    }
    for rival in rivals:
        for name, command in (("kept", rival.kept()), ("role", rival.role()), ("exec", rival.exec())):
            if command is not None:
                commands[f"{rival.name} {name}"] = command
    found = rounds(commands, count)
    true, idle = found["true"], found["bare"]
    rows = [
        row("warm `export` / `/bin/true`", found["export"], true, 2.0),
        row("warm `exec` of `/bin/true` / `/bin/true` by itself", found["exec"], true),
        row("`prompt` / `/bin/true`", found["prompt"], true, 2.5),
        row("profile names for completion / `/bin/true`", found["names"], true),
        row("warm `export`, Python front / bare", found["Python"], idle, 1.05),
        row("warm `exec`, Python front / bare", found["Python exec"], idle),
        row("`prompt`, Python front / bare", found["Python prompt"], idle),
        row("warm `export`, native front / Python front", found["export"], found["Python"]),
    ]
    bars = [
        bar("/bin/true", true, highlighted=False),
        bar("awsvault-py export, native front", found["export"], highlighted=True),
        bar("awsvault-py prompt, native front", found["prompt"], highlighted=True),
        bar("python -c pass (bare)", idle, highlighted=False),
        bar("awsvault-py export, Python front", found["Python"], highlighted=True),
    ]
    for rival in rivals:
        more = beside(rival, found)
        rows += more.rows
        bars += more.bars
    return Found(rows, bars)


def beside(rival: Rival, found: dict[str, Series]) -> Found:
    """Both fronts beside one other tool."""
    name, way = rival.name, "by the proxy, with TLS" if rival.by_proxy else "over the loopback"
    bounds = next((bounds for kind, bounds in BOUNDS.items() if name.startswith(kind)), (None, None, None))
    rows, bars = [], []
    for own, other, what, bound in (
        ("export", "kept", f"warm `export` / {name}, {rival.keeps}", bounds[0]),
        ("Python", "kept", f"… Python front / {name}, {rival.keeps}", None),
        ("export", "role", f"warm `export` / {name}, a role by {rival.calls} to STS {way}", bounds[1]),
        ("Python", "role", f"… Python front / {name}, a role by {rival.calls} to STS {way}", None),
        ("exec", "exec", f"warm `exec` / {name}'s, {rival.keeps}", bounds[2]),
        ("Python exec", "exec", f"… Python front / {name}'s, {rival.keeps}", None),
    ):
        reference = found.get(f"{name} {other}")
        if reference is None:
            continue
        rows.append(row(what, found[own], reference, bound, beside=True))
        if own == "export":
            bars.append(
                bar(f"{name}, {'kept' if other == 'kept' else 'a role'}", reference, highlighted=False)
            )
    return Found(rows, bars)


def slow(home: Home, others: Sequence[Rival], count: int) -> Found:
    """The warm export beside tools that take many times as long, in fewer rounds."""
    home.warm()
    commands = {other.name: command for other in others if (command := other.kept()) is not None}
    if not commands:
        return Found()
    found = rounds({"export": home.native("export", "dev"), **commands}, count)
    said = {other.name: other.keeps for other in others}
    return Found(
        [
            row(f"warm `export` / {name}, {said[name]}", found["export"], found[name], beside=True)
            for name in commands
        ],
        [bar(name, found[name], highlighted=False) for name in commands],
    )


def commands(clean: Clean, home: Home, count: int) -> Found:
    """The commands that only the full program has."""
    home.warm()
    lines = {
        "list": ("list",),
        "status": ("status",),
        "explain": ("explain", "dev"),
        "whoami": ("whoami", "dev"),
        "--help": ("--help",),
    }
    runs = {name: home.native(*words) for name, words in lines.items()}
    found = rounds({"bare": bare(clean, home), **runs}, count)
    return Found(
        [
            row(
                f"`{' '.join(words)}`, warm / bare",
                found[name],
                found["bare"],
                3.0 if name == "--help" else 5.0,
            )
            for name, words in lines.items()
        ],
        [bar(f"awsvault-py {name}", found[name], highlighted=True) for name in ("list", "--help")],
    )


def together(clean: Clean, home: Home, count: int) -> Found:
    """A hundred at once."""
    home.warm()
    found = rounds_at_once(
        {
            "true": smallest(home),
            "export": home.native("export", "dev"),
            "bare": bare(clean, home),
            "Python": home.export(),
        },
        count,
        together=100,
    )
    return Found(
        [
            row("100 warm at once / 100 × `/bin/true` at once", found["export"], found["true"], 3.0),
            row("100 warm at once, Python front / 100 × bare at once", found["Python"], found["bare"], 2.0),
        ]
    )

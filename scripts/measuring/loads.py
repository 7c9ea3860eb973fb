"""What is counted and not timed: calls to STS, failures, and memory."""

from __future__ import annotations

from scripts.measuring.rivals import boto3
from scripts.measuring.rows import Found, bare
from scripts.measuring.runs import ended_badly, peak, spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.measuring.places import Home
    from scripts.measuring.rivals import Rival


def calls(asked: Callable[[], int], home: Home, rivals: Sequence[Rival]) -> Found:
    """60 exports at once of two roles, from nothing cached: what each tool asked of STS, and how many runs failed."""
    home.warm()
    for profile in ("dev", "prod"):
        home.must("clear", profile)
    commands = {"awsvault-py": [home.native("export", "dev"), home.native("export", "prod")]}
    for rival in rivals:
        rival.forget()
        commands[rival.name] = [rival.export("dev"), rival.export("prod")]
    commands["bare boto3, no cache"] = [boto3(home)] * 2
    found = []
    for name, (dev, prod) in commands.items():
        before = asked()
        pids = [spawn(prod if number % 2 else dev) for number in range(60)]
        failed = ended_badly(pids)
        found.append((name, str(asked() - before), str(failed)))
    return Found(calls=found)


def storm(home: Home, asked: Callable[[], int]) -> Found:
    """A thousand warm exports in a row and two hundred at once: failures, calls, and the agent's memory."""
    home.warm()
    before, calls_before = home.agent(), asked()
    export = home.native("export", "dev")
    failed = sum(ended_badly([spawn(export)]) for _ in range(1000))
    failed += ended_badly([spawn(export) for _ in range(200)])
    after = home.agent()
    return Found(
        figures=[
            ("1,000 warm exports in a row and 200 at once: failures", str(failed)),
            ("… calls to STS", str(asked() - calls_before)),
            ("… the agent's resident memory before", before["VmRSS"]),
            ("… and after", after["VmRSS"]),
        ]
    )


def memory(home: Home) -> Found:
    """Peaks of resident memory: the agent's, and those of whole runs."""
    home.warm()
    agent, python = home.agent(), home.clean.python
    runs = {
        "`python -c pass`": bare(home.clean, home),
        "a warm `export`, Python front": home.export(),
        "an `export` from disk (its key from the agent)": home.from_disk(),
        "a cold `export`": home.cold(),
        "the same two calls by bare boto3": boto3(home),
    }
    figures = [("peak of resident memory: the agent", agent["VmHWM"])]
    for name, command in runs.items():
        if command.before is not None:
            command.before()
        figures.append((f"peak of resident memory: {name}", f"{peak(command, python)} kB"))
    return Found(figures=figures)

"""What is counted and not timed: calls to STS, failures, and memory."""

from __future__ import annotations

from scripts.measuring.rivals import boto3
from scripts.measuring.rows import Found, bare
from scripts.measuring.runs import ended_badly, once, peak, spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.measuring.places import Home
    from scripts.measuring.rivals import AwsCli, Awsume, AwsVault, Granted

    Tool = AwsCli | Awsume | AwsVault | Granted | Home


def calls(
    asked: Callable[[], int],
    home: Home,
    vault: AwsVault | None,
    cli: AwsCli | None,
    granted: Granted | None,
    awsume: Awsume | None,
) -> Found:
    """60 exports at once of two roles, from nothing cached: what each tool asked of STS, and how many runs failed."""
    home.warm()
    for profile in ("dev", "prod"):
        home.must("clear", profile)
    tools: list[tuple[str, Tool]] = [("awsvault-py", home)]
    if vault is not None:
        tools.append(("aws-vault 7.2", vault))
    if cli is not None:
        cli.forget()
        tools.append(("AWS CLI 2, its own role cache", cli))
    if granted is not None:
        granted.forget()
        tools.append(("granted 0.38", granted))
    if awsume is not None:
        tools.append(("awsume 4.5", awsume))
    commands = {name: [tool.export("dev"), tool.export("prod")] for name, tool in tools}
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
    export = home.export()
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
        "a warm `export`": home.export(),
        "an `export` from disk (its key from the agent)": home.export()._replace(before=home.drop()),
        "a cold `export`": home.cold(),
        "the same two calls by bare boto3": boto3(home),
    }
    figures = [("peak of resident memory: the agent", agent["VmHWM"])]
    for name, command in runs.items():
        if command.before is not None:
            once(command.before)
        figures.append((f"peak of resident memory: {name}", f"{peak(command, python)} kB"))
    return Found(figures=figures)

"""Take all pictures, and write them or compare their words."""

import os
import sys
import tempfile

from scripts.pictures import camera, first_run
from scripts.pictures.drawing import lines_of, said, screens_of, still
from scripts.pictures.recording import Reel, animated
from tests.fakes.aws import StandIn
from tests.unit.agent.at_home import stop, unlock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACE = os.path.join(ROOT, "docs", "pictures")
ROWS = 28  # of the recording's screen: its last one begins with the roles


def developed(*screens):
    """The picture of commands, each with its output."""
    title = "In a terminal: " + "; ".join(command for command, _ in screens)
    return still(lines_of(screens_of(*screens), camera.COLUMNS), columns=camera.COLUMNS, title=title)


def stills():
    """Each picture that does not move, by its name."""
    with tempfile.TemporaryDirectory() as root, StandIn() as aws:
        taker = camera.Camera(root, aws)
        unlock(taker.home)
        try:
            for profile in ("dev", "prod"):
                taker.home.export(profile)
            see = taker.run
            live = ("exec", "live", "--", "printenv", "AWS_REGION")
            return {
                "list": developed(
                    ("awsvault-py list", see("list")), ("awsvault-py whoami dev", see("whoami", "dev"))
                ),
                "explain": developed(("awsvault-py explain dev", see("explain", "dev"))),
                "pick": developed(
                    ("awsvault-py exec -- ./report.sh", see("exec", "--", "true", typed="read"))
                ),
                "errors": developed(
                    ("awsvault-py export prdo", see("export", "prdo")),
                    ("awsvault-py " + " ".join(live), see(*live)),
                ),
            }
        finally:
            stop(taker.home)


def first_run_svg():
    """The recording of the README, as wide as its longest line."""
    with tempfile.TemporaryDirectory() as root, StandIn() as aws:
        shown = first_run.recorded(root, aws)
    columns = max(map(len, "".join(each.text for each in shown).split("\n")))
    title = f"In a terminal: {first_run.ADD}; {first_run.ASK}"
    return animated(Reel(shown, columns=columns), columns=columns, rows=ROWS, title=title)


def main(arguments):
    """Return 0, or 1 if a picture is out of date."""
    os.makedirs(PLACE, exist_ok=True)
    for name, svg in {**stills(), "first-run": first_run_svg()}.items():
        path = os.path.join(PLACE, f"{name}.svg")
        if "--check" in arguments:
            with open(path, encoding="utf-8") as file:
                there = said(file.read())
            if there != said(svg):
                print(
                    f"docs/pictures/{name}.svg is out of date: run scripts/take-pictures\n{there}\n{said(svg)}",
                    file=sys.stderr,
                )
                return 1
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(svg)
    return 0

"""Runs of the installed command whose output becomes a picture, in homes of their own with the stand-in for AWS."""

import re

import pexpect

from tests.home import COMMAND, Home

COLUMNS, LINES = 100, 40
HOME = "/home/you"
MORE = """
[profile live]
region = eu-west-1
credential_process = awsvault-py export live
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = shared-services
awsvault_environment = production
"""


def retouched(shown, root, *, home):
    """Without what is this machine's and nobody else's. ``home`` is shown for the folder ``root``."""
    shown = shown.replace("\r", "").replace(root, home)
    shown = re.sub(r"(?<=[/:])[\w+=,.-]+@[\w.-]+", "you@laptop", shown)  # the name of a role's session
    shown = re.sub(r"AROA[A-Z0-9]+", "AROADBQP57FF2AEXAMPLE", shown)
    return "\n".join(line for line in shown.split("\n") if "127.0.0.1" not in line)


class Camera:
    """A home with an unlocked vault, the profiles of the README, and the environment of an interactive user."""

    def __init__(self, root, aws):
        self.home = Home(root, url=aws.url)
        self.home.scenario()
        with open(self.home.config_path, encoding="utf-8") as file:
            text = file.read().replace(COMMAND, "awsvault-py") + MORE
        self.home.config(text)
        self.home.make_vault()
        del self.home.env["AWSVAULT_AGENT"]
        self.env = {
            **self.home.env,
            "TERM": "xterm-256color",
            "AWSVAULT_PROMPT": "tty",
            "COLUMNS": str(COLUMNS),
        }
        del self.env["AWSVAULT_PASSPHRASE"]

    def run(self, *words, typed=None):
        """What the command wrote; with ``typed``, what stood there when that had been typed."""
        child = pexpect.spawn(
            COMMAND, list(words), env=self.env, encoding="utf-8", timeout=60, dimensions=(LINES, COLUMNS)
        )
        if typed is None:
            child.expect(pexpect.EOF)
            child.close()
            return retouched(child.before, self.home.root, home="~")
        child.expect_exact("): ")
        child.send(typed)
        child.expect(r"(Profile for \w+ \(\d+ of \d+\): " + re.escape(typed) + r"\r.*?)\x1b\[\d+A")
        drawn = child.match.group(1)
        child.sendintr()
        child.expect(pexpect.EOF)
        child.close()
        return retouched(drawn, self.home.root, home="~")

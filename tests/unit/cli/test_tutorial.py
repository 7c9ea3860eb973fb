"""docs/tutorial.md: its answers typed at a terminal, then every command of it, run in order in an empty home."""

import os
import re
import subprocess

from tests.fakes.example import SECRET, SEED
from tests.home import PASSPHRASE
from tests.patience import PATIENCE
from tests.terminal_user import Terminal

TUTORIAL = os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs", "tutorial.md")
HIDDEN = {
    "New passphrase": PASSPHRASE,
    "Repeat the new passphrase": PASSPHRASE,
    "Secret access key": SECRET,
    "MFA seed": SEED,
}


def type_the_answers(home, block):
    """Each question of the block must come as it stands there, and gets the answer beside it; what is hidden is known."""
    command, *lines = block.splitlines()
    person = Terminal(home, *command.removeprefix("$ awsvault-py ").split())
    for line in lines:
        question, answer = re.fullmatch(
            r"(.*?(?:: |\[Y/n\] |\.$))(.*)", f"{line} " if line[-1] in ":]" else line
        ).groups()
        if line.endswith("."):
            person.sees(question.strip())
            continue
        hidden = next((value for start, value in HIDDEN.items() if line.startswith(start)), answer)
        person.answers(question.replace("/home/you/.aws/config", home.config_path), hidden)
    assert person.ends() == 0
    return person.shown


def test_the_tutorial_works(home):
    """Each block ends with 0, and the last ones give credentials and a whole log. There is no ~/.aws before."""
    os.rmdir(os.path.dirname(home.config_path))
    with open(TUTORIAL, encoding="utf-8") as file:
        text = file.read()
    (asked,) = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    assert "aws sts get-caller-identity --profile dev" in type_the_answers(home, asked)
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 6
    said = {}
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], env=home.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )  # fmt: skip
        assert done.returncode == 0, (block, done.stderr)
        said[block.splitlines()[0]] = done.stdout + done.stderr
    assert "assumed-role/DeveloperRole" in said["aws sts get-caller-identity --profile dev"]
    assert "shared-services" in said["awsvault-py list"]
    assert "AWS_REGION=us-west-2" in said["awsvault-py explain dev"]
    assert '"AccountId": "222222222222"' in said["awsvault-py export dev"]
    assert re.search(r"\d records", said["awsvault-py exec --server dev -- true"])
    assert os.stat(os.path.dirname(home.config_path)).st_mode & 0o777 == 0o700

"""Every command of docs/tutorial.md, run in order in an empty home, as it stands there."""

import os
import re
import subprocess

from tests.patience import PATIENCE

TUTORIAL = os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs", "tutorial.md")


def test_the_tutorial_works(home):
    """Each block ends with 0, and the last ones give credentials and a whole log. There is no ~/.aws before."""
    os.rmdir(os.path.dirname(home.config_path))
    with open(TUTORIAL, encoding="utf-8") as file:
        blocks = re.findall(r"```sh\n(.*?)```", file.read(), re.DOTALL)
    assert len(blocks) >= 6
    said = []
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], env=home.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )  # fmt: skip
        assert done.returncode == 0, (block, done.stderr)
        said.append(done.stdout + done.stderr)
    assert "shared-services" in said[1]
    assert "AWS_REGION=us-west-2" in said[3]
    assert '"AccountId": "222222222222"' in said[4]
    assert re.search(r"\d records", said[5])
    assert os.stat(os.path.dirname(home.config_path)).st_mode & 0o777 == 0o700

"""which: the profiles of an account or a role."""

from __future__ import annotations

import json

from tests.fakes.example import DEVELOPER, READ_ONLY
from tests.home import failed


def test_which_prints_lines_and_json(home):
    """A line a profile with tabs, or JSON; nobody is asked."""
    home.scenario()
    done = home.run("which", "222222222222", AWSVAULT_PASSPHRASE=None, AWS_ENDPOINT_URL=None)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"dev\t222222222222\t{DEVELOPER}\n", "")
    found = json.loads(home.run("which", "ReadOnlyRole", "--json").stdout)
    assert found == {"profiles": [{"profile": "prod", "account": "333333333333", "identity": READ_ONLY}]}
    failed(
        home.run("which", "ReadOnlyRoll"),
        5,
        "there is no profile for ReadOnlyRoll",
        "did you mean ReadOnlyRole?",
    )

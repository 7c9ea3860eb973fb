"""explain at a terminal: where each value is set."""

from __future__ import annotations

import pytest

from tests.unit.cli import five_profiles


@pytest.fixture
def home(home):
    return five_profiles.at(home)


def test_explain_gives_each_value_its_place(home):
    """Region, role and device with the file and the line that they stand on; no call is made, no vault opened."""
    done = home.run("explain", "dev", AWSVAULT_PASSPHRASE=None)
    assert done.returncode == 0, done.stderr
    with open(home.config_path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    start = lines.index("[profile dev]")
    for key, value in (
        ("region", "us-west-2"),
        ("awsvault_role_arn", "arn:aws:iam::222222222222:role/DeveloperRole"),
    ):
        number = lines.index(f"{key} = {value}", start) + 1
        assert any(value in line for line in done.stdout.splitlines())
        assert f"~/.aws/config:{number})" in done.stdout, key

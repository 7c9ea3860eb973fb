"""explain at a terminal: where each value is set."""

from __future__ import annotations

import pytest

MORE = """
[profile live]
region = eu-west-1
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = shared-services
awsvault_environment = production

[profile broken]
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = nobody
"""


@pytest.fixture
def home(home):
    """The README's home and two more profiles: production, and one that does not resolve."""
    home.scenario()
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write(MORE)
    home.make_vault()
    return home


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

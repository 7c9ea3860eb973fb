"""The machine around us as a source, where what answers there is not what an instance or a container has."""

from __future__ import annotations

import json

import pytest

from tests.unit.aws.fetching import around, source_of
from tests.unit.aws.recorder import Recorder
from vault import errors, limits
from vault.aws import sources, wire

TEXT = "[profile a]\nrole_arn = arn:aws:iam::222222222222:role/R\ncredential_source = {source}\n"


def instance(url):
    return source_of(
        TEXT.format(source="Ec2InstanceMetadata"), env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": url}
    )


@pytest.mark.parametrize("line", [b"", b"two words", b"x" * (limits.MAX_METADATA_LINE + 1), b"\xff", b"a\tb"])
def test_a_token_that_no_instance_gives_goes_into_no_header(line, tmp_path):
    """Somebody's web page at that address is not asked any further."""
    with Recorder(bodies=[line]) as server:
        with pytest.raises(errors.Unreachable, match="is not what an instance answers"):
            sources.fetch(instance(server.url), around(tmp_path, {}))
        assert [asked.split()[0] for _, asked, _ in server.asked] == ["PUT"]


def test_a_role_that_cannot_be_assumed_is_told(tmp_path):
    """The instance says why it has no credentials: its code is passed on."""
    answer = json.dumps({"Code": "AssumeRoleUnauthorizedAccess"}).encode()
    with Recorder(bodies=[b"token", b"role", answer]) as server:
        with pytest.raises(
            errors.Unreachable, match="has no credentials: AssumeRoleUnauthorizedAccess"
        ) as raised:
            sources.fetch(instance(server.url), around(tmp_path, {}))
        assert server.asked[-1][1].split()[1].endswith("/security-credentials/role")
    assert raised.value.message.startswith("config:3: ")


@pytest.mark.parametrize(
    ("url", "hint"),
    [("http://127.0.0.1:9", "start what serves it"), ("http://169.254.169.254:9", "inside AWS")],
)
def test_the_hint_fits_where_nobody_answers(tmp_path, monkeypatch, url, hint):
    """An address of AWS's own exists inside AWS; one of this machine's has a server that somebody starts."""

    def refused(*_, **__):
        raise errors.Unreachable("no connection to it: Connection refused")

    monkeypatch.setattr(wire, "send", refused)
    with pytest.raises(
        errors.Unreachable, match="config:3: the instance's metadata: no connection"
    ) as raised:
        sources.fetch(instance(url), around(tmp_path, {}))
    assert hint in raised.value.hint


def test_an_address_that_is_none_is_a_mistake_of_configuration(tmp_path):
    """The line of the profile is named with what it leads to."""
    with pytest.raises(errors.ConfigError, match="config:3: ftp://x is no address of a host"):
        sources.fetch(instance("ftp://x"), around(tmp_path, {}))


@pytest.mark.parametrize("token", ["é", "two\nlines"])
def test_a_containers_token_that_no_header_takes_is_not_sent(tmp_path, token):
    """A header with a line break would be two."""
    with Recorder() as server:
        env = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/x",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        }
        with pytest.raises(errors.ConfigError, match="authorization token cannot be a header") as raised:
            sources.fetch(source_of(TEXT.format(source="EcsContainer")), around(tmp_path, env))
        assert server.asked == []
    assert token not in raised.value.message

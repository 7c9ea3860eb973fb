"""Clients of boto3 that know only what they are given."""

from __future__ import annotations

import os
import sys

import pytest
from botocore.session import Session

from vault.aws import boto_session
from vault.aws.service_endpoint import ServiceEndpoint
from vault.profiles.endpoints import PARTITIONS

ENDPOINT = ServiceEndpoint("https://s3.eu-west-1.amazonaws.com", "eu-west-1", service="s3")


def test_models_of_the_home_folder_are_not_read(monkeypatch, tmp_path):
    """A file there could change what a request says."""
    model = tmp_path / ".aws" / "models" / "s3" / "2030-01-01" / "service-2.json"
    model.parent.mkdir(parents=True)
    model.write_text(
        '{"metadata": {"serviceId": "Other", "signatureVersion": "s3"}, "operations": {}, "shapes": {}}'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / ".aws" / "models"))
    client = boto_session.client("s3", endpoint=ENDPOINT)
    assert client.meta.service_model.api_version == "2006-03-01"


def test_no_credentials_are_looked_for(monkeypatch):
    """Those of the environment are other tools'."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAI44QH8DHBEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert (
        boto_session.client("s3", endpoint=ENDPOINT).meta.config.signature_version.__class__.__name__ != "str"
    )


def test_no_variable_changes_a_setting(monkeypatch):
    """Whatever botocore would read: each setting has its default, or what is set here."""
    expected = {name: default for name, (_, _, default, _) in Session.SESSION_VARIABLES.items()}
    for _, variables, _, _ in Session.SESSION_VARIABLES.values():
        for variable in [variables] if isinstance(variables, str) else variables or []:
            monkeypatch.setenv(variable, "7")
    monkeypatch.setenv("AWS_S3_USE_ARN_REGION", "true")
    found = boto_session._isolated("eu-west-1")._session.get_component("config_store")
    assert {name: found.get_config_variable(name) for name in expected} == {
        **expected,
        **boto_session._SET,
        "region": "eu-west-1",
    }
    assert found.get_config_variable("s3") is None


@pytest.mark.parametrize("service", ["s3", "iam"])
@pytest.mark.parametrize(
    "variable",
    ["AWS_DEFAULTS_MODE", "AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "AWS_RETRY_MODE"],
)  # fmt: skip
def test_a_wrong_value_in_the_environment_is_no_error(monkeypatch, service, variable):
    """It is for other tools."""
    monkeypatch.setenv(variable, "nonsense")
    assert boto_session.client(service, endpoint=ENDPOINT).meta.service_model.service_name == service


def test_no_plugin_is_loaded(monkeypatch, tmp_path):
    """It would get each request. Programs that are started later still find the variable."""
    (tmp_path / "a_plugin_of_botocore.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("BOTOCORE_EXPERIMENTAL__PLUGINS", "one=a_plugin_of_botocore")
    boto_session.client("s3", endpoint=ENDPOINT)
    assert "a_plugin_of_botocore" not in sys.modules
    assert os.environ["BOTOCORE_EXPERIMENTAL__PLUGINS"] == "one=a_plugin_of_botocore"


def test_every_partition_has_regions():
    names = boto_session.region_names()
    assert {partition.region for partition in PARTITIONS} <= names

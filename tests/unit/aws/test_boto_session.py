"""Clients of boto3 that know only what they are given."""

from __future__ import annotations

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


def test_every_partition_has_regions():
    names = boto_session.region_names()
    assert {partition.region for partition in PARTITIONS} <= names

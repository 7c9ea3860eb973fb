"""boto3's clients without what boto3 would take from the machine: no key, no profile, no file of AWS's, no variable, no log.

The only file that imports boto3. What a client sends and gets is the business of its user (boto_iam, boto_s3).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vault.aws.credentials import Credentials
    from vault.aws.service_endpoint import ServiceEndpoint

# What is set instead of botocore's defaults, some of which name a file or a host to ask.
_SET: dict[str, Any] = {
    "config_file": os.devnull,
    "credentials_file": os.devnull,
    "metadata_service_num_attempts": 0,
}
_SECTIONS = ("s3", "proxies_config")  # of AWS's files, with variables of their own
_PLUGINS = "BOTOCORE_EXPERIMENTAL__PLUGINS"  # names modules that botocore imports and gives each client


def client(
    service: str,
    *,
    endpoint: ServiceEndpoint,
    signs: Credentials | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Any:
    """A client of ``service`` at ``endpoint``, which sends each request once. Without ``signs`` it signs nothing.

    ``settings`` are botocore's, beside those that every client has here.
    """
    from botocore import UNSIGNED
    from botocore.config import Config

    session = _isolated(endpoint.region)
    given: dict[str, Any] = {
        "retries": {"total_max_attempts": 1, "mode": "standard"},
        "use_fips_endpoint": False,
        "use_dualstack_endpoint": False,
        **(settings or {}),
    }
    more: dict[str, Any] = {}
    if signs is None:
        given["signature_version"] = UNSIGNED
    else:
        more = {
            "aws_access_key_id": signs.access_key_id,
            "aws_secret_access_key": signs.secret.reveal_text(),
            "aws_session_token": signs.token.reveal_text() if signs.token is not None else None,
        }
    plugins = os.environ.pop(_PLUGINS, None)
    try:
        return session.client(service, endpoint_url=endpoint.url, config=Config(**given), **more)
    finally:
        if plugins is not None:
            os.environ[_PLUGINS] = plugins


def _isolated(region: str) -> Any:
    """boto3's session. Each of its variables has its default, whatever the environment says.

    A variable could make it send each request's session token to another host (AWS_CSM_HOST), ask the metadata service, or fail.
    """
    import logging

    import boto3
    import botocore.session
    from botocore.configprovider import ConstantProvider
    from botocore.loaders import Loader

    logging.getLogger("botocore").setLevel(
        logging.CRITICAL
    )  # it logs headers, and one of them is a session token
    usual: Any = botocore.session.Session.SESSION_VARIABLES
    alone = {name: (None, None, _SET.get(name, default), None) for name, (_, _, default, _) in usual.items()}
    isolated: Any = botocore.session.Session(alone)
    for section in _SECTIONS:
        isolated.get_component("config_store").set_config_provider(section, ConstantProvider(None))
    isolated.register_component("data_loader", _own_data(Loader))  # the models of ~/.aws would come first
    return boto3.Session(region_name=region, botocore_session=isolated)


def preload() -> None:
    """Load the SDK before a time begins that is for the network."""
    import boto3  # noqa: F401
    import botocore.session  # noqa: F401


def region_names() -> frozenset[str]:
    """The regions of every partition, as the installed botocore knows them. Reads only botocore's own data."""
    from botocore.loaders import Loader

    partitions = _own_data(Loader).load_data("partitions")["partitions"]
    return frozenset(region for partition in partitions for region in partition["regions"])


def _own_data(loader: Any) -> Any:
    return loader(extra_search_paths=[loader.BUILTIN_DATA_PATH], include_default_search_paths=False)

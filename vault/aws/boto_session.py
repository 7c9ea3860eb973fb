"""boto3's clients without what boto3 would take from the machine: no key, no profile, no file of AWS's, no log.

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

# What botocore's session would take from the environment. Set here, so that it does not look there.
_ISOLATED: dict[str, tuple[None, None, Any, None]] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "metadata_service_num_attempts": (None, None, 0, None),
}


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
    import logging

    import boto3
    import botocore.session
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.loaders import Loader

    logging.getLogger("botocore").setLevel(
        logging.CRITICAL
    )  # it logs headers, and one of them is a session token
    isolated = botocore.session.Session(_ISOLATED)
    isolated.register_component("data_loader", _own_data(Loader))  # the models of ~/.aws would come first
    session: Any = boto3.Session(region_name=endpoint.region, botocore_session=isolated)
    given: dict[str, Any] = {
        "retries": {"total_max_attempts": 1, "mode": "standard"},
        "use_fips_endpoint": False,
        "use_dualstack_endpoint": False,
        **(settings or {}),
    }
    if signs is None:
        return session.client(
            service, endpoint_url=endpoint.url, config=Config(signature_version=UNSIGNED, **given)
        )
    return session.client(
        service,
        endpoint_url=endpoint.url,
        config=Config(**given),
        aws_access_key_id=signs.access_key_id,
        aws_secret_access_key=signs.secret.reveal_text(),
        aws_session_token=signs.token.reveal_text() if signs.token is not None else None,
    )


def region_names() -> frozenset[str]:
    """The regions of every partition, as the installed botocore knows them. Reads only botocore's own data."""
    from botocore.loaders import Loader

    partitions = _own_data(Loader).load_data("partitions")["partitions"]
    return frozenset(region for partition in partitions for region in partition["regions"])


def _own_data(loader: Any) -> Any:
    return loader(extra_search_paths=[loader.BUILTIN_DATA_PATH], include_default_search_paths=False)

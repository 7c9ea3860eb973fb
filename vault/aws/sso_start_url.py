"""Start URLs of IAM Identity Center under a company's own host name, which redirect to AWS's.

The host is asked once, without any token or cookie, and only where it leads counts: it must be AWS's, by one redirect.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from vault import errors
from vault.aws import transport
from vault.http.target import parse_target
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.http.target import Target
    from vault.profiles.aws_files import Setting
    from vault.system.clock import Deadline

# As in the AWS CLI 2.36 (customizations/sso/resolve.py).
_HOSTS = (
    "identitycenter.amazonaws.com",
    "identitycenter.amazonaws.com.cn",
    "identitycenter.amazonaws.eu",
    "identitycenter.us-gov.amazonaws.com",
)
_BELOW = (
    ".app.aws",
    ".portal.amazonaws.com",
    ".portal.amazonaws.com.cn",
    ".app.amazonwebservices.com.cn",
    ".portal.amazonaws.eu",
    ".api.amazonwebservices.eu",
    ".awsapps.com",
    ".awsapps.cn",
)
_REDIRECTS = (301, 302, 303, 307, 308)
_NO_HEAD = (405, 501)


def at_aws(start_url: str, *, place: str, deadline: Deadline, ca_bundle: Setting | None = None) -> str:
    """The start URL of AWS's to which ``start_url`` leads; ``start_url`` itself if it does not redirect, or cannot be asked.

    ``place`` is where the URL is set. ConfigError for a redirect to another host than AWS's.
    """
    to = _target(start_url)
    if to is None or to.scheme != "https" or _is_aws(to.name):
        return start_url
    location = _location(to, deadline=deadline, ca_bundle=ca_bundle)
    if location is None:
        return start_url
    found = _target(location, base=start_url)
    if found is None or found.scheme != "https" or not _is_aws(found.name):
        raise errors.ConfigError(
            f"{place}: the start URL {safe(start_url)} redirects to {safe(location)}, which is not an AWS start URL",
            hint="use the URL of your AWS access portal, such as https://d-1234567890.awsapps.com/start",
        )
    return f"https://{found.host}{found.path.rstrip('/')}"


def _target(url: str, *, base: str = "") -> Target | None:
    """The parts of a URL without its query and fragment; None for what is no URL. ``base`` is that of a relative one."""
    try:
        return parse_target(urlsplit(urljoin(base, url))._replace(query="", fragment="").geturl())
    except ValueError:
        return None


def _location(to: Target, *, deadline: Deadline, ca_bundle: Setting | None) -> str | None:
    """Where the host redirects to; None if it does not, or does not answer: then AWS says whether it knows the URL."""
    headers = {"host": to.host, "user-agent": "awsvault-py"}
    try:
        reply = transport.send(to, method="HEAD", headers=headers, deadline=deadline, ca_bundle=ca_bundle)
        if reply.status in _NO_HEAD:
            reply = transport.send(to, method="GET", headers=headers, deadline=deadline, ca_bundle=ca_bundle)
    except errors.Unreachable:
        return None
    return reply.headers.get("location") if reply.status in _REDIRECTS else None


def _is_aws(name: str) -> bool:
    name = name.lower().rstrip(".")
    return name in _HOSTS or any(name.endswith(end) or name == end[1:] for end in _BELOW)

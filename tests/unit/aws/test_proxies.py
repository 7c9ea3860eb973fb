"""The proxy for a call, compared with botocore's in the same environment."""

from __future__ import annotations

import itertools
import os
import sys
from urllib.parse import urlsplit

import pytest
from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies

from vault import errors
from vault.aws import proxies
from vault.http.target import parse_target

URLS = ("https://sts.eu-west-1.amazonaws.com/", "http://sts.example.test:8080/x")
FAMILIES = {
    "http": "http://h-{}:3128",
    "https": "http://s-{}:3128",
    "all": "http://a-{}:3128",
    "no": "example.test,{}",
}


def proxy_of_botocore(url, env, monkeypatch):
    """The host and port of the proxy that botocore uses for ``url``, or None."""
    monkeypatch.setattr(os, "environ", env)
    found = ProxyConfiguration(get_environ_proxies(url)).proxy_url_for(url)
    monkeypatch.undo()
    if found is None:
        return None
    parts = urlsplit(found)
    return parts.hostname, parts.port


def proxy_here(url, env):
    found = proxies.proxy_for(parse_target(url), env)
    return None if found is None else (found.name, found.port)


def test_each_pair_of_set_empty_and_unset_as_botocore(monkeypatch):
    """All of http_proxy, https_proxy, all_proxy and no_proxy, each in lower and upper case: 6,561 environments."""
    ways = []
    for family, value in FAMILIES.items():
        lower, upper = f"{family}_proxy", f"{family.upper()}_PROXY"
        choices = itertools.product(
            ({}, {lower: ""}, {lower: value.format("lower")}),
            ({}, {upper: ""}, {upper: value.format("upper")}),
        )
        ways.append([one | other for one, other in choices])
    compared = 0
    for chosen in itertools.product(*ways):
        env = {name: value for each in chosen for name, value in each.items()}
        for url in URLS:
            assert proxy_here(url, env) == proxy_of_botocore(url, env, monkeypatch), (url, env)
            compared += 1
    assert compared == 2 * 9**4


@pytest.mark.parametrize(
    "env",
    [
        {"REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil:1"},
        {"REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil:1", "http_proxy": "http://good:1"},
        {"REQUEST_METHOD": "GET", "HTTPS_PROXY": "http://good:1"},
        {"Http_Proxy": "http://mixed:1"},
        {"HTTP_proxy": "http://mixed:1", "HTTP_PROXY": "http://upper:1"},
        {"HTTP_PROXY": "http://first:1", "Http_Proxy": "http://second:1"},
        {"http_proxy": "", "HTTP_proxy": "http://mixed:1"},
        {"HTTP_proxy": "http://mixed:1", "http_proxy": ""},
    ],
)
def test_rarer_names_as_botocore(env, monkeypatch):
    """Mixed case, and a CGI program, where HTTP_PROXY is a header from the client."""
    for url in URLS:
        assert proxy_here(url, env) == proxy_of_botocore(url, env, monkeypatch)


NO = [
    "*", "*,x", "x,*", " * ", "example.test", ".example.test", "..example.test", "EXAMPLE.test", "test", "st", "sts.example.test",
    "ts.example.test", "sts.example.test:8080", "sts.example.test:443", "example.test:8080", ":8080", "a b", "x sts.example.test",
    " sts.example.test , y", ",,", "10.0.0.0/8", "10.1.2.3", "10.1", "3", "[fd00::1]", "fd00::1", "[fd00::1]:8080", "amazonaws.com",
    "sts.example.test.", "*.example.test", "http://sts.example.test",
]  # fmt: skip
HOSTS = [
    "http://sts.example.test:8080", "https://sts.example.test", "https://sts.example.test:443", "http://10.1.2.3:8080",
    "https://10.1.2.3", "https://[fd00::1]", "http://[fd00::1]:8080", "https://sts.eu-west-1.amazonaws.com",
    "http://STS.Example.TEST",
]  # fmt: skip


@pytest.mark.parametrize("listed", NO)
def test_no_proxy_as_botocore(listed, monkeypatch):
    """Names, ends of domains, ports, and values that only look like one."""
    env = {"http_proxy": "http://p:1", "https_proxy": "http://p:1", "no_proxy": listed}
    for url in HOSTS:
        assert proxy_here(url, env) == proxy_of_botocore(url, env, monkeypatch), url


@pytest.mark.parametrize("url", ["http://p:1", "p:1", "//p:1", "http://user:pass@p:1", "user:pass@p:1", "10.0.0.1:1", "http://[fd00::1]:1"])  # fmt: skip
def test_proxy_url_as_botocore(url, monkeypatch):
    """With and without a scheme."""
    env = {"https_proxy": url}
    assert proxy_here(URLS[0], env) == proxy_of_botocore(URLS[0], env, monkeypatch)


def test_invalid_proxy_names_its_variable():
    """In the case in which it is set, so that the user finds it."""
    for variable in ("https_proxy", "HTTPS_PROXY", "Https_Proxy"):
        with pytest.raises(errors.ConfigError, match=rf"^{variable} is not the URL"):
            proxy_here(URLS[0], {variable: "socks5://p:1"})


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "https://127.3.2.1", "http://localhost:1", "https://[::1]:1"]
)
def test_this_machine_is_asked_directly(url):
    """A proxy would ask its own machine. AWS's Go tools have this rule; botocore uses the proxy."""
    env = {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:1"}
    assert proxy_here(url, env) is None


@pytest.mark.parametrize(
    ("url", "env", "name"),
    [
        ("https://sts.amazonaws.com", {"HTTPS_PROXY": "http://proxy.example:3128"}, "proxy.example"),
        (
            "https://sts.amazonaws.com",
            {"https_proxy": "proxy.example:3128", "HTTPS_PROXY": "http://no:1"},
            "proxy.example",
        ),
        ("https://sts.amazonaws.com", {"HTTP_PROXY": "http://proxy.example:3128"}, None),
        ("https://sts.amazonaws.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x, .amazonaws.com"}, None),
        ("https://sts.amazonaws.com", {"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, None),
        ("https://notamazonaws.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "amazonaws.com"}, "p"),
        ("http://127.0.0.1:80", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "127.0.0.1"}, None),
    ],
)
def test_order_of_the_variables(url, env, name):
    """Lower case before upper; NO_PROXY matches whole labels."""
    found = proxies.proxy_for(parse_target(url), env)
    assert (found.name if found else None) == name


def test_password_of_a_proxy_goes_only_into_its_header():
    """User and password are removed from the URL and percent-decoded."""
    found = proxies.proxy_for(parse_target("https://x.example"), {"HTTPS_PROXY": "http://me:p%40ss@p:1"})
    assert (found.name, found.authorization) == ("p", "Basic bWU6cEBzcw==")


@pytest.mark.parametrize("url", ["socks5://p:1", "https://p:1", "http://", "http://p:port"])
def test_unsupported_proxy_is_an_error(url):
    """Otherwise the call would go another way than the user expects."""
    with pytest.raises(errors.ConfigError, match="HTTPS_PROXY"):
        proxies.proxy_for(parse_target("https://x.example"), {"HTTPS_PROXY": url})


@pytest.mark.parametrize("url", ["http://proxy.example:3128", "proxy.example:3128", "//proxy.example:3128/"])
def test_a_plain_url_is_read_without_urllib(url, monkeypatch):
    """Whose import takes a third of Python's start."""
    monkeypatch.setitem(sys.modules, "urllib.parse", None)
    to = parse_target("https://sts.amazonaws.com")
    assert proxies.proxy_for(to, {"HTTPS_PROXY": url}) == ("proxy.example", 3128, "")

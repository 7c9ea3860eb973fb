"""The resolver beside botocore on generated profile graphs: the same chain, or an error on both sides.

RESOLUTION_GRAPHS says how many graphs: 500, and 5,000 in scripts/compare-resolution. docs/resolution.md lists every disagreement
that is meant, and DECIDED is that list.
"""

import os
from collections import Counter

import pytest

from tests.data import path_of
from tests.properties.graphs import Graph, chain_of_awsvault_py, chain_of_botocore, session_of, write
from vault import errors
from vault.profiles.aws_files import decode, merge
from vault.profiles.ini_parser import parse
from vault.profiles.resolve import resolve

GRAPHS = int(os.environ.get("RESOLUTION_GRAPHS", "500"))

# Where we refuse what botocore takes: (name, whether our message is that refusal).
DECIDED = (
    # botocore drops such a duration without a word, or sends one that AWS refuses.
    ("duration", lambda message: "duration_seconds must be" in message),
)


def config_of(texts):
    return merge(
        parse(texts[0], path="config", kind="config"), parse(texts[1], path="credentials", kind="credentials")
    )


def chain_here(config, name, *, as_sdk=False, entries=()):
    """Our chain in botocore's shape, or ("error", message)."""
    try:
        return chain_of_awsvault_py(
            resolve(config, name, env={}, has_entry=lambda entry: entry in entries, as_sdk=as_sdk)
        )
    except errors.Error as error:
        return "error", error.message


def disagreement(mine, his):
    """None where both say the same; the name of a decided difference; else both, to be looked at."""
    if mine == his or mine[0] == his[0] == "error":
        return None
    if mine[0] == "error":
        return next((name for name, decides in DECIDED if decides(mine[1])), f"{mine} {his}")
    return f"{mine} {his}"


@pytest.mark.usefixtures("untraced")
def test_generated_graphs(tmp_path):
    """Every profile of every graph, plain, with our prefix, and as an SDK reads the prefixed file."""
    seen = Counter()
    for seed in range(GRAPHS):
        graph = Graph(seed)
        plain, prefixed = graph.texts(prefixed=False), graph.texts(prefixed=True)
        folders = [tmp_path / "plain", tmp_path / "prefixed"]
        for folder in folders:
            folder.mkdir(exist_ok=True)
        paths = [write(folder, texts) for folder, texts in zip(folders, (plain, prefixed), strict=True)]
        names, plain_config, prefixed_config = [*graph.names, "nobody"], config_of(plain), config_of(prefixed)
        session = session_of(*paths[0])
        his = {name: chain_of_botocore(session, name) for name in names}
        session = session_of(*paths[1])
        for name in names:
            compared = [
                (chain_here(plain_config, name), his[name]),
                (chain_here(prefixed_config, name), his[name]),
                (chain_here(prefixed_config, name, as_sdk=True), chain_of_botocore(session, name)),
            ]
            for mine, other in compared:
                found = disagreement(mine, other)
                assert found is None or found in dict(DECIDED), f"graph {seed}, profile {name}: {found}"
                seen[found or mine[0]] += 1
    # The graphs must be worth comparing: chains as well as errors, and every decided difference.
    assert seen["chain"] > GRAPHS
    assert seen["error"] > GRAPHS
    assert all(seen[name] for name, _ in DECIDED)


STATIC = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token")
OTHER_SOURCES = {
    "web_identity_token_file", "sso_account_id", "sso_role_name", "sso_session", "login_session", "credential_process"
}  # fmt: skip


def keys_moved(graph):
    """Takes whole keys out of the graph's profiles; their profiles by the key that botocore must find there."""
    moved = {}
    for number, name in enumerate(graph.names):
        places = [place[name] for place in (graph.config, graph.credentials) if name in place]
        held = {key for place in places for key in place}
        if held.issuperset(STATIC[:2]) and not held & OTHER_SOURCES:
            moved[f"AKIAIOSFODNN7EXAMPLE{number}"] = name
            for place in places:
                for key in STATIC:
                    place.pop(key, None)
    return moved


@pytest.mark.usefixtures("untraced")
def test_keys_in_the_vault(tmp_path):
    """A key that moves from a profile into the vault leads to the same chains: it ends them as a plaintext key does."""
    seen = Counter()
    for seed in range(GRAPHS):
        graph = Graph(seed)
        moved = keys_moved(graph)
        if not moved:
            continue
        config = config_of(graph.texts(prefixed=True))
        for key, name in moved.items():
            place = graph.config if name in graph.config else graph.credentials
            place[name] |= {STATIC[0]: key, STATIC[1]: "secret"}
        session = session_of(*write(tmp_path, graph.texts(prefixed=False)))
        for name in graph.names:
            his = chain_of_botocore(session, name)
            if his[0] == "chain" and his[1][0] == "static" and his[1][1] in moved:
                his = ("chain", ("vault", moved[his[1][1]]), his[2])
            mine = chain_here(config, name, entries=moved.values())
            found = disagreement(mine, his)
            assert found is None or found in dict(DECIDED), f"graph {seed}, profile {name}: {found}"
            seen[mine[1][0] if mine[0] == "chain" else "error"] += 1
    assert seen["vault"] > GRAPHS / 3
    assert seen["error"] > GRAPHS / 10


def corpus(config_name, credentials_name):
    """A corpus's two texts and all its profiles, as botocore counts them."""
    texts = []
    for name in (config_name, credentials_name):
        with open(path_of(name), "rb") as file:
            texts.append(decode(file.read(), path=name))
    return texts


RUBY = ("aws-sdk-ruby/mock_shared_config", "aws-sdk-ruby/mock_shared_credentials")
RUBY_PROFILES = sorted(config_of(corpus(*RUBY)).profiles)
GO = ("aws-sdk-go-v2/config_source_shared",)
GO_PROFILES = sorted(parse(corpus(GO[0], GO[0])[0], path="config", kind="config").profiles)


@pytest.mark.parametrize("name", RUBY_PROFILES)
def test_ruby_corpus(name):
    """Each profile of the Ruby SDK's corpus resolves as botocore resolves it."""
    his = chain_of_botocore(session_of(*(path_of(part) for part in RUBY)), name)
    assert disagreement(chain_here(config_of(corpus(*RUBY)), name), his) is None


@pytest.mark.parametrize("name", GO_PROFILES)
def test_go_corpus(name, tmp_path):
    """Each profile of the Go SDK's corpus resolves as botocore resolves it."""
    empty = tmp_path / "credentials"
    empty.write_text("")
    text = corpus(GO[0], GO[0])[0]
    assert (
        disagreement(
            chain_here(config_of((text, "")), name),
            chain_of_botocore(session_of(path_of(GO[0]), str(empty)), name),
        )
        is None
    )


def test_corpora_are_whole():
    """All of the corpora's profiles are looked at."""
    assert len(RUBY_PROFILES) >= 75
    assert len(GO_PROFILES) >= 12

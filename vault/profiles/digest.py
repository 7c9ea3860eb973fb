"""The digest that names a cached session: SHA-256 of every value that decides it. Pure, no files, no clock."""

from __future__ import annotations

from vault.profiles import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.chain import Link, Source
    from vault.profiles.endpoints import Endpoint

_VERSION = 1

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _json_string(value: str) -> str:
    """``value`` as a JSON string in ASCII, as json.dumps writes it. Importing json would cost a cache hit 8 ms."""
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    out = []
    for character in value:
        code = ord(character)
        if character in _ESCAPES:
            out.append(_ESCAPES[character])
        elif " " <= character <= "~":
            out.append(character)
        elif code < 0x10000:
            out.append(f"\\u{code:04x}")
        else:
            code -= 0x10000
            out.append(f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}")
    return '"' + "".join(out) + '"'


def canonical(value: object) -> str:
    """JSON with sorted keys, without spaces, in ASCII; for str, int, bool, None, and tuples and dicts of them."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return _json_string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json_string(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, tuple):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    raise TypeError(type(value).__name__)


def _endpoint_values(endpoint: Endpoint) -> tuple[str, ...]:
    return (endpoint.region, endpoint.address, endpoint.partition)


def _source_values(source: Source) -> tuple[object, ...]:
    match source:
        case chain.VaultKey():
            return ("vault", source.entry)
        case chain.StaticKeys():
            return ("static", source.access_key_id, source.token is not None)
        case chain.Process():
            return ("process", source.command, source.environment_digest)
        case chain.WebIdentity():
            token = source.token_file or source.token_process
            named = (source.role_session_name, source.duration_seconds, _endpoint_values(source.endpoint))
            return ("web", source.role_arn, source.token_file is not None, token, *named)
        case chain.Sso():
            return (
                "sso",
                source.session,
                source.start_url,
                source.region,
                source.account_id,
                source.role_name,
                source.portal,
            )
        case chain.Login():
            return ("login", source.session)
        case chain.NamedSource():
            return ("named", source.name, source.endpoint, source.environment_digest)


def _link_values(link: Link) -> dict[str, object]:
    match link:
        case chain.FetchSource():
            return {"fetch": _source_values(link.source)}
        case chain.SessionToken():
            return {"session": link.duration, "mfa": link.mfa_serial, "at": _endpoint_values(link.endpoint)}
        case chain.AssumeRole():
            hop = link.hop
            policy = link.policy  # only if there is one, so that sessions without it keep their names
            narrowed = {"policy": (policy.document, policy.arns)} if policy is not None else {}
            return {
                "role": hop.role_arn,
                "external_id": hop.external_id,
                "name": hop.role_session_name,
                "duration": link.duration,
                "mfa": link.with_code,
                "source_identity": hop.source_identity,
                "tags": hop.session_tags,
                "transitive": hop.transitive_tag_keys,
                "read_only": link.read_only,
                "at": _endpoint_values(hop.endpoint),
                **narrowed,
            }


def digest(source: Source, links: tuple[Link, ...], *, vault_id: bytes, access_key_id: str | None) -> bytes:
    """The 32 bytes that name the session of the last of ``links``.

    For a link inside a plan, pass the links up to it. ``access_key_id`` is the ID of the vault's entry or of the static
    key: a new key gives another digest. Plans that share their first links share those digests, whatever their
    profiles.
    """
    from vault.crypto.sha256 import sha256

    body: dict[str, object] = {
        "v": _VERSION,
        "vault": vault_id.hex(),
        "source": _source_values(source),
        "key": access_key_id,
        "links": tuple(_link_values(link) for link in links),
    }
    return sha256(canonical(body).encode("ascii")).digest()

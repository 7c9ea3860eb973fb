"""The call for one link of a chain, to AWS or to its source: its code, its endpoint and its messages. Caches nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.aws import credential_json
from vault.cache.entries import Cached
from vault.credentials.mfa_code import MfaDevice
from vault.credentials.session_name import default_session_name
from vault.profiles.chain import AssumeRole, FetchSource, SessionToken
from vault.profiles.values import account_of
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.connections import ConnectionPool
    from vault.aws.credentials import Credentials, Session
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.context import Context
    from vault.credentials.mfa_code import Codes
    from vault.credentials.planned import PlannedChain
    from vault.profiles.chain import Link
    from vault.profiles.endpoints import Endpoint


class LinkCaller:
    """Calls AWS for the links of ``planned``. ``code_wait``: how many seconds to wait for a free MFA code."""

    def __init__(
        self, context: Context, planned: PlannedChain, links: tuple[Link, ...], *, codes: Codes
    ) -> None:
        self.code_wait = limits.CODE_WAIT
        self._context = context
        self._chain = planned.chain
        self._account = planned.account
        self._links = links
        self._codes = codes
        self._connections: ConnectionPool | None = None

    def open_ahead(self, at: int) -> None:
        """Open the connection for the call of link ``at`` while the call is prepared. ConfigError, as for the call.

        Not for a call with an MFA code: nobody knows how long the code takes, and its connection is always a new one.
        """
        link = self._links[at]
        if isinstance(link, FetchSource):
            return
        if (link.mfa_serial if isinstance(link, SessionToken) else link.with_code) is None:
            address = self._address(link)
            self._pool().open_ahead(
                address.checked(), ca_bundle=address.ca_bundle, deadline=self._context.deadline
            )

    def close(self) -> None:
        """Close the connections to AWS."""
        if self._connections is not None:
            self._connections.close()

    def session(self, at: int, signer: Credentials) -> Cached:
        """A session for link ``at``, signed with ``signer``. Errors: Refused, Unreachable, and those of the code."""
        made = self._call(self._links[at], signer, self.subject(at))
        return Cached(made.issued, made.expiration, credential_json.of_session(made))

    def source(self, link: FetchSource) -> Cached:
        """The source's credentials. A key that does not expire has no Expiration and is never cached."""
        from vault.aws import provider_inputs, providers
        from vault.credentials import audit
        from vault.signin.tokens import StoredTokens

        context, keys = self._context, self._codes.keys
        tokens = StoredTokens(
            context,
            keys,
            ca_bundle=self._chain.ca_bundle,
            refreshed=lambda record: audit.log_refresh(context, keys, record),
        )
        found = providers.fetch(
            link.source,
            provider_inputs.ProviderContext(
                context.env, context.child_env(), context.paths.home, context.deadline,
                context.settings.allow_http, default_session_name(self._context.env), self._chain.ca_bundle,
                context.settings.trusted_hosts, tokens,
            ),
        )  # fmt: skip
        body = credential_json.encode(
            found.credentials, expires=found.expiration, account_id=found.account_id
        )
        expires = found.expiration if found.expiration is not None else found.issued + limits.MAX_TTL
        # Credentials that last longer than the cache allows are served, and the next process fetches them again.
        return Cached(found.issued, min(expires, found.issued + limits.MAX_TTL), body)

    def _call(self, link: Link, signer: Credentials, subject: str) -> Session:
        if isinstance(link, FetchSource):
            raise errors.Internal(f"{subject}: no key signs for a source")
        send = _Send(signer, subject, self._address(link))
        return self._session_token(link, send) if isinstance(link, SessionToken) else self._role(link, send)

    def _session_token(self, link: SessionToken, send: _Send) -> Session:
        from vault.aws import sts

        def call(serial: str | None, code: str | None) -> Session:
            return sts.get_session_token(
                send.signer, duration=link.duration, serial=serial, code=code,
                endpoint=send.address, deadline=self._context.deadline, subject=send.subject,
            )  # fmt: skip

        made = self._with_code(link.mfa_serial, link.mfa_process, call)
        # GetSessionToken does not return the account. If the key was not identified, the device's ARN tells it.
        return made._replace(account_id=self._account or account_of(link.mfa_serial or ""))

    def _role(self, link: AssumeRole, send: _Send) -> Session:
        from vault.aws import sts

        hop = link.hop

        def call(serial: str | None, code: str | None) -> Session:
            return sts.assume_role(
                send.signer, role_arn=hop.role_arn, session_name=hop.role_session_name or default_session_name(self._context.env),
                duration=link.duration if link.fixed else None, external_id=hop.external_id, serial=serial,
                code=code, source_identity=hop.source_identity, tags=dict(hop.session_tags),
                transitive_keys=hop.transitive_tag_keys,
                policy=link.policy.document if link.policy is not None else None, policy_arns=_policy_arns(link),
                endpoint=send.address, deadline=self._context.deadline, subject=send.subject,
            )  # fmt: skip

        return self._with_code(link.with_code, hop.mfa_process or self._chain.mfa_process, call)

    def _with_code(
        self, serial: str | None, process: str | None, call: Callable[[str | None, str | None], Session]
    ) -> Session:
        """``call`` with a code of the device, if it needs one."""
        if serial is None:
            return call(None, None)
        place = str(self._chain.device_origin(serial) or "")
        device = MfaDevice(serial, process, self._chain.profile, self._chain.entry, place)
        return self._codes.send(device, lambda code: call(serial, code), most=self.code_wait)

    def _address(self, link: SessionToken | AssumeRole) -> ServiceEndpoint:
        """The endpoint of the link's call. ConfigError if it is unusable, before a code is used for it."""
        from vault.aws.service_endpoint import ServiceEndpoint

        endpoint: Endpoint = link.endpoint if isinstance(link, SessionToken) else link.hop.endpoint
        url = endpoint.url or f"https://{endpoint.host}"
        place, bundle = str(endpoint.url_origin or ""), self._chain.ca_bundle
        address = ServiceEndpoint(
            url, endpoint.region, self._context.settings.allow_http, self._pool(), place, bundle
        )
        self._pool().check(address.checked(), ca_bundle=bundle)
        return address

    def _pool(self) -> ConnectionPool:
        if self._connections is None:
            from vault.aws.connections import ConnectionPool

            self._connections = ConnectionPool(meanwhile=_prepare_for_the_answer)
        return self._connections

    # ── words ───────────────────────────────────────────────────────────────────────────────

    def subject(self, at: int) -> str:
        """The link that a message is about, and the identity that asks for it."""
        link = self._links[at]
        match link:
            case SessionToken():
                device = f" with {link.mfa_serial}" if link.mfa_serial else ""
                return f"the key {link.entry!r} of the vault{device}"
            case AssumeRole():
                return f"role {link.hop.role_arn}, requested by {self._asker(at)}"
            case FetchSource():
                return f"the source of profile {self._chain.source_profile!r}"

    def _asker(self, at: int) -> str:
        before = self._before(at)
        match before:
            case AssumeRole():
                return f"role {before.hop.role_arn}"
            case SessionToken():
                return f"the session of key {before.entry!r}"
            case _:
                return f"the key of profile {self._chain.source_profile!r}"

    def _before(self, at: int) -> Link | None:
        return self._links[at - 1] if at > 0 else None

    def say_likely_cause(self, at: int, error: errors.Error) -> None:
        """AWS denies a role without giving a reason. Name only those likely causes that are possible here."""
        from vault.aws import service_errors

        link, before = self._links[at], self._before(at)
        if error.hint == service_errors.ROLE_DENIED and isinstance(link, AssumeRole):
            error.hint = service_errors.role_denied(
                asker=before.hop.role_arn if isinstance(before, AssumeRole) else "",
                mfa=link.with_code is not None
                or (isinstance(before, SessionToken) and before.mfa_serial is not None),
                by_role=isinstance(before, AssumeRole),
                external_id=link.hop.external_id is not None,
            )


class _Send(NamedTuple):
    """The credentials that sign a call, the subject of its messages, and its endpoint."""

    signer: Credentials
    subject: str
    address: ServiceEndpoint


def _prepare_for_the_answer() -> None:
    """Import what reads, keeps and logs an answer. AWS takes longer for it than this takes."""
    import pyexpat  # noqa: F401

    import vault.credentials.audit
    import vault.credentials.profile_metadata
    import vault.system.timestamps
    import vault.unlocking.key_handover  # noqa: F401


def _policy_arns(link: AssumeRole) -> tuple[str, ...]:
    """The managed policies: AWS's ReadOnlyAccess, which each partition has under its own name, and the user's."""
    own = link.policy.arns if link.policy is not None else ()
    if not link.read_only:
        return tuple(dict.fromkeys(own))
    from vault.profiles.session_policy import read_only_policy

    return tuple(dict.fromkeys((read_only_policy(link.hop.role_arn.split(":")[1]), *own)))

"""How a request shows who asks. The declaration says how, the deployment's settings hold the secrets.

Mutual TLS goes beside any of these: it is the `certificate` of the source's settings.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import httpx
import orjson

from connectors.base import Connection
from connectors.errors import SourceMalformed, SourceRefused, SourceSettingsError

EARLY = 30.0  # seconds before its end that a token is renewed

Fetch = Callable[[httpx.Request], bytes]


class Signer(Protocol):
    """Signs the requests of one pull."""

    def sign(self, request: httpx.Request) -> None:
        """Add what shows who asks."""
        ...

    def renew(self) -> bool:
        """After a 401: is it worth asking again?"""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """`Authorization: Bearer` with the `token` of the settings, where there is one."""

    kind: ClassVar[str] = "bearer"

    def signer(self, connection: Connection, fetch: Fetch) -> Signer:
        return _Header("Authorization", f"Bearer {connection.token}" if connection.token else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """The `token` of the settings in a header, or as a parameter of the query."""

    kind: ClassVar[str] = "api_key"

    name: str = "X-API-Key"
    place: Literal["header", "query"] = "header"

    def signer(self, connection: Connection, fetch: Fetch) -> Signer:
        token = _needed(connection.token, "token")
        return _Header(self.name, token) if self.place == "header" else _Query(self.name, token)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """OAuth2 client credentials (RFC 6749, 4.4): a token from `token_url` for `client_id` and `secret` of the settings.

    It is renewed before it ends, and once when the source answers 401.
    """

    kind: ClassVar[str] = "oauth2"

    scope: str | None = None
    credentials: Literal["header", "body"] = "header"

    def signer(self, connection: Connection, fetch: Fetch) -> Signer:
        return _OAuth2(self, connection, fetch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Headers signed with HMAC under `secret` of the settings, `client_id` naming the key.

    Signed are `parts`, one a line: method, target (path and query), digest (SHA-256 of the body, hex), time, nonce,
    client.
    """

    kind: ClassVar[str] = "hmac"

    algorithm: Literal["sha256", "sha512", "sm3"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    parts: tuple[Literal["method", "target", "digest", "time", "nonce", "client"], ...] = (
        "method",
        "target",
        "digest",
        "time",
        "nonce",
    )
    joined_by: str = "\n"
    unit: Literal["s", "ms"] = "ms"
    client_header: str = "X-Client-Id"
    time_header: str = "X-Timestamp"
    nonce_header: str = "X-Nonce"
    digest_header: str = "X-Content-SHA256"
    signature_header: str = "X-Signature"

    def signer(self, connection: Connection, fetch: Fetch) -> Signer:
        return _Hmac(self, _needed(connection.client_id, "client_id"), _needed(connection.secret, "secret"))


AnyAuth = Bearer | ApiKey | ClientCredentials | Signed


class _Header:
    def __init__(self, name: str, value: str | None) -> None:
        self._name, self._value = name, value

    def sign(self, request: httpx.Request) -> None:
        if self._value:
            request.headers[self._name] = self._value

    def renew(self) -> bool:
        return False


class _Query:
    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def sign(self, request: httpx.Request) -> None:
        request.url = request.url.copy_set_param(self._name, self._value)

    def renew(self) -> bool:
        return False


class _Hmac:
    def __init__(self, told: Signed, client: str, secret: str) -> None:
        self._told, self._client, self._secret = told, client, secret.encode()

    def sign(self, request: httpx.Request) -> None:
        told = self._told
        now = time.time_ns() // (1_000_000 if told.unit == "ms" else 1_000_000_000)
        values = {
            "method": request.method,
            "target": request.url.raw_path.decode("ascii"),
            "digest": hashlib.sha256(request.content).hexdigest(),
            "time": str(now),
            "nonce": secrets.token_hex(16),
            "client": self._client,
        }
        text = told.joined_by.join(values[part] for part in told.parts)
        made = hmac.new(self._secret, text.encode(), told.algorithm).digest()
        signature = made.hex() if told.encoding == "hex" else base64.b64encode(made).decode()
        request.headers.update(
            {
                told.client_header: self._client,
                told.time_header: values["time"],
                told.nonce_header: values["nonce"],
                told.digest_header: values["digest"],
                told.signature_header: signature,
            }
        )

    def renew(self) -> bool:
        return False


class _OAuth2:
    def __init__(self, told: ClientCredentials, connection: Connection, fetch: Fetch) -> None:
        self._told, self._fetch = told, fetch
        self._url = _needed(connection.token_url, "token_url")
        self._client = _needed(connection.client_id, "client_id")
        self._secret = _needed(connection.secret, "secret")
        self._token, self._ends = "", 0.0
        self._lock = threading.Lock()

    def sign(self, request: httpx.Request) -> None:
        with self._lock:
            if time.monotonic() >= self._ends:
                self._ask()
            request.headers["Authorization"] = f"Bearer {self._token}"

    def renew(self) -> bool:
        with self._lock:
            self._ends = 0.0
        return True

    def _ask(self) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": self._told.scope} if self._told.scope else {})
        headers = {"Accept": "application/json"}
        if self._told.credentials == "body":
            form |= {"client_id": self._client, "client_secret": self._secret}
        else:
            pair = base64.b64encode(f"{self._client}:{self._secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        try:
            body = self._fetch(httpx.Request("POST", self._url, data=form, headers=headers))
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if status == 429 or status >= 500:
                raise
            raise SourceRefused(
                f"The source's token address answers HTTP {status}",
                remedy="Check client_id and secret of the source's settings with the department",
            ) from None
        try:
            told = orjson.loads(body)
            self._token = str(told["access_token"])
            self._ends = time.monotonic() + max(float(told.get("expires_in", 300.0)) - EARLY, 1.0)
        except (orjson.JSONDecodeError, TypeError, KeyError, ValueError, AttributeError):
            raise SourceMalformed(
                "The source's token address gave no token", remedy="Check token_url of the source's settings"
            ) from None


def _needed(value: str | None, name: str) -> str:
    if not value:
        raise SourceSettingsError(
            f"The source asks for {name}, and the deployment does not say it",
            remedy=f"Set the source's `{name}` in the deployment's settings or environment",
        )
    return value

"""Showing who asks: each way against a real server on loopback, and no secret in what is printed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import stamina
from answering import Asked, Said, answering
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from test_http_json import LIST, NUMBERS, SHAPES, by_page, read, some

from connectors.base import Connection
from connectors.errors import SourceMalformed, SourceRefused, SourceSettingsError, SourceUnavailable
from connectors.transports.http.paging import PageNumber, Single
from connectors.transports.http.signing import AnyAuth, ApiKey, ClientCredentials, Signed
from connectors.transports.http_json import HttpJson

SECRET = "s3cret-canary"


def one(auth: AnyAuth, **more: Any) -> HttpJson:
    return HttpJson(path="/list", rows="", paging=Single(), auth=auth, **more)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


def test_an_api_key_stands_in_its_header_or_in_the_query() -> None:
    with answering(lambda _: Said(told=some(0))) as source:
        connection = Connection(url=source.url, token=SECRET)
        read(one(ApiKey(name="X-Key")), connection)
        assert source.asked[-1].headers["X-Key"] == SECRET
        read(one(ApiKey(name="key", place="query"), query={"a": 1}), connection)
        assert source.asked[-1].query == {"a": "1", "key": SECRET}
        assert "Authorization" not in source.asked[-1].headers


def test_no_secret_is_printed_when_a_source_fails(capsys: pytest.CaptureFixture[str], caplog: Any) -> None:
    with answering(lambda _: Said(status=500)) as source:
        connection = Connection(url=source.url, token=SECRET, secret=SECRET, client_id=SECRET)
        for auth in (ApiKey(name="key", place="query"), ApiKey(), Signed()):
            with pytest.raises(SourceUnavailable) as caught:
                read(one(auth), connection)
            assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    printed = capsys.readouterr()
    assert SECRET not in printed.out + printed.err + caplog.text + repr(connection)


def test_a_signature_covers_method_target_body_time_and_nonce() -> None:
    with answering(lambda _: Said(told=some(0))) as source:
        connection = Connection(url=source.url, client_id="hub", secret=SECRET)
        read(one(Signed(), method="POST", body={"a": 1}, query={"q": "张"}), connection)
        read(one(Signed(encoding="base64", algorithm="sha512", parts=("client", "time"), joined_by="|")), connection)
        whole, short = source.asked
    said = whole.headers
    assert said["X-Content-SHA256"] == hashlib.sha256(b'{"a":1}').hexdigest()
    text = "\n".join(("POST", "/list?q=%E5%BC%A0", said["X-Content-SHA256"], said["X-Timestamp"], said["X-Nonce"]))
    assert said["X-Signature"] == hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()
    assert abs(int(said["X-Timestamp"]) / 1000 - datetime.now(UTC).timestamp()) < 60
    text = f"hub|{short.headers['X-Timestamp']}"
    made = base64.b64decode(short.headers["X-Signature"])
    assert made == hmac.new(SECRET.encode(), text.encode(), "sha512").digest()
    assert said["X-Nonce"] != short.headers["X-Nonce"]


class Office:
    """A source with a token address, whose tokens serve for `uses` requests."""

    def __init__(self, uses: int, ends: float = 3600) -> None:
        self.uses, self.ends, self.given, self.left = uses, ends, 0, 0

    def __call__(self, asked: Asked) -> Said:
        if asked.path == "/token":
            pair = base64.b64encode(f"hub:{SECRET}".encode()).decode()
            if asked.headers.get("Authorization") != f"Basic {pair}":
                return Said(status=401)
            assert asked.body == b"grant_type=client_credentials&scope=read"
            self.given, self.left = self.given + 1, self.uses
            return Said(told={"access_token": f"token-{self.given}", "expires_in": self.ends})
        if asked.headers.get("Authorization") != f"Bearer token-{self.given}" or not self.left:
            return Said(status=401)
        self.left -= 1
        return by_page(asked)


OAUTH = HttpJson(
    **LIST,
    query={"page": "{page}"},
    paging=PageNumber(pages="pages"),
    auth=ClientCredentials(scope="read"),
)


def by_token(url: str, secret: str = SECRET) -> Connection:
    return Connection(url=url, token_url=f"{url}/token", client_id="hub", secret=secret)


@pytest.mark.parametrize(("uses", "ends", "tokens"), [(99, 3600, 1), (1, 3600, 3), (99, 0, 1)])
def test_a_token_is_asked_for_once_and_again_when_it_has_ended(uses: int, ends: float, tokens: int) -> None:
    office = Office(uses, ends)
    with answering(office) as source:
        assert read(OAUTH, by_token(source.url)) == NUMBERS
    assert office.given == tokens


def test_a_token_that_is_never_taken_and_one_that_is_never_given_are_refusals() -> None:
    with answering(Office(uses=0)) as source:
        with pytest.raises(SourceRefused, match="HTTP 401"):
            read(OAUTH, by_token(source.url))
        assert [asked.path for asked in source.asked] == ["/token", "/list", "/token", "/list"], "once, not for ever"
        with pytest.raises(SourceRefused, match="token address answers HTTP 401"):
            read(OAUTH, by_token(source.url, secret="wrong"))
    with answering(lambda _: Said(told={})) as source, pytest.raises(SourceMalformed, match="gave no token"):
        read(OAUTH, by_token(source.url))


@pytest.mark.parametrize("auth", [ApiKey(), Signed(), ClientCredentials()])
def test_a_secret_that_the_deployment_does_not_say_is_named(auth: AnyAuth) -> None:
    with pytest.raises(SourceSettingsError, match=r"Set the source's `(token|token_url|client_id)`"):
        read(one(auth), Connection(url="http://127.0.0.1:9"))


def certificate(name: str, folder: Path, issuer: Any = None) -> Any:
    """A certificate for loopback, signed by `issuer` or by itself, written as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key() if issuer else key.public_key()),
            critical=False,
        )
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return built, key


def test_mutual_tls_shows_the_hubs_certificate_and_trusts_the_sources_ca(tmp_path: Path) -> None:
    authority = certificate("ca", tmp_path)
    for name in ("server", "hub"):
        certificate(name, tmp_path, authority)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    tls.load_verify_locations(tmp_path / "ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    transport, answer, _ = SHAPES["cursor"]
    paths = {name: str(tmp_path / name) for name in ("ca.pem", "hub.pem", "hub.key")}
    with answering(answer, tls) as source:
        mutual = Connection(
            url=source.url, ca=paths["ca.pem"], certificate=paths["hub.pem"], certificate_key=paths["hub.key"]
        )
        assert read(transport, mutual) == NUMBERS
        for less in (Connection(url=source.url, ca=paths["ca.pem"]), Connection(url=source.url)):
            with pytest.raises(SourceUnavailable):
                read(transport, less)
    with pytest.raises(SourceSettingsError, match="cannot be read as PEM"):
        read(transport, Connection(url="https://127.0.0.1:9", certificate=str(tmp_path / "none.pem")))

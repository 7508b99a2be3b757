"""Bearer tokens: signed JWTs (Ed25519) that say which client holds which agreements.

1. A token names its client, the actor's role, its agreements and its end; nothing in it is secret or personal.
2. A token found good is remembered until it ends, so that a request costs a look-up and not a signature; one that
   was revoked (schema/token_ledger.py) is refused although it is remembered.
3. What is wrong with a token is not told to whoever brought it (401, empty body).
4. A client that holds several agreements says by its purpose which one it acts under.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from hub.errors import InputError
from hub.keys import KeyRing
from schema.agreement import Agreement
from schema.errors import AgreementRefused

ALGORITHM = "Ed25519"  # RFC 9864's name for EdDSA on this curve
ISSUER = "aidgraph"
LONGEST = timedelta(days=366)
REMEMBERED = 10_000
TEXT_BYTES = 4_096
NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who a caller is, as a good token says."""

    client: str
    role: str
    agreements: tuple[str, ...]
    expires: int  # seconds since the epoch
    id: str = ""  # of the token (jti), by which it is revoked


def issue(
    ring: KeyRing,
    *,
    agreements: tuple[str, ...],
    client: str,
    role: str = "client",
    lifetime: timedelta = timedelta(hours=12),
) -> str:
    """A token for a client that holds these agreements. Raises InputError."""
    if not agreements or not client or len(client) > NAME_LENGTH or not timedelta(0) < lifetime <= LONGEST:
        raise InputError("A token needs a client, an agreement and a lifetime of up to a year", remedy="Name all three")
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": client,
        "role": role,
        "agreements": list(agreements),
        "iat": now,
        "exp": now + int(lifetime.total_seconds()),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, _key(ring), algorithms=[ALGORITHM])


def _key(ring: KeyRing) -> OKPKey:
    return OKPKey.import_key(ring.token_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


class Verifier:
    """Checks tokens under one key ring; safe to share between threads."""

    def __init__(self, ring: KeyRing, revoked: Container[str] = frozenset()) -> None:
        self._key = _key(ring)
        self._revoked = revoked
        self._good: OrderedDict[bytes, Claims] = OrderedDict()
        self._lock = Lock()

    def verify(self, token: str) -> Claims | None:
        """The claims of a good token; None for every other."""
        if len(token) > TEXT_BYTES:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            found = self._good.get(digest)
        if found is None:
            found = self._check(token)
            if found is None:
                return None
            with self._lock:
                self._good[digest] = found
                if len(self._good) > REMEMBERED:
                    self._good.popitem(last=False)
        return found if self.good(found) else None

    def good(self, claims: Claims) -> bool:
        """Whether what a token said holds still."""
        return time.time() < claims.expires and claims.id not in self._revoked

    def _check(self, token: str) -> Claims | None:
        try:
            told = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            return None
        client, role, agreements, expires, jti = (told.get(n) for n in ("sub", "role", "agreements", "exp", "jti"))
        if (
            told.get("iss") != ISSUER
            or not isinstance(client, str)
            or not isinstance(role, str)
            or not isinstance(jti, str)
            or not isinstance(expires, int)
            or not isinstance(agreements, list)
            or not all(isinstance(item, str) for item in agreements)
        ):
            return None
        return Claims(client=client, role=role, agreements=tuple(agreements), expires=expires, id=jti)


def choose(claims: Claims, purpose: str | None, agreements: Mapping[str, Agreement], today: date) -> Agreement:
    """The agreement a caller acts under. Raises AgreementRefused.

    Of agreements that follow each other for one purpose it is the one in force; a purpose is never guessed.
    """
    held = {name: agreements[name] for name in claims.agreements if name in agreements}
    meant = [agreement for agreement in held.values() if purpose is None or agreement.purpose == purpose]
    if not meant:
        raise AgreementRefused("The caller holds no agreement for this purpose")
    if len({agreement.purpose for agreement in meant}) > 1:
        raise AgreementRefused("The caller holds several agreements: name the purpose in X-Purpose")
    in_force = [agreement for agreement in meant if agreement.in_force(today)]
    if not in_force:
        raise AgreementRefused("The agreement is not in force")
    if len(in_force) > 1:
        raise AgreementRefused("The caller holds several agreements for this purpose: use a token for one of them")
    return in_force[0]

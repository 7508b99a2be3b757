"""Which tokens were issued, to whom and by whom, and which were revoked; both stand in the access log too.

1. A token works without this list, by its signature; what the list says is who holds it, and that it ended early.
2. A revocation is by the token's id. Every application looks at the store for new ones every second or so, and a
   token it remembers as good is refused from then on.
3. The list holds no token, only ids.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from hub import log
from hub.errors import InputError
from hub.store import token_issued, token_revoked
from schema.tokens import Claims

OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token of the list; `revoked` when, by whom and why, where it was."""

    id: str
    client: str
    role: str
    agreements: tuple[str, ...]
    issued: datetime
    expires: datetime
    actor: str
    revoked: datetime | None
    revoked_by: str
    reason: str

    @property
    def state(self) -> str:
        """valid, expired or revoked."""
        return "revoked" if self.revoked else "expired" if self.expires <= datetime.now(UTC) else "valid"


def record(engine: sa.Engine, claims: Claims, *, actor: str) -> None:
    """Write down a token before it is handed out: the log first, then the list."""
    _log(engine, actor, f"token issue {claims.id}", f"issued to {claims.client} for {', '.join(claims.agreements)}")
    with engine.begin() as connection:
        connection.execute(
            token_issued.insert().values(
                token=claims.id,
                client=claims.client,
                role=claims.role,
                agreements=list(claims.agreements),
                issued_at=datetime.now(UTC),
                expires_at=datetime.fromtimestamp(claims.expires, UTC),
                actor=actor,
            )
        )


def revoke(engine: sa.Engine, tokens: list[tuple[str, int]], *, actor: str, reason: str) -> list[str]:
    """Revoke tokens (id, end in seconds since the epoch); the ids that were not revoked yet. Raises InputError."""
    if not actor.strip() or not reason.strip():
        raise InputError("A token is revoked by a named person for a reason", remedy="Give --actor and --reason")
    with engine.connect() as connection:
        before = set(connection.scalars(sa.select(token_revoked.c.token)))
    fresh = {token: expires for token, expires in tokens if token not in before}
    for token, expires in fresh.items():
        _log(engine, actor, f"token revoke {token}", reason)
        values = {"token": token, "expires_at": datetime.fromtimestamp(expires, UTC), "at": datetime.now(UTC)}
        with engine.begin() as connection:
            connection.execute(token_revoked.insert().values(**values, actor=actor, reason=reason))
    return list(fresh)


def issued(engine: sa.Engine, *, client: str | None = None, token: str | None = None) -> list[Issued]:
    """The list, the newest first: of all, of one client, or of one id."""
    i, r = token_issued.c, token_revoked.c
    query = sa.select(token_issued, r.at.label("revoked"), r.actor.label("revoked_by"), r.reason).select_from(
        token_issued.outerjoin(token_revoked, r.token == i.token)
    )
    if client is not None:
        query = query.where(i.client == client)
    if token is not None:
        query = query.where(i.token == token)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(i.issued_at.desc(), i.token)).all()
    return [_issued(row) for row in rows]


def _issued(row: Any) -> Issued:
    return Issued(
        id=row.token,
        client=row.client,
        role=row.role,
        agreements=tuple(row.agreements),
        issued=_utc(row.issued_at),
        expires=_utc(row.expires_at),
        actor=row.actor,
        revoked=_utc(row.revoked) if row.revoked else None,
        revoked_by=row.revoked_by or "",
        reason=row.reason or "",
    )


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _log(engine: sa.Engine, actor: str, operation: str, reason: str) -> None:
    now = datetime.now(UTC)
    entry = log.Entry(
        at=now, client=actor, role=OPERATOR, agreement="", purpose=reason, outcome="answered", operation=operation
    )
    log.append(engine, entry)


class Revocations:
    """The ids of revoked tokens that have not ended, as they stood in the store at the last look."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.ids: frozenset[str] = frozenset()

    def __contains__(self, token: object) -> bool:
        return token in self.ids

    def look(self) -> None:
        """Look again. Raises SQLAlchemyError where the store does not answer."""
        now = datetime.fromtimestamp(time.time(), UTC)
        with self._engine.connect() as connection:
            found = connection.scalars(sa.select(token_revoked.c.token).where(token_revoked.c.expires_at > now))
            self.ids = frozenset(found)

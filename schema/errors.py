"""What a caller is told when an operation is not answered. The code stands in `extensions.code`.

Refused
├── BadRequest          the request is not GraphQL over HTTP                            400
├── DocumentRefused     the document is not GraphQL, or not of this contract            400
├── NotRegistered       the agreement answers registered documents only                 400
├── DocumentUnknown     no document of this hash is remembered: send it whole           400
├── LimitExceeded       the document asks too much; `extensions.limit` names the limit  400
├── CursorRefused       a cursor that is not one of this connection                     (in the answer)
├── AgreementRefused    the purpose is not an agreement's the caller holds, or it is not in force   403
├── MethodRefused       GET where the agreement does not allow it                       405
├── RateLimited         more operations a minute than the agreement gives its client    429
├── Busy                too many operations at once: try again                          503
├── TookTooLong         the operation's time is up                                      503
├── LogUnavailable      the access log could not be written: no log, no read            503
└── Failed              the hub failed; the reason is in its own log                    500

A message never holds a value that came with the request or out of the store.
"""

from __future__ import annotations

import math

from graphql import GraphQLError


class Refused(GraphQLError):
    """The base. `status` is the HTTP status where the whole operation is refused."""

    code = "REFUSED"
    status = 400
    retry = 1  # seconds until another try makes sense, where one does

    def __init__(self, message: str, **extensions: str | int) -> None:
        super().__init__(message, extensions={"code": self.code, **extensions})


class BadRequest(Refused):
    """The request is not what GraphQL over HTTP says."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class DocumentRefused(Refused):
    """The document does not parse or does not validate against the caller's contract."""

    code = "DOCUMENT_REFUSED"


class NotRegistered(Refused):
    """The agreement answers the documents of its folder, and this is none of them."""

    code = "DOCUMENT_NOT_REGISTERED"

    def __init__(self) -> None:
        super().__init__("This agreement answers registered documents only, and this is none of them")


class DocumentUnknown(Refused):
    """A hash alone, of a document that this contract does not remember; the message is the protocol's word."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class LimitExceeded(Refused):
    """The document asks for more than the agreement's limits allow."""

    code = "LIMIT_EXCEEDED"

    def __init__(self, limit: str, allowed: int) -> None:
        super().__init__(f"The document exceeds the limit {limit} of this agreement ({allowed})", limit=limit)


class CursorRefused(Refused):
    """A forged cursor, one of another connection, filter or agreement: all the same to the caller."""

    code = "CURSOR_REFUSED"

    def __init__(self) -> None:
        super().__init__("The cursor is not one of this connection under this agreement and filter")


class AgreementRefused(Refused):
    """No agreement that the caller holds answers to the purpose, or it is not in force."""

    code = "AGREEMENT_REFUSED"
    status = 403


class MethodRefused(Refused):
    """GET, where the agreement or the operation does not allow it."""

    code = "METHOD_REFUSED"
    status = 405


class RateLimited(Refused):
    """A client asks more often than its agreement allows. `first`: not yet told in the log for a while."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, wait: float = 1.0, *, first: bool = True) -> None:
        super().__init__("More operations a minute than this agreement allows; try again later")
        self.retry = max(1, math.ceil(wait))
        self.first = first


class Repeated(RateLimited):
    """Only in the log: refusals for the rate since the last entry of them; its `rows` are their number."""

    code = "RATE_LIMITED_REPEATED"


class Busy(Refused):
    """As many operations run and wait as the hub takes."""

    code = "BUSY"
    status = 503

    def __init__(self) -> None:
        super().__init__("The hub is busy; try again")


class TookTooLong(Refused):
    """The time an agreement gives to one operation is up."""

    code = "TOOK_TOO_LONG"
    status = 503

    def __init__(self) -> None:
        super().__init__("The operation took too long; ask for less, or try again")


class LogUnavailable(Refused):
    """No log, no read."""

    code = "LOG_UNAVAILABLE"
    status = 503

    def __init__(self) -> None:
        super().__init__("The access log could not be written, so nothing was answered; try again")


class Failed(Refused):
    """The hub's own fault."""

    code = "FAILED"
    status = 500

    def __init__(self) -> None:
        super().__init__("The hub failed on this operation; its operator finds the reason in the hub's log")

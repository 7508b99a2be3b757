"""The store: one database through SQLAlchemy Core, SQLite by default, PostgreSQL by URL.

It holds the ledger (batches, quarantine, months, publications), the aliases of persons, the decisions people made,
the published graph and the access log. Rules:

1. A published row is never changed: a new publication closes it (`pub_until`) and opens its successor (`pub_from`).
   Current rows are those with `pub_until IS NULL`; what the hub knew at publication P is `pub_from <= P < pub_until`.
   Only `person.held` and `person.carried`, which other rows tell as well, are renewed where they stand (hub/held.py,
   hub/carried.py).
2. A batch, a month or a publication is visible only when its row here commits.
3. The access log only grows.
4. Erasure (hub/landing/erasure.py) alone takes from rows: sealed values of quarantined rows and published persons.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB

from hub import tables
from hub.errors import StoreError

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)
BIGKEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TYPES: dict[str, Any] = {
    "BIGINT": sa.BigInteger(),
    "INTEGER": sa.Integer(),
    "VARCHAR": sa.Text(),
    "DATE": sa.Date(),
    "BOOLEAN": sa.Boolean(),
}

batch = sa.Table(
    "batch",
    metadata,
    sa.Column("batch_id", BIGKEY, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("read", sa.Integer, nullable=False),
    sa.Column("accepted", sa.Integer, nullable=False),
    sa.Column("quarantined", sa.Integer, nullable=False),
    sa.Column("duplicates", sa.Integer, nullable=False),
    sa.Column("base", BIGKEY),  # the whole snapshot at whose lines the unchanged rows stand; NULL where it is whole
    sa.Column("unchanged", sa.Integer, nullable=False, default=0, server_default="0"),  # of the accepted rows
    sa.Column(
        "parts", sa.JSON, nullable=False
    ),  # '' (the rows), a child, or one of landing/snapshot.py -> content digest
    sa.Column("sealed_part", sa.Text),  # content digest of the sealed part; NULL once destroyed
    sa.Column("contract", sa.Text, nullable=False),  # linkage contract and declaration (hub/landing/declaration.py)
    sa.Column("state", sa.Text, nullable=False, server_default="landed"),  # hub/landing/ledger.py: BatchState
    sa.Column("present", sa.Integer, nullable=False, server_default="0"),  # different rows that name somebody
    sa.Column("part_of", BIGKEY),  # the batch whose quarantined rows this one replayed; NULL: a delivery of its own
    sa.Column("repairs", sa.JSON(none_as_null=True)),  # repair -> rows; NULL where none was counted
    sa.Column("warnings", sa.JSON(none_as_null=True)),  # warning -> rows; NULL where none was counted
    sa.Index("ix_batch_source_stream", "source", "stream"),
)

batch_change = sa.Table(  # append-only: why a batch was held or quarantined whole, and who confirmed or refused it
    "batch_change",
    metadata,
    sa.Column("seq", BIGKEY, primary_key=True, autoincrement=True),
    sa.Column("batch_id", BIGKEY, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("batch_id", BIGKEY, primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("contract", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # keyed; tells the row again when an overlap repeats it
    sa.Column("mac", sa.Text),  # whose row, where the ID number can be read: the person still stands on the list
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # empty once destroyed
    sa.Column("state", sa.Text, nullable=False),  # the last of its changes (landing/quarantine.py: State), else open
)

quarantine_change = sa.Table(  # append-only: a row's state is that of its last change
    "quarantine_change",
    metadata,
    sa.Column("seq", BIGKEY, primary_key=True, autoincrement=True),
    sa.Column("batch_id", BIGKEY, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("by_batch", BIGKEY),  # the batch that replayed the row, or brought it right
    sa.Index("ix_quarantine_change_batch_id_line", "batch_id", "line"),
)

erasure = sa.Table(  # append-only: who destroyed a batch's sealed part, why, and how far it got
    "erasure",
    metadata,
    sa.Column("seq", BIGKEY, primary_key=True, autoincrement=True),
    sa.Column("batch_id", BIGKEY, nullable=False, index=True),
    sa.Column("step", sa.Text, nullable=False),  # destroying | destroyed
    sa.Column("sealed_part", sa.Text, nullable=False),  # its digest, kept so that a copy can be told
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

alias = sa.Table(  # append-only: rotation of the key adds aliases, never persons
    "alias",
    metadata,
    sa.Column("mac", sa.Text, primary_key=True),  # key id '.' hex
    sa.Column("person_id", BIGKEY, nullable=False, index=True),
)

link_decision = sa.Table(  # a steward's word on one (ID number, name) pair; the last one counts, all are kept
    "link_decision",
    metadata,
    sa.Column("seq", BIGKEY, primary_key=True, autoincrement=True),
    sa.Column("mac", sa.Text, nullable=False),
    sa.Column("name_mac", sa.Text, nullable=False),
    sa.Column("judgement", sa.Text, nullable=False),  # same | not_same | undecided
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

publication = sa.Table(
    "publication",
    metadata,
    sa.Column("publication", sa.Integer, primary_key=True),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)

month = sa.Table(
    "month",
    metadata,
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),  # open | closed
    sa.Column("inputs", sa.JSON, nullable=False),  # batch ids, decisions, config, code version, own sources' TOML
    sa.Column("tables", sa.JSON, nullable=False),  # table name -> content digest of its Parquet file
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("publication", sa.Integer, nullable=False),
)

access_log = sa.Table(
    "access_log",
    metadata,
    sa.Column("seq", BIGKEY, primary_key=True, autoincrement=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("agreement", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),  # answered | refused | failed
    sa.Column("leaf", sa.LargeBinary, nullable=False),  # canonical JSON (RFC 8785), versioned
    sa.Column("leaf_hash", sa.LargeBinary, nullable=False),  # RFC 6962: SHA-256(0x00 || leaf)
    sa.Column("subjects", sa.LargeBinary, nullable=False),  # packed as hub/log.py says
)

access_subject = sa.Table(  # built behind the log, so that a person's own accesses are found by index
    "access_subject",
    metadata,
    sa.Column("bucket", BIGKEY, primary_key=True, autoincrement=False),  # of seqs: hub/log/subjects.py
    sa.Column("person_id", BIGKEY, primary_key=True, autoincrement=False),
    sa.Column("seq", BIGKEY, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

access_bucket = sa.Table(  # the buckets there are: a person is looked for in each
    "access_bucket",
    metadata,
    sa.Column("bucket", BIGKEY, primary_key=True, autoincrement=False),
)

access_log_mark = sa.Table(  # how far what is built behind the log has come
    "access_log_mark",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seq", BIGKEY, nullable=False),
)

access_log_node = sa.Table(  # tree heads of whole blocks of entries, derived from them (hub/log/tree.py)
    "access_log_node",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True),
    sa.Column("position", BIGKEY, primary_key=True),
    sa.Column("last_seq", BIGKEY, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)

access_log_verified = sa.Table(  # append-only: signed checkpoints over what was verified
    "access_log_verified",
    metadata,
    sa.Column("size", BIGKEY, primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)

token_issued = sa.Table(  # append-only: who holds which token of a caller, by its id; never the token
    "token_issued",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("agreements", sa.JSON, nullable=False),
    sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
)

token_revoked = sa.Table(  # append-only: tokens that ended before their time
    "token_revoked",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),  # after it the row is no longer looked at
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

rollup = sa.Table(  # which months have cells, under which demand (hub/rollup/)
    "rollup",
    metadata,
    sa.Column("cube", sa.Text, primary_key=True),  # key of the demand
    sa.Column("month", sa.Text, primary_key=True),
)

cell = sa.Table(  # counts and sums of a month, with those that must not be known left out
    "cell",
    metadata,
    sa.Column("cell_id", BIGKEY, primary_key=True, autoincrement=True),
    sa.Column("cube", sa.Text, nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),  # digits of the division; 0: the whole scope
    sa.Column("division", sa.Text, nullable=False),  # '' unknown, or the whole scope
    sa.Column("label", sa.Text, nullable=False),  # '' all labels
    sa.Column("suppressed", sa.Boolean, nullable=False),
    sa.Column("persons", sa.BigInteger),
    sa.Column("cases", sa.BigInteger),
    sa.Column("amount", sa.BigInteger),  # fen
    sa.Column("second", sa.BigInteger),
    sa.Index("ix_cell_place", "cube", "family", "month", "level", "division", "label", unique=True),
)

feedback = sa.Table(  # append-only: what departments said of findings and warnings (hub/feedback.py)
    "feedback",
    metadata,
    sa.Column("seq", BIGKEY, primary_key=True, autoincrement=True),
    sa.Column("case_key", sa.Text, nullable=False, index=True),  # schema/graph/feedback.py
    sa.Column("person_id", BIGKEY, nullable=False),  # whose case it is; -1: of no person
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("department", sa.Text, nullable=False),
    sa.Column("agreement", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("client_key", sa.Text, nullable=False),  # the client's own name of the word
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("pub_given", sa.Integer, nullable=False),  # the publication that was served
    sa.Index("ix_feedback_client_key", "agreement", "client", "client_key", unique=True),
)


def _published(table: tables.Table) -> sa.Table:
    """The store's form of a derived table: its columns, what a person has besides, and recorded time."""
    of_person = (
        ("identity_sealed", sa.LargeBinary()),
        ("held", sa.BigInteger()),  # hub/held.py
        ("carried", sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),  # hub/carried.py
    )
    extra = [sa.Column(name, kind) for name, kind in of_person] if table is tables.PERSON else []
    return sa.Table(
        table.name,
        metadata,
        sa.Column("row_id", BIGKEY, primary_key=True, autoincrement=True),
        *(sa.Column(name, TYPES[kind]) for name, kind in table.columns.items()),
        *extra,
        sa.Column("row_digest", sa.LargeBinary, nullable=False),
        sa.Column("pub_from", sa.Integer, nullable=False),
        sa.Column("pub_until", sa.Integer),
    )


published: dict[str, sa.Table] = {name: _published(table) for name, table in tables.PUBLISHED.items()}


def _current(table: str, *columns: str) -> None:
    """An index over the current rows of a published table, for lists."""
    t = published[table]
    where = t.c.pub_until.is_(None)
    sa.Index(f"ix_{table}_{'_'.join(columns)}", *(t.c[c] for c in columns), sqlite_where=where, postgresql_where=where)


def _whole(table: str, *columns: str) -> None:
    """An index over a published table's rows of all times: one person's, now (pub_until NULL) or then."""
    t = published[table]
    sa.Index(f"ix_{table}_{'_'.join(columns)}", *(t.c[c] for c in columns), t.c.pub_until)


for _table, _columns in (
    ("person", ("county", "person_id")),
    ("household", ("county", "household_key")),
    ("finding", ("month", "kind", "person_id")),
    ("warning", ("month", "county")),
    ("participation", ("month",)),
):
    _current(_table, *_columns)
for _table, _columns in (
    ("person", ("person_id",)),
    ("household", ("household_key",)),
    ("household_member", ("household_key", "person_id")),
    ("household_member", ("person_id",)),
    ("category_spell", ("person_id", "category", "valid_until")),  # row scope looks at nothing else
    ("category_spell", ("household_key",)),
    ("identity_tag", ("person_id",)),
    ("enrolment", ("person_id",)),
    ("subsidy", ("person_id",)),
    ("settlement", ("person_id", "settled")),
    ("settlement", ("setl_id",)),
    ("entitlement", ("person_id", "benefit")),
    ("entitlement_candidate", ("person_id", "benefit", "valid_from")),
    ("payment", ("person_id",)),
    ("payment", ("setl_id",)),
    ("finding", ("person_id",)),
    ("warning", ("person_id",)),
):
    _whole(_table, *_columns)

for _table in ("finding", "warning"):  # the cases of a household, of all times; most cases are a person's
    _t = published[_table]
    _where = _t.c.household_key != sa.text("''")
    _keys = (_t.c.household_key, _t.c.pub_until)
    sa.Index(f"ix_{_table}_household_key", *_keys, sqlite_where=_where, postgresql_where=_where)


def connect(url: str, **options: Any) -> sa.Engine:
    """An engine for the store's URL (`sqlite:///path`, `postgresql+psycopg://...`), with the pragmas we rely on."""
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    try:
        engine = sa.create_engine(url, **options)
    except (sa.exc.ArgumentError, ValueError, ImportError):  # whose words may hold the password
        raise StoreError(
            "AIDGRAPH_STORE is no address of a store", remedy="Write sqlite:///PATH or postgresql://USER@HOST:PORT/NAME"
        ) from None
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
                connection.execute(f"PRAGMA {pragma}")

    return engine

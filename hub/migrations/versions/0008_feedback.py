"""What departments say of findings and warnings; indexes that find one person's rows of any time."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIGKEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHOLE = (
    ("person", "person_id"),
    ("household", "household_key"),
    ("household_member", "household_key", "person_id"),
    ("household_member", "person_id"),
    ("category_spell", "person_id", "category", "valid_until"),
    ("category_spell", "household_key"),
    ("identity_tag", "person_id"),
    ("enrolment", "person_id"),
    ("subsidy", "person_id"),
    ("settlement", "person_id", "settled"),
    ("settlement", "setl_id"),
    ("entitlement", "person_id", "benefit"),
    ("entitlement_candidate", "person_id", "benefit", "valid_from"),
    ("payment", "person_id"),
    ("payment", "setl_id"),
    ("finding", "person_id"),
    ("warning", "person_id"),
)


CURRENT, OF_HOUSEHOLDS = "pub_until IS NULL", "household_key != ''"


def _instead(name: str, table: str, columns: list[str], where: str = "") -> None:
    told: dict[str, Any] = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)} if where else {}
    op.drop_index(name, table_name=table)
    op.create_index(name, table, columns, **told)


def upgrade() -> None:
    for table, *columns in WHOLE:
        _instead(f"ix_{table}_{'_'.join(columns)}", table, [*columns, "pub_until"])
    for table in ("finding", "warning"):
        _instead(f"ix_{table}_household_key", table, ["household_key", "pub_until"], OF_HOUSEHOLDS)
    op.create_table(
        "feedback",
        sa.Column("seq", BIGKEY, autoincrement=True, nullable=False),
        sa.Column("case_key", sa.Text(), nullable=False),
        sa.Column("person_id", BIGKEY, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pub_given", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_feedback")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_case_key"), ["case_key"], unique=False)
        batch_op.create_index("ix_feedback_client_key", ["agreement", "client", "client_key"], unique=True)


def downgrade() -> None:
    op.drop_table("feedback")
    for table in ("finding", "warning"):
        _instead(f"ix_{table}_household_key", table, ["household_key"], f"{CURRENT} AND {OF_HOUSEHOLDS}")
    for table, *columns in WHOLE:
        _instead(f"ix_{table}_{'_'.join(columns)}", table, columns, CURRENT)

"""States of batches, and the histories of batches and of rows in quarantine"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "quarantine"
down_revision = "edge"
branch_labels = None
depends_on = None

BIGKEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _history(name: str, *place: sa.Column[Any], more: tuple[sa.Column[Any], ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("seq", BIGKEY, autoincrement=True, nullable=False),
        *place,
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("seq", name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.Text(), server_default="landed", nullable=False))
        batch_op.add_column(sa.Column("present", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("part_of", BIGKEY, nullable=True))
        batch_op.add_column(sa.Column("repairs", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("warnings", sa.JSON(), nullable=True))
    op.execute("UPDATE batch SET present = read - duplicates")
    _history("batch_change", sa.Column("batch_id", BIGKEY, nullable=False))
    op.create_index(op.f("ix_batch_change_batch_id"), "batch_change", ["batch_id"])
    _history(
        "quarantine_change",
        sa.Column("batch_id", BIGKEY, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        more=(sa.Column("by_batch", BIGKEY, nullable=True),),
    )
    op.create_index("ix_quarantine_change_batch_id_line", "quarantine_change", ["batch_id", "line"])


def downgrade() -> None:
    op.drop_table("quarantine_change")
    op.drop_table("batch_change")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        for name in ("warnings", "repairs", "part_of", "present", "state"):
            batch_op.drop_column(name)

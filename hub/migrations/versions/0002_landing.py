"""What landing keeps beside its batches: states, snapshots as changes, histories, erasures."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIGKEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_BATCH: dict[str, dict[str, Any]] = {
    "base": {"type_": BIGKEY, "nullable": True},
    "unchanged": {"type_": sa.Integer(), "nullable": False, "server_default": "0"},
    "state": {"type_": sa.Text(), "nullable": False, "server_default": "landed"},
    "present": {"type_": sa.Integer(), "nullable": False, "server_default": "0"},
    "part_of": {"type_": BIGKEY, "nullable": True},
    "repairs": {"type_": sa.JSON(), "nullable": True},
    "warnings": {"type_": sa.JSON(), "nullable": True},
}


def _history(name: str, *columns: sa.Column[Any]) -> None:
    """An append-only table: its own columns, then who, why and when."""
    op.create_table(
        name,
        sa.Column("seq", BIGKEY, autoincrement=True, nullable=False),
        sa.Column("batch_id", BIGKEY, nullable=False),
        *columns,
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    with op.batch_alter_table("batch", schema=None) as batch_op:
        for name, told in OF_BATCH.items():
            batch_op.add_column(sa.Column(name, **told))
    op.execute("UPDATE batch SET present = read - duplicates")
    _history("batch_change", sa.Column("state", sa.Text(), nullable=False))
    op.create_index(op.f("ix_batch_change_batch_id"), "batch_change", ["batch_id"])
    _history(
        "quarantine_change",
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by_batch", BIGKEY, nullable=True),
    )
    op.create_index("ix_quarantine_change_batch_id_line", "quarantine_change", ["batch_id", "line"])
    _history(
        "erasure",
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("sealed_part", sa.Text(), nullable=False),
    )
    op.create_index(op.f("ix_erasure_batch_id"), "erasure", ["batch_id"])


def downgrade() -> None:
    for name in ("erasure", "quarantine_change", "batch_change"):
        op.drop_table(name)
    with op.batch_alter_table("batch", schema=None) as batch_op:
        for name in reversed(OF_BATCH):
            batch_op.drop_column(name)

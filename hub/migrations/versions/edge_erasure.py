"""Erasure of sealed parts: who, when, why"""

import sqlalchemy as sa
from alembic import op

revision = "edge"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "erasure",
        sa.Column("seq", key, autoincrement=True, nullable=False),
        sa.Column("batch_id", key, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("sealed_part", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_erasure")),
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_batch_id"), ["batch_id"], unique=False)


def downgrade() -> None:
    op.drop_table("erasure")

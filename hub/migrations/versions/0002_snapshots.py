"""A snapshot says on which whole one it stands"""

import sqlalchemy as sa
from alembic import op

revision = "0002_snapshots"
down_revision = "quarantine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("base", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("unchanged", sa.Integer(), nullable=False, server_default="0"))

"""Roll-ups: the cells of each month under the demands of agreements."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIGKEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rollup",
        sa.Column("cube", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cube", "month", name=op.f("pk_rollup")),
    )
    op.create_table(
        "cell",
        sa.Column("cell_id", BIGKEY, autoincrement=True, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("cube", "month", "family")),
        sa.Column("level", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("division", "label")),
        sa.Column("suppressed", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("persons", "cases", "amount", "second")),
        sa.PrimaryKeyConstraint("cell_id", name=op.f("pk_cell")),
    )
    columns = ["cube", "family", "month", "level", "division", "label"]
    op.create_index("ix_cell_place", "cell", columns, unique=True)


def downgrade() -> None:
    op.drop_table("cell")
    op.drop_table("rollup")

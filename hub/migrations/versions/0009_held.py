"""Which categories a person holds stands in the person's row: the next publication fills it; until then it is NULL."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("held", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("person", "held")

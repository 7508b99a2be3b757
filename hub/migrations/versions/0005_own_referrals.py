"""The cases of a household are found by their household, for agreements that reach their own referrals."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OF_HOUSEHOLDS = sa.text("pub_until IS NULL AND household_key != ''")


def upgrade() -> None:
    for table in ("finding", "warning"):
        op.create_index(
            f"ix_{table}_household_key",
            table,
            ["household_key"],
            sqlite_where=OF_HOUSEHOLDS,
            postgresql_where=OF_HOUSEHOLDS,
        )


def downgrade() -> None:
    for table in ("finding", "warning"):
        op.drop_index(f"ix_{table}_household_key", table_name=table)

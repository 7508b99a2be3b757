"""What stands behind the access log: its tree by blocks, what was verified, and the index of persons anew.

The index is derived from the log: it is dropped here, and built again behind the log.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIGKEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _index(*columns: str, **options: bool) -> None:
    op.drop_table("access_subject")
    op.create_table(
        "access_subject",
        *(sa.Column(name, BIGKEY, autoincrement=False, nullable=False) for name in columns),
        sa.PrimaryKeyConstraint(*columns, name=op.f("pk_access_subject")),
        **options,
    )


def upgrade() -> None:
    _index("bucket", "person_id", "seq", sqlite_with_rowid=False)
    op.create_table(
        "access_bucket",
        sa.Column("bucket", BIGKEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_access_bucket")),
    )
    op.create_table(
        "access_log_mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seq", BIGKEY, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_access_log_mark")),
    )
    op.create_table(
        "access_log_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", BIGKEY, autoincrement=False, nullable=False),
        sa.Column("last_seq", BIGKEY, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_access_log_node")),
    )
    op.create_table(
        "access_log_verified",
        sa.Column("size", BIGKEY, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_access_log_verified")),
    )


def downgrade() -> None:
    for name in ("access_log_verified", "access_log_node", "access_log_mark", "access_bucket"):
        op.drop_table(name)
    _index("person_id", "seq")

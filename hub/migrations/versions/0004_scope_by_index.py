"""Whether a person holds a category within a year is answered by an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CURRENT = sa.text("pub_until IS NULL")
OLD, NEW = ("person_id", "category"), ("person_id", "category", "valid_until")


def _instead(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    op.drop_index(f"ix_category_spell_{'_'.join(old)}", table_name="category_spell")
    op.create_index(
        f"ix_category_spell_{'_'.join(new)}",
        "category_spell",
        list(new),
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )


def upgrade() -> None:
    _instead(OLD, NEW)


def downgrade() -> None:
    _instead(NEW, OLD)

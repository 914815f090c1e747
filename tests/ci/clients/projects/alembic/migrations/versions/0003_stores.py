"""Widen, rename, and a table of stores"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.alter_column("accounts", "note", new_column_name="remark")
    op.alter_column("accounts", "visits", type_=sa.Numeric)
    op.alter_column("accounts", "remark", server_default="none")
    op.create_table("shops", sa.Column("shop_id", sa.String, nullable=False))
    op.rename_table("shops", "stores")


def downgrade():
    op.drop_table("stores")
    op.alter_column("accounts", "remark", server_default=None)
    op.alter_column("accounts", "remark", new_column_name="note")

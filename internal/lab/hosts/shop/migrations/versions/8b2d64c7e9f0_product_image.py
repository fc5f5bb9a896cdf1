"""a product has a picture

Revision ID: 8b2d64c7e9f0
Revises: 3f1c9a5e0b21
"""
import sqlalchemy as sa
from alembic import op

revision = "8b2d64c7e9f0"
down_revision = "3f1c9a5e0b21"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("products", sa.Column("image", sa.String(60)))


def downgrade():
    op.drop_column("products", "image")

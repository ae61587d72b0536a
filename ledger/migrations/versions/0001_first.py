"""The schema of 0.1.0, as ``create_ledger`` makes it; where every ledger starts."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing: a ledger is made with this schema."""


def downgrade() -> None:
    raise NotImplementedError("ledgers go forward only; restore the backup instead")

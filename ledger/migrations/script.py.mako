"""${message}

The schema of a ledger goes from ${down_revision} to ${up_revision}. Records keep their bytes: a step may change
tables, indexes, guards and what is derived, never a body, a hash or a signature.
"""

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    raise NotImplementedError


def downgrade() -> None:
    raise NotImplementedError("ledgers go forward only; restore the backup instead")

"""The firms one trades with: their adapters, every call to them as the ledger keeps it, their terms."""

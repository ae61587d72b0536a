"""An order's money in the ledger: acceptance in force, facts recorded, books brought up to a day."""

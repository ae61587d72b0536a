"""Who owes whom: invoices, bank statement, what is owed, earned, lent; rates revalued; the order's story."""

"""Finance, payment, rate, invoice, statement, report, bank."""

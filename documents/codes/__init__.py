"""Code lists of electronic invoices: units, countries, currencies, schemes, kinds."""

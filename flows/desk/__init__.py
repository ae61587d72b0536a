"""What one command works on: ledger, network, rates, day and clock; setting up and looking after it."""

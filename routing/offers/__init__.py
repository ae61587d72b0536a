"""What each provider asks, in which currency, on which working days."""

"""Which lenders' products fit a chain, and the proof that cash never falls below zero."""

"""Which solver for which structure, what to strive for, why an order stayed out."""

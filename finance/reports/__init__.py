"""A lender's book, a pool's tranches, who earned what."""

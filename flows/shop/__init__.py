"""Our own slots and credit offered to others: catalogue, answers, what is sold."""

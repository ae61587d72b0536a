"""Many orders: batches, worker processes, the router over all of them, outside tables."""

"""One order on one network: factory, ways, warehouse, dated."""

"""Late orders, cash by week and unmet demand, foreseen over all orders."""

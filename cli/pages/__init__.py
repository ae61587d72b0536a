"""What commands about orders show: an order, its money, its way, what comes next."""

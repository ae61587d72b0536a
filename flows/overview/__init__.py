"""What stands at a glance: what an order needs next, and all orders on one screen."""

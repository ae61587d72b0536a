"""Order, plan, batch, route, slot, milestone."""

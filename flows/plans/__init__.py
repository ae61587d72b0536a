"""An order's plan as recorded: what it needs, what is free, what the next best would be."""

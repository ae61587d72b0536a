"""Learn, forecast, simulate."""

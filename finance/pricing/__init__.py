"""What money costs over dates, and the dated cash test."""

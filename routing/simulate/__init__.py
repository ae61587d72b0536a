"""Arrivals, queues and prices of many orders on shared capacity, with their exact controls."""

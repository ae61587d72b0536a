"""Lenders asked and bound: exposures, offers, refusals, the contract, the claim against double finance."""

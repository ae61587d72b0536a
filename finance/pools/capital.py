"""Regulatory capital for one loan by the internal-ratings formula of the Basel framework (CRE31).

Correlation R, maturity adjustment b and capital K of CRE31.4 to 31.6; the risk weight is 12.5 K. The
probability of default counts as 0.03% at least, the maturity as one to five years.
"""

from math import exp, log, sqrt
from statistics import NormalDist

CONFIDENCE = 0.999
LEAST_PD = 0.0003
LEAST_YEARS, MOST_YEARS = 1.0, 5.0
NORMAL = NormalDist()


def correlation(pd: float) -> float:
    """How far a firm's default goes with everybody's: from 24% of the safest to 12% of the riskiest."""
    weight = (1 - exp(-50 * pd)) / (1 - exp(-50))
    return 0.12 * weight + 0.24 * (1 - weight)


def capital_share(pd: float, lgd: float, years: float = 2.5) -> float:
    """Capital as a share of what is exposed; ``pd`` a year, ``lgd`` of the exposure, both shares of one."""
    if pd >= 1:
        return 0.0
    pd, years = max(pd, LEAST_PD), min(max(years, LEAST_YEARS), MOST_YEARS)
    r = correlation(pd)
    stressed = NORMAL.cdf(
        sqrt(1 / (1 - r)) * NORMAL.inv_cdf(pd) + sqrt(r / (1 - r)) * NORMAL.inv_cdf(CONFIDENCE)
    )
    b = (0.11852 - 0.05478 * log(pd)) ** 2
    return lgd * (stressed - pd) * (1 + (years - 2.5) * b) / (1 - 1.5 * b)


def risk_weight(pd: float, lgd: float, years: float = 2.5) -> float:
    """12.5 times the capital, as a share: 0.9232 is a weight of 92.32%."""
    return 12.5 * capital_share(pd, lgd, years)

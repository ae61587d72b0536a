"""What a node allows: sizes, times, rates. Every limit has a default that suits a small firm."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """``names`` are the authorities (host:port) that requests may be addressed to.

    Sizes in bytes, times in seconds, rates in requests a second for one firm, with bursts up to
    ``burst``. ``unknown_rate`` is for addresses whose requests fail to prove who they are.
    """

    names: frozenset[str]
    body_maximum: int = 256_000
    body_seconds: float = 10.0
    rate: float = 2000.0
    burst: float = 4000.0
    unknown_rate: float = 5.0
    unknown_burst: float = 50.0
    at_once: int = 256
    waiting_maximum: int = 2000
    sweep_seconds: float = 30.0
    post_seconds: float = 5.0

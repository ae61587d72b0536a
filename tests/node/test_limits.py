"""Buckets fill steadily, empty by one, and never hold more than their burst; nonces count once."""

from hypothesis import given
from hypothesis import strategies as st

from node.limits import REMEMBERED, Buckets
from node.metrics import Metrics
from node.nonces import NonceStore


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=60),
)
def test_nobody_ever_gets_more_than_burst_and_rate_allow(rate, burst, pauses):
    buckets, now, taken = Buckets(rate, burst), 0.0, 0
    for pause in pauses:
        now += pause
        taken += buckets.take("firm", now)
    assert taken <= burst + rate * now + 1e-6


def test_one_firms_haste_costs_no_other():
    buckets = Buckets(1, 1)
    assert buckets.take("hasty", 0)
    assert not buckets.take("hasty", 0)
    assert buckets.take("calm", 0)


def test_idlest_names_are_forgotten_first():
    buckets = Buckets(1, 1)
    for number in range(REMEMBERED + 10):
        buckets.take(str(number), 0)
    assert len(buckets._levels) == REMEMBERED
    assert "0" not in buckets._levels


def test_nonce_counts_once_for_each_key_also_in_another_process_s_store(tmp_path):
    first, second = (NonceStore(tmp_path / "nonces.db") for _ in range(2))
    assert first.take("mill", "n1", 100, 0)
    assert not second.take("mill", "n1", 100, 0)
    assert second.take("other", "n1", 100, 0)
    first.close()
    second.close()


def test_histogram_adds_up():
    metrics = Metrics()
    for seconds in (0.001, 0.01, 0.2, 9.0):
        metrics.saw("/v1/holds", 200, seconds)
    text = metrics.text()
    assert 'net_request_seconds_bucket{le="+Inf"} 4' in text
    assert 'net_request_seconds_bucket{le="0.01"} 2' in text
    assert 'net_requests_total{route="/v1/holds",status="200"} 4' in text

"""What the node counts, in the text format that Prometheus reads."""

from bisect import bisect_left
from collections import Counter

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self.answers: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[str] = Counter()

    def saw(self, route: str, status: int, seconds: float) -> None:
        self._requests[route, status] += 1
        self._buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def text(self) -> str:
        lines = ["# TYPE net_requests_total counter"]
        lines += [
            f'net_requests_total{{route="{route}",status="{status}"}} {times}'
            for (route, status), times in sorted(self._requests.items())
        ]
        lines.append("# TYPE net_answers_total counter")
        lines += [
            f'net_answers_total{{verb="{verb}",answer="{answer}"}} {times}'
            for (verb, answer), times in sorted(self.answers.items())
        ]
        lines.append("# TYPE net_refused_total counter")
        lines += [
            f'net_refused_total{{code="{code}"}} {times}' for code, times in sorted(self.refused.items())
        ]
        return "\n".join([*lines, *self._histogram(), ""])

    def _histogram(self) -> list[str]:
        lines, total = ["# TYPE net_request_seconds histogram"], 0
        for bound, times in zip((*map(str, BOUNDS), "+Inf"), self._buckets, strict=True):
            total += times
            lines.append(f'net_request_seconds_bucket{{le="{bound}"}} {total}')
        return [*lines, f"net_request_seconds_sum {self._seconds:.6f}", f"net_request_seconds_count {total}"]

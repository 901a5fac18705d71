from __future__ import annotations

from printer_widget.rate import RateLimit


def test_a_rate_limit_lets_a_burst_through_and_then_the_rate():
    limit = RateLimit(per_second=10, burst=5)
    assert [limit.allows(0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert limit.allows(0.1)
    assert not limit.allows(0.1)
    assert [limit.allows(100.0) for _ in range(6)] == [True] * 5 + [False]

"""A short soak: each upload has its one right result, whatever goes wrong meanwhile."""

from __future__ import annotations

import math

import pytest

from tests.soak.campaign import Campaign
from tests.soak.faults import OUTAGES


@pytest.mark.timeout(300)
def test_the_account_balances_after_faults_of_every_kind() -> None:
    with Campaign(seed=1) as campaign:
        summary = campaign.run(25, lambda _: None, minutes=math.inf)

    assert summary.wrong == []
    # Not nothing was tried.
    assert {*OUTAGES} & {*summary.faults}
    assert len(summary.faults) >= 5
    assert summary.counts["workers killed"]
    assert summary.counts["CSVs made of ranges"]

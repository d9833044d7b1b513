"""How many documents would tell, where those of a calibration pair leave a verdict open.

Plain planning on normal quantiles: half-widths of an interval shrink with the root of the number of
documents, and the wanted verdict should come out in `POWER` of samples (Hanley and McNeil 1982).
"""

from __future__ import annotations

import math
from statistics import NormalDist

from harness.records import Interval
from harness.statistics.intervals import LEVEL
from harness.statistics.power import POWER


def at_chance(distance: float, level: float = LEVEL) -> int:
    """Documents on a side that show a score at chance to have an AUROC below .5 + `distance`.

    One text a document. DeLong's variance at chance is that of the rank sum, (2n + 1)/(12 n²) for n
    on either side. Raises ValueError unless 0 < distance.
    """
    if distance <= 0:
        raise ValueError(f"a distance of {distance} is none")
    z = _quantiles(level)[1]
    # 12 (d n)² = z² (2 n + 1), for n
    half = z * z / (12 * distance * distance)
    return math.ceil(half + math.sqrt(half * half + half))


def to_stay_below(estimate: float, interval: Interval, bound: float) -> float:
    """How many times the documents end an interval below `bound`, if the estimate stays as it is.

    At least 1; inf where the estimate is not below the bound.
    """
    distance = bound - estimate
    if distance <= 0:
        return math.inf
    z, planned = _quantiles(interval.level)
    return max(1.0, ((interval.high - estimate) * planned / z / distance) ** 2)


def to_stay_above(estimate: float, interval: Interval, bound: float) -> float:
    """The same of an interval that is to end above `bound`."""
    turned = Interval(-interval.high, -interval.low, interval.method, interval.level)
    return to_stay_below(-estimate, turned, -bound)


def _quantiles(level: float) -> tuple[float, float]:
    """The interval's normal quantile, and with that of `POWER` added."""
    normal = NormalDist()
    z = normal.inv_cdf(0.5 + level / 2)
    return z, z + normal.inv_cdf(POWER)

"""p-values of several tests at once, adjusted so that each may be held against the usual level."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Holm (1979), in the order given.

    Controls the chance of any false claim: for "some task changed". Raises ValueError for a
    p-value outside [0, 1].
    """
    from statsmodels.stats.multitest import multipletests

    if not _checked(p_values):
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Benjamini and Hochberg (1995), in the order given.

    Controls the share of false claims among the claims: for lists of flagged documents. Raises
    ValueError for a p-value outside [0, 1].
    """
    from scipy.stats import false_discovery_control

    if not _checked(p_values):
        return []
    return [float(p) for p in false_discovery_control(p_values)]


def _checked(p_values: Sequence[float]) -> Sequence[float]:
    if wrong := [p for p in p_values if not 0 <= p <= 1]:
        raise ValueError(f"{wrong[0]} is no p-value")
    return p_values

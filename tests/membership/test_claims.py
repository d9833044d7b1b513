"""What a mean rank allows to claim, and that the sentence says what speaks against it, too."""

from __future__ import annotations

import pytest

from harness.membership.claims import Claim, claim, sentence
from harness.statistics.equivalence import Equivalence


def mean(value: float, low: float, high: float) -> Equivalence:
    inside = low > 0.45 and high < 0.55
    return Equivalence(value, low, high, inside, 0.01 if inside else 0.4, 300, 150)


@pytest.mark.parametrize(
    ("found", "p", "guessable", "expected", "told"),
    [
        (mean(0.495, 0.47, 0.52), 0.4, False, "unknown",
         "unknown: mean rank .495 [.470, .520] within .50 ± .05"),
        (mean(0.48, 0.468, 0.492), 0.003, False, "unknown",
         "unknown: mean rank .480 [.468, .492] within .50 ± .05, though not exactly .50: a little "
         "below (p = .003)"),
        (mean(0.52, 0.508, 0.532), 0.997, False, "unknown",
         "unknown: mean rank .520 [.508, .532] within .50 ± .05, though not exactly .50: a little "
         "above"),
        (mean(0.06, 0.02, 0.11), 1e-9, False, "known",
         "known: mean rank .060 [.020, .110] below .50 (p < .001)"),
        (mean(0.4, 0.31, 0.49), 0.02, True, "guessable",
         "guessable: mean rank .400 [.310, .490] below .50 (p = .020)"),
        (mean(0.6, 0.56, 0.64), 1.0, False, "not exchangeable",
         "not exchangeable: mean rank .600 [.560, .640] above .50 ± .05"),
        (mean(0.46, 0.38, 0.54), 0.2, False, "undecided",
         "undecided: mean rank .460 [.380, .540] not within .50 ± .05 and not shown to be below "
         ".50 (p = .200)"),
        (mean(0.5, 0.0, 1.0), None, False, "undecided",
         "undecided: mean rank .500 [.000, 1.000] not within .50 ± .05"),
    ],
)  # fmt: skip
def test_a_claim_and_its_sentence(
    found: Equivalence, p: float | None, guessable: bool, expected: str, told: str
) -> None:
    said = claim(found, p, 0.05, guessable)
    assert said is Claim(expected)
    assert sentence(said, found, p, 0.05) == told

// harness/statistics/double_sampling.py again, where each grade moves the figures; a test holds both together.
// A stratum here: {name, unlike, open, size, graded, won, lost, certain, certainWon, certainLost}; of single answers
// `won` counts those that are right, and `lost` is 0.
const Z = 1.959963984540054;
const MARGIN = 0.03; // as in `python -m harness compare`

function wilson(p, n) {
  const centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n);
  const half = Z / (1 + Z * Z / n) * Math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
  return [p <= 0 ? 0 : Math.max(0, centre - half), p >= 1 ? 1 : Math.min(1, centre + half)];
}

// How far the limits are from the value: Wilson's of shares, Bonett and Price's of differences.
function distances(pairs, won, lost, n, z) {
  if (!pairs) {
    const [low, high] = wilson(Math.min(1, won), n);
    return [won - low, high - won];
  }
  const middle = n * (won - lost) / (n + 2);
  const spread = (n * (won + lost) + 2) / (n + 2) - middle * middle;
  const half = z * Math.sqrt(spread / (n + 2));
  return [Math.max(0, won - lost - Math.max(-1, middle - half)), Math.max(0, Math.min(1, middle + half) - (won - lost))];
}

// {value, low, high}, or null while a stratum that is not wholly known has no grade drawn at random.
function corrected(strata, pairs, effect = 1, z = Z) {
  const n = strata.reduce((sum, s) => sum + s.size, 0);
  if (!n || strata.some((s) => s.size > s.certain && !s.graded)) return null;
  const total = (s, count, certain) => certain + (s.graded ? (s.size - s.certain) * count / s.graded : 0);
  const won = strata.reduce((sum, s) => sum + total(s, s.won, s.certainWon), 0) / n;
  const lost = strata.reduce((sum, s) => sum + total(s, s.lost, s.certainLost), 0) / n;
  const parts = [distances(pairs, won, lost, n / effect, z)];
  for (const s of strata) {
    const rest = s.size - s.certain;
    if (s.graded >= rest) continue; // all are known
    const weight = rest / n;
    parts.push(distances(pairs, s.won / s.graded, s.lost / s.graded, s.graded * (rest - 1) / (rest - s.graded), z)
      .map((distance) => weight * distance));
  }
  const value = won - (pairs ? lost : 0);
  return { value, low: Math.max(pairs ? -1 : 0, value - Math.hypot(...parts.map(([below]) => below))),
    high: Math.min(1, value + Math.hypot(...parts.map(([, above]) => above))) };
}

// How much one more grade helps: [rank, gain]. What the rule left to a reader (`open`) comes first, then pairs that it
// tells apart.
function gain(s, pairs) {
  const rest = s.size - s.certain;
  if (s.graded >= rest) return [0, 0];
  if (s.open) return [4, rest - s.graded];
  if (!s.graded) return [s.unlike ? 3 : 2, rest];
  const n = s.graded + 2;
  const spread = pairs ? (s.won + s.lost + 2) / n - ((s.won - s.lost) / n) ** 2
    : (s.won + 1) * (s.graded - s.won + 1) / n ** 2;
  return [1, rest * rest * spread / (s.graded * (s.graded + 1))];
}

function nextStratum(strata, pairs) {
  let [best, most] = [null, [0, 0]];
  for (const s of strata) {
    const found = gain(s, pairs);
    if (found[0] > most[0] || (found[0] === most[0] && found[1] > most[1])) [best, most] = [s, found];
  }
  return best;
}

const halfWidth = ({ value, low, high }) => Math.max(value - low, high - value);
// Who looks after each grade and stops at the first interval without 0 calls 12 % of equal checkpoints unequal with
// intervals of 95 %, and 4 % with those of 98 % (400 questions, half of the answers equal).
const Z_STOPPING = 2.3263478740408408;

function settles(strata, effect) {
  const found = corrected(strata, true, effect);
  if (!found) return false;
  const { low, high } = corrected(strata, true, effect, Z_STOPPING);
  return low > 0 || high < 0 || halfWidth(found) <= MARGIN;
}

// How many more questions a comparison takes if those to come are as those so far (or as the rule has them,
// where there are none); null where all of them would not do.
function moreToSettle(strata, effect) {
  const ahead = strata.map((s) => ({ ...s, expected: s.graded ? [s.won / s.graded, s.lost / s.graded] : s.byRule }));
  let more = 0;
  while (!settles(ahead, effect)) {
    const next = nextStratum(ahead, true);
    if (!next) return null;
    next.graded += 1;
    next.won += next.expected[0];
    next.lost += next.expected[1];
    more += 1;
  }
  return more;
}

// How many times wider clusters (documents) make the variance of a mean: harness/statistics/power.py.
function designEffect(scores, clusters) {
  const n = scores.length;
  const mean = meanOf(scores);
  const sums = new Map();
  scores.forEach((score, i) => sums.set(clusters[i], (sums.get(clusters[i]) || 0) + score - mean));
  const most = n / sums.size;
  if (sums.size < 2 || new Set(scores).size < 2) return n ? most : 1;
  const squares = (values) => values.reduce((sum, v) => sum + v * v, 0);
  const clustered = sums.size / (sums.size - 1) * squares([...sums.values()]) / (n * n);
  const independent = squares(scores.map((score) => score - mean)) / (n - 1) / n;
  return Math.min(Math.max(1, clustered / independent), most);
}

// Which answers are graded, in which order: the fewest that settle the question.
const RIGHT_RULE = 'correct';
const UNGRADED = 'ungraded'; // what no rule can tell
const ruled = (answer) => answer.rule !== UNGRADED;
// A page of many has a part of the answers, which no sampling could be drawn from.
const gradeable = (answer) => Boolean(answer && answer.key && !RUN.redact && !PLACE);
const gradeableTasks = () => RUN.redact || PLACE ? [] : DATA.tasks.filter((task) => // packed as they are: the first view asks for it
  DATA.samples[task].questions.some((packed) => packed[7]));

// A pool: {a, b, units, alike, keys, effect, queue}. A unit is what one draw of the queue is about: an answer of `a`, or the
// unlike answers of `a` and `b` to one question; of like ones (`alike` of them) the difference is 0 whatever they are.
// unit: {question, members: [answer of a, answer of b], keys, stratum, unlike, place}. effect: see designEffect.
function poolOf({ suite, a, b, form }) {
  const [first, second] = [a, b].map((id) => DATA.checkpoints.indexOf(id));
  const asked = questions(suite).filter((q) => !form || q.stratum === form);
  const units = [];
  const [byRules, clusters] = [[], []];
  let alike = 0;
  for (const question of asked) {
    const members = (b ? [first, second] : [first]).map((index) => question.answers[index]);
    if (!members.every(gradeable)) continue;
    byRules.push(byRule(members[0]) - (b ? byRule(members[1]) : 0));
    clusters.push(question.cluster);
    if (b && members[0].key === members[1].key) { alike += 1; continue; }
    const rules = members.map((answer) => answer.rule);
    // Keys are hashes: in their order answers are drawn at random, and alike on every machine.
    const keys = members.map((answer) => answer.key).sort();
    units.push({ question, members, keys, place: keys[0], stratum: key(question.stratum, ...rules),
      unlike: b ? (rules[0] === RIGHT_RULE) !== (rules[1] === RIGHT_RULE) : false });
  }
  units.sort((x, y) => x.place < y.place ? -1 : 1);
  const [queue, turned] = b ? [`queue:${a}|${b}`, `queue:${b}|${a}`] : [`queue:${a}`, ''];
  for (const unit of units) unit.queues = ['queue', queue, turned];
  return { a, b, units, alike, queue, keys: new Set(units.flatMap((unit) => unit.keys)), effect: designEffect(byRules, clusters) };
}

const valueOf = (answer) => {
  const { verdict } = judged(answer.key);
  return verdict ? Number(verdict === 'right') : null;
};
const byRule = (answer) => Number(answer.rule === RIGHT_RULE);
const mixed = (answer) => valueOf(answer) ?? byRule(answer);

// [won, lost]: of one answer whether it is right, of two which alone is; null while any verdict is missing.
function unitValue(unit, of = valueOf) {
  const [ours, theirs = 0] = unit.members.map(of);
  if (ours === null || theirs === null) return null;
  return [Math.max(0, ours - theirs), Math.max(0, theirs - ours)];
}

// Strata as estimate.js takes them, by the rule of harness/comparison/drawn.py: a random part of a stratum are its
// answers from the beginning of the order up to the last one that its own queue offered, whoever graded them; while
// one of these is open (it changed) there is none. What was looked up before that queue began is set apart (`certain`).
function strataOf(pool) {
  const groups = new Map();
  for (const unit of pool.units) groups.set(unit.stratum, [...(groups.get(unit.stratum) || []), unit]);
  const empty = { graded: 0, won: 0, lost: 0, certain: 0, certainWon: 0, certainLost: 0, gaps: 0 };
  const strata = [...groups].map(([name, units]) => {
    const { apart, drawn, gaps } = partsOf(units);
    const [[won, lost], [certainWon, certainLost]] = [drawn, apart].map((of) => [0, 1].map((side) =>
      of.reduce((sum, unit) => sum + unitValue(unit, half)[side], 0)));
    return { ...empty, name, unlike: units[0].unlike, open: !units[0].members.every(ruled), byRule: unitValue(units[0], byRule), size: units.length,
      graded: drawn.length, won, lost, certain: apart.length, certainWon, certainLost, gaps };
  });
  if (pool.alike) strata.push({ ...empty, name: '', size: pool.alike, certain: pool.alike });
  return strata;
}

// {apart, drawn, gaps}, as in drawn.py.
function partsOf(units) {
  const seen = units.map((unit) => {
    const found = unit.keys.map(judged);
    const [settled, passed] = [found.every(({ said }) => said), found.some(({ skipped }) => skipped)];
    return { unit, settled, passed, open: !settled && !passed,
      offered: Math.min(...unit.keys.map((k) => firstSaid(k, (picked) => unit.queues.includes(picked)))),
      lookedUp: Math.max(...unit.keys.map((k) => firstSaid(k, (picked) => picked === 'hand'))) };
  });
  const began = seen.reduce((first, { offered }) => Math.min(first, offered), Infinity);
  const isApart = ({ lookedUp }) => lookedUp < began;
  const unitsOf = (of) => of.map(({ unit }) => unit);
  const apart = unitsOf(seen.filter(isApart));
  const rest = seen.filter((found) => !isApart(found));
  if (rest.every(({ passed }) => passed)) return { apart, drawn: unitsOf(rest), gaps: 0 }; // nobody can say of any: half
  const last = rest.findLastIndex(({ settled, offered }) => settled && offered < Infinity);
  const reached = rest.some(({ open }) => open) ? rest.slice(0, last + 1) : rest;
  const gaps = reached.filter(({ open }) => open).length;
  return { apart, drawn: gaps ? [] : unitsOf(reached.filter(({ settled }) => settled)), gaps };
}

// When an answer was first judged by a pick of some kind; Infinity for never.
const firstSaid = (sample, ofKind) => Math.min(...[...opinionsOn(sample).values()]
  .filter(({ verdict, picked }) => verdict !== 'skipped' && ofKind(picked)).map(({ time }) => Date.parse(time)));

// The least grades that a figure lacks: [[[form, outcome, ...], how many], ...].
const lackingIn = (strata) => strata.filter((s) => s.size > s.certain && !s.graded)
  .map((s) => [JSON.parse(s.name), Math.max(1, s.gaps)]);

// Right or wrong, or a half where people can't tell.
const half = (answer) => valueOf(answer) ?? 0.5;

// The key of the answer to grade next, or null. second: offer this author what others have graded, too.
function nextKey(pool, second) {
  const skipped = (k) => (ownOpinion(k) || {}).verdict === 'skipped'; // what others skipped is offered still
  const done = (k) => second ? Boolean(ownOpinion(k)) : judged(k).said || skipped(k);
  const open = pool.units.filter((unit) => !unit.keys.every(done) && !unit.keys.some(skipped));
  const first = new Map(open.map((unit) => [unit.stratum, unit]).reverse()); // of each stratum the first
  const begun = [...first.values()].find((unit) => unit.keys.some(done)); // the other answer of a pair comes at once
  const twice = second && open.find((unit) => unit.keys.some((k) => judged(k).said));
  const stratum = nextStratum(strataOf(pool).filter(({ name }) => first.has(name)), Boolean(pool.b));
  const offered = begun || twice || (stratum ? first.get(stratum.name) : open[0]);
  return offered ? offered.keys.find((k) => !done(k)) : null;
}

// Counts of single answers.
function tallyOf(pool) {
  const found = { answers: pool.keys.size, graded: 0, right: 0, wrong: 0, skipped: 0, disputed: 0 };
  for (const sample of pool.keys) {
    const { verdict, said, skipped } = judged(sample);
    if (verdict) { found.graded += 1; found[verdict] += 1; }
    if (said && !verdict) found.disputed += 1;
    if (skipped) found.skipped += 1;
  }
  return found;
}

// The same of what this author said, and how many answers others gave a verdict on.
function ownTally(pool) {
  const found = { graded: 0, skipped: 0, others: 0 };
  for (const sample of pool.keys) {
    const mine = ownOpinion(sample);
    if (mine) found[mine.verdict === 'skipped' ? 'skipped' : 'graded'] += 1;
    if ([...opinionsOn(sample).values()].some((o) => o.author !== grades.author && o.verdict !== 'skipped')) found.others += 1;
  }
  return found;
}

const meanOf = (values) => values.length ? values.reduce((sum, v) => sum + v, 0) / values.length : null;

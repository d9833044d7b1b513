// What people's grades say: accuracies by rule, as counted and corrected; the rule's errors; people
// beside each other.
const REVIEW = REPORT.review || { forms: [], kinds: [], graders: [], differences: [] };

const ends = (value, bounds, show) => known(value) && bounds
  ? el('span', { class: 'stacked' }, el('span', null, show(value)),
    el('span', { class: 'interval' }, T('from_to', show(bounds.low), show(bounds.high)))) : NONE;
const asShare = (value, bounds) => ends(value, bounds, (v) => share(v));
const asPoints = (value, bounds) => ends(value, bounds, (v) => signed(v));
const questionsAsked = ({ suite, form }) => [taskName(suite), formName(form)].filter(Boolean).join(' · ');
const perCent = (name) => withUnit(R(name), '%');

function reviewSection() {
  const changed = toGradeAgain();
  if (!REVIEW.forms.length) return changed ? section('review', R('title'), notes([changed])) : null;
  return section('review', R('title'), label([...new Set(REVIEW.forms.map((f) => f.suite))]),
    el('p', { class: 'quiet lead' }, R('note')), accuraciesByPeople(changed), differencesByPeople(),
    ruleAgainstPeople(), peopleBesideEachOther());
}

// Graded answers that have changed since, with the way to them; null without any.
function toGradeAgain() {
  const changed = Object.entries((DATA.grades || {}).stale || {});
  if (!changed.length) return null;
  return [R('again'), changed.map(([suite, ids], i) => [i ? T('comma') : '',
    el('a', { href: listHash({ task: suite, human: 'again' }) }, R('changed', taskName(suite), ids.length))]), R('again_queue')];
}

function accuraciesByPeople(changed) {
  const columns = [{ name: T('checkpoint') }, { name: R('questions'), class: 'text' },
    ...['by_rule', 'counted', 'corrected'].map((name) => ({ name: perCent(name), ...NUMBER })),
    ...['graded', 'strict', 'lenient'].map((name) => ({ name: R(name), ...NUMBER }))];
  const rows = REVIEW.forms.map((f) => [named(f.checkpoint), questionsAsked(f), asShare(f.rule, f.rule_interval),
    asShare(f.counted, f.counted_interval), asShare(f.corrected.value, f.corrected.interval),
    R('of', f.graded, f.n), f.strict, f.lenient]);
  const { skipped, disputed } = REVIEW;
  return el('div', { class: 'part' }, table(R('title'), columns, rows), notes([
    ...(skipped || disputed ? [R('without', skipped, disputed)] : []),
    ...(REVIEW.other_rubrics ? [R('rubrics', REVIEW.other_rubrics)] : []),
    ...lackingTogether().map(lackingOf), ...(changed ? [changed] : [])]));
}

// Forms of a checkpoint that lack the same grades, together: one person's grades of one checkpoint reach all that
// gave the same answers, and there each form that has some lacks the rest.
function lackingTogether() {
  const groups = new Map();
  for (const { checkpoint, suite, form, corrected: { lacking } } of REVIEW.forms) {
    if (!lacking.length) continue;
    const key = JSON.stringify([checkpoint, suite, lacking]);
    if (!groups.has(key)) groups.set(key, { checkpoint, suite, lacking, forms: [] });
    groups.get(key).forms.push(form);
  }
  return [...groups.values()];
}

// One form leads to its own queue, several to that of all forms.
function lackingOf({ checkpoint, suite, lacking, forms }) {
  const form = forms.length === 1 ? forms[0] : '';
  const questions = forms.map(formName).filter(Boolean).join(T('comma')) + (form === forms[0] ? '' : R('each'));
  return [colon([checkpoint, [taskName(suite), questions].filter(Boolean).join(' · ')].join(T('comma')),
    toldLacking(lacking.map(([outcome, n]) => [[forms[0], outcome], n]), { suite, form: forms[0] })),
  gradeableTasks().includes(suite) ? [' ', ownQueueLink({ suite, a: checkpoint, form, blind: true })] : null];
}

function differencesByPeople() {
  if (!REVIEW.differences.length) return null;
  const columns = [{ name: T('checkpoint') }, { name: R('questions'), class: 'text' },
    { name: T('difference'), ...NUMBER }, { name: R('graded_or_equal'), ...NUMBER }];
  return el('div', { class: 'part' }, el('h3', null, R('differences')), table(R('differences'), columns,
    REVIEW.differences.map((d) => [el('span', null, named(d.ours), ' − ', named(d.theirs)), questionsAsked(d),
      asPoints(d.corrected.value, d.corrected.interval), R('of', d.corrected.graded, d.corrected.n)])));
}

function ruleAgainstPeople() {
  if (!REVIEW.kinds.length) return null;
  const columns = [{ name: R('kind') }, { name: R('graded'), ...NUMBER },
    { name: perCent('agree'), ...NUMBER }, { name: R('strict'), ...NUMBER }, { name: R('lenient'), ...NUMBER }];
  const listed = REVIEW.disagreements;
  return el('div', { class: 'part' }, el('h3', null, R('rule')), table(R('rule'), columns,
    REVIEW.kinds.map((k) => [[taskName(k.suite), k.kind && kindsName(k.kind)].filter(Boolean).join(' · '), k.graded,
      asShare(k.share, k.interval), k.strict, k.lenient])),
  listed.length ? el('details', null, el('summary', null, R('apart', REVIEW.apart)),
    itemLinks(listed.map(([suite, item, outcome, verdict]) =>
      [suite, item, `${outcomeName(outcome)} → ${R(verdict)}`]))) : null);
}

function peopleBesideEachOther() {
  if (!REVIEW.graders.length) return null;
  const columns = [{ name: R('people') }, { name: R('both'), ...NUMBER }, { name: perCent('agree'), ...NUMBER },
    { name: R('kappa'), ...NUMBER }];
  const kappa = (a) => ends(a.kappa, a.kappa_interval, (v) => minus(v, 2));
  return el('div', { class: 'part' }, el('h3', null, R('beside')), table(R('beside'), columns,
    REVIEW.graders.map((g) => [el('span', null, el('bdi', null, g.first), ' · ', el('bdi', null, g.second)),
      g.agreement.n, asShare(g.agreement.share, g.agreement.interval), kappa(g.agreement)])),
  REVIEW.graders.map((g) => [g.agreement.reason ? notes([reasonText(g.agreement.reason)]) : null, g.apart.length
    ? el('details', null, el('summary', null, R('differ', g.first, g.second, g.apart.length)),
      itemLinks(g.apart.map(([suite, item]) => [suite, item, '']))) : null]));
}

const itemLinks = (items) => el('ul', { class: 'notes' }, items.map(([suite, item, more]) => el('li', null,
  el('a', { href: sampleHash({ task: suite, id: item }) }, el('bdi', null, item)),
  more ? ` – ${more}` : null)));

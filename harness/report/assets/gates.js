// What gates said, those that failed first.
// Gates that passed are folded away where they would fill the first view.
const FEW = 8;
const VERDICTS = ['regressed', 'incomparable', 'inconclusive', 'passed'];

function gatesSection() {
  const results = REPORT.results.filter(gated);
  if (!results.length) return null;
  const place = (r) => VERDICTS.indexOf(r.verdict);
  const sorted = [...results].sort((a, b) => place(a) - place(b));
  const columns = [{ name: T('checkpoint') }, { name: T('gate'), class: 'text wide-only' },
    { name: T('verdict') }, { name: T('difference'), ...NUMBER }, { name: T('interval'), ...NUMBER },
    { name: T('margin'), ...NUMBER }, { name: T('n'), ...NUMBER },
    { name: T('worse_better'), ...NUMBER }];
  const tasks = [...new Set(sorted.map((r) => r.task))];
  const rows = (chosen) => chosen.length ? table(T('gates'), columns, chosen.map(gateCells)) : null;
  const passed = sorted.filter((r) => r.verdict === 'passed');
  const shown = passed.length > FEW
    ? [rows(sorted.filter((r) => r.verdict !== 'passed')),
      el('details', null, el('summary', null, T('those_passed', passed.length)), rows(passed))]
    : rows(sorted);
  return section('gates', T('gates'), gateSummary(sorted), label(tasks), shown,
    notes([T('gate_note'), ...sorted.filter((r) => r.reason).map((r) =>
      [`${colon([r.checkpoint, gateName(r)].join(T('comma')), verdictName(r.verdict))} – `, reasonNode(r.reason)])]));
}

function gateSummary(results) {
  const against = [...new Set(results.map((r) => r.gate.against))].join(T('comma'));
  const counted = VERDICTS.map((v) => [v, results.filter((r) => r.verdict === v).length]);
  return el('p', { class: 'tally' }, counted.filter(([, count]) => count).map(([v, count]) =>
    [el('span', { class: `verdict ${v}` }, `${verdictName(v)} ${count}`), ' ']),
  el('span', { class: 'quiet' }, T('against', against)));
}

const gateName = (r) => `${taskName(r.task)} ${metricName(r.task, r.metric)}`;

function gateCells(r) {
  const { gate } = r;
  const compared = known(gate.difference);
  return [el('span', null, named(r.checkpoint),
    el('span', { class: 'narrow-only quiet' }, gateName(r))), gateName(r), verdict(r),
    compared ? el('strong', null, signed(gate.difference)) : NONE,
    compared ? el('span', { class: 'interval' }, T('from_to', signed(gate.low), signed(gate.high))) : NONE,
    known(gate.margin) ? Number((gate.margin * 100).toFixed(2)) : NONE,
    compared ? gate.n : NONE, compared ? `${gate.worse} / ${gate.better}` : NONE];
}

// Where true values rank among exchangeable ones: flat where the facts are unknown.
function ranksPart() {
  const sets = detailed('ranks', 'sets');
  if (!sets.length) return null;
  const several = new Set(sets.map((s) => s.checkpoint)).size > 1;
  const title = (s) => several ? `${s.checkpoint}, ${setName(s)}` : setName(s);
  const columns = [{ name: T('set') }, { name: T('verdict') }, { name: T('mean_rank'), ...NUMBER },
    { name: T('swapped'), ...NUMBER }, { name: 'p', ...NUMBER }, { name: T('facts'), ...NUMBER },
    { name: T('documents'), ...NUMBER }, { name: T('flagged'), ...NUMBER }];
  const rows = sets.map((s) => [title(s), badge(s.verdict), stack(s.mean, s, THREE),
    stack((s.negative || {}).mean, s.negative, THREE), pText(s.p), orNone(s.facts), orNone(s.documents),
    orNone(s.flagged)]);
  const kinds = detailed('ranks', 'kinds');
  const flagged = detailed('ranks', 'flagged');
  const dropped = sets.filter((s) => s.dropped).map((s) => `${title(s)} ${s.dropped}`);
  return el('div', { class: 'under' }, el('h3', { id: 'ranks' }, T('ranks_title')), label(['ranks']),
    el('p', { class: 'quiet' }, T('ranks_note', marginText()), T(sets.some((s) => s.flagged) || flagged.length ? 'flagged_note' : 'none_flagged')),
    el('div', { class: 'small-plots' }, sets.filter((s) => (s.histogram || []).length).map((s) =>
      el('figure', { class: 'chart plot' }, el('figcaption', null, el('strong', null, el('bdi', null, title(s))), ' ',
        badge(s.verdict)), rankPlot(s, title(s))))),
    table(T('ranks_title'), columns, rows),
    notes([...(dropped.length ? [T('dropped', dropped.join(T('comma')))] : []), ...leftOut('ranks', 'unused', 'unused', formName), ...gapLines(['ranks'])]),
    rankTable(sets.filter((s) => (s.histogram || []).length), title),
    kinds.length ? el('details', null, el('summary', null, T('fact_kinds_title')), factKinds(kinds, title)) : null,
    flagged.length ? el('details', { open: flagged.length <= 10 }, el('summary', null, T('flagged_title', flagged.length)),
      flaggedTable(flagged, title)) : null);
}

// How near to 0.5 the mean rank of unknown facts must be, as the task was told.
function marginText() {
  const margins = DATA.checkpoints.map((id) => ((own(REPORT.details, id) || {}).ranks || {}).margin).filter(known);
  const end = (at) => String(Number(at.toPrecision(4)));
  return [...new Set(margins)].map((m) => T('from_to', end(0.5 - m), end(0.5 + m))).join(T('comma'));
}

// What speaks against a set's being unknown, though its mean rank is within the margin.
const rankThough = (s) => s.verdict !== 'unknown' ? '' : known(s.p) && s.p < 0.05 ? T('rank_below', pText(s.p))
  : s.low > 0.5 ? T('rank_above') : '';

// What a task left out, by name, in a line: the same for most checkpoints.
const leftOut = (task, counts, text, name) => DATA.checkpoints.flatMap((id) => {
  const found = Object.entries((own(own(REPORT.details, id) || {}, task) || {})[counts] || {}).filter(([, n]) => n);
  return found.length ? [T(text, found.map(([of, n]) => `${name(of)} ${n}`).join(T('comma')))] : [];
});

const pText = (p) => !known(p) ? NONE : p >= 0.0001 ? fixed(p, 4) : '< 0.0001';

function rankPlot(set, name) {
  const bars = set.histogram;
  const even = 1 / bars.length;
  const top = Math.max(2.5 * even, ...bars.filter(known));
  const { x, y, grid, base } = plane(240, 150, { range: [0, 1], ticks: [0, 0.5, 1], text: (at) => String(at) },
    { range: [0, top], ticks: [0, top], text: (at) => T('percent', share(at, 0)) }, T('rank_axis'));
  return drawing(240, 150, colon([T('ranks_title'), name].join(T('comma')), `${T('mean_rank')} ${valued(set.mean, set, THREE)}`), grid,
    bars.map((value, i) => known(value) ? svg('rect', { class: 'rank', x: x(i * even) + 0.5, y: y(value),
      width: Math.max(x(even) - x(0) - 1, 0.5), height: Number((base - y(value)).toFixed(2)) }) : null),
    svg('line', { class: 'grid reference', x1: x(0), x2: x(1), y1: y(even), y2: y(even) }));
}

// What the drawings show: a row for each bar. Sets may have unlike numbers of them.
function rankTable(sets, title) {
  const sizes = [...new Set(sets.map((s) => s.histogram.length))];
  return sizes.map((bars) => {
    const drawn = sets.filter((s) => s.histogram.length === bars);
    const end = (at) => String(Number((at / bars).toPrecision(3)));
    return tableOf(T('rank_share'), [{ name: T('rank') }, ...drawn.map((s) => ({ name: title(s), ...NUMBER }))],
      Array.from({ length: bars }, (_, i) => [T('from_to', end(i), end(i + 1)), ...drawn.map((s) => share(s.histogram[i]))]), T('rank_table'));
  });
}

function factKinds(kinds, title) {
  const columns = [{ name: T('kind') }, { name: T('set') }, { name: T('facts'), ...NUMBER }, { name: T('mean_rank'), ...NUMBER }];
  return table(T('fact_kinds_title'), columns, kinds.map((k) => [kindName(String(orNone(k.kind))), title(k), orNone(k.facts), stack(k.mean, k, THREE)]));
}

function flaggedTable(flagged, title) {
  const columns = [{ name: T('document') }, { name: T('set') }, { name: T('facts'), ...NUMBER },
    { name: localised(MEASURES, 'mean_rank'), ...NUMBER }, { name: 'p', ...NUMBER }, { name: 'q', ...NUMBER }];
  return table(T('flagged_title', flagged.length), columns, flagged.map((f) => [named(orNone(f.document)), title(f),
    orNone(f.facts), told(f.mean, THREE), pText(f.p), pText(f.q)]));
}

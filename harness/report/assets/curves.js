// ROC curve, histograms and the choice of K for one language, length and method; what is chosen
// stands in the address.
const CHOICES = ['checkpoint', 'language', 'tokens', 'method'];
let picked = {};

const pickCurves = (parameters) => {
  picked = Object.fromEntries(CHOICES.map((name) => [name, parameters.get(name)]));
};
const curveHash = (choice) => `#curves?${new URLSearchParams(CHOICES.map((name) => [name, choice[name]]))}`;
const hasCurve = (a) => a && Array.isArray(a.roc) && a.histogram && ['edges', 'members', 'others']
  .every((name) => Array.isArray(a.histogram[name]) && a.histogram[name].every(known));

// What there is to choose from, and what is chosen: for what was not, or is not there, the verdict's.
function curveChoice(all) {
  const ids = [...new Set(all.map((p) => p.checkpoint))];
  const checkpoint = ids.includes(picked.checkpoint) ? picked.checkpoint : ids[0];
  const languages = all.filter((p) => p.checkpoint === checkpoint);
  const pair = languages.find((p) => String(p.language) === picked.language)
    || languages.find((p) => p.verdict === 'works') || languages[0];
  const bands = bandsOf(pair).filter((b) => methodsOf(b.attacks, hasCurve).length);
  const band = bands.find((b) => String(b.tokens) === picked.tokens)
    || bands.find((b) => b.tokens === pair.band) || bands[0];
  const methods = methodsOf(band.attacks, hasCurve);
  const method = [picked.method, pair.attack].find((m) => methods.includes(m)) || methods[0];
  const chosen = { checkpoint, language: String(pair.language), tokens: String(band.tokens), method };
  return { ids, languages, bands, methods, pair, band, chosen };
}

function curvesPart() {
  const all = pairs().filter((p) => bandsOf(p).some((b) => methodsOf(b.attacks, hasCurve).length));
  if (!all.length) return null;
  const form = el('div'), drawing = el('div', { 'aria-live': 'polite' });
  const draw = () => {
    const choice = curveChoice(all);
    refocus(form, () => form.replaceChildren(curveForm(choice, change)));
    const opened = [...drawing.querySelectorAll('details')].map((part) => part.open);
    drawing.replaceChildren(...curveDrawings(choice));
    drawing.querySelectorAll('details').forEach((part, i) => { part.open = Boolean(opened[i]); });
  };
  const change = (changed) => {
    picked = { ...curveChoice(all).chosen, ...changed };
    draw();
    keepHash(curveHash(curveChoice(all).chosen));
  };
  draw();
  return el('div', { class: 'under' }, el('h3', { id: 'curves' }, T('curves_title')), label(['membership']),
    form, drawing);
}

function curveForm({ ids, languages, bands, methods, chosen }, change) {
  return el('form', { class: 'filters', onsubmit: (e) => e.preventDefault() },
    ids.length > 1 ? select('checkpoint', ids.map((id) => [id, id]), chosen, change) : null,
    select('language', languages.map((p) => [p.language, languageName(String(orNone(p.language)))]), chosen, change),
    select('tokens', bands.map((b) => [b.tokens, orNone(b.tokens)]), chosen, change),
    select('method', methods.map((m) => [m, methodName(m)]), chosen, change));
}

function curveDrawings({ pair, band, chosen }) {
  const found = band.attacks[chosen.method];
  const what = [pairTitle(pair), methodName(chosen.method), T('at_tokens', orNone(band.tokens))].join(T('comma'));
  return [el('div', { class: 'plots' },
    plotFigure(T('roc_title'), rocPlot(found, what), rateLines(found), rocTable(found, what)),
    plotFigure(T('histogram_title'), histogramPlot(found, what), el('p', { class: 'legend' },
      el('span', { class: 'key members' }, T('members')), el('span', { class: 'key others' }, T('others')),
      found.tpr_5 && known(found.tpr_5.threshold) ? el('span', { class: 'key threshold' }, T('threshold_5', scoreText(found.tpr_5.threshold))) : null),
    histogramTable(found.histogram, what)),
    kPart(band, what))];
}

const plotFigure = (title, drawing, ...under) => el('figure', { class: 'chart plot' },
  el('figcaption', null, el('strong', null, title)), drawing, under);

function rateLines(found) {
  const said = (rate, name) => rate && known(rate.tpr)
    ? [colon(name, `${T('percent', told(rate.tpr, DATA.percent))} `),
      bounds(rate) ? el('span', { class: 'interval' }, inBrackets(between(rate.low, rate.high, DATA.percent), '')) : null, rate.few ? '*' : null] : null;
  const lines = [`AUROC ${aurocText(found)}`, said(found.tpr_5, T('tpr_5_long')), said(found.tpr_1, T('tpr_1_long'))];
  return el('ul', { class: 'notes' }, lines.filter(Boolean).map((text) => el('li', null, text)),
    [found.tpr_5, found.tpr_1].some((r) => r && r.few) ? el('li', null, T('few_note')) : null);
}

// A drawing of fixed shape with ticks along both axes. Returns its places and what to draw first.
function plane(width, height, xs, ys, names) {
  const [left, right, top, bottom] = [34, 8, 8, 34];
  const across = (at, [from, to], low, high) => low + (at - from) / ((to - from) || 1) * (high - low);
  const x = (at) => Number(across(at, xs.range, left, width - right).toFixed(2));
  const y = (at) => Number(across(at, ys.range, height - bottom, top).toFixed(2));
  const grid = [
    ys.ticks.map((at) => svg('line', { class: 'grid', x1: left, x2: width - right, y1: y(at), y2: y(at) })),
    xs.ticks.map((at) => svg('line', { class: 'grid', x1: x(at), x2: x(at), y1: top, y2: height - bottom })),
    ys.ticks.map((at) => svg('text', { x: left - 5, y: y(at) + 4, 'text-anchor': 'end' }, ys.text(at))),
    xs.ticks.map((at, i) => svg('text', { x: x(at), y: height - bottom + 14, 'text-anchor':
      i === 0 ? 'start' : i === xs.ticks.length - 1 ? 'end' : 'middle' }, xs.text(at))),
    svg('text', { x: (left + width - right) / 2, y: height - 4, 'text-anchor': 'middle' }, names),
  ];
  return { x, y, grid, base: y(ys.range[0]) };
}

const drawing = (width, height, said, ...children) => svg('svg', { class: 'plane', role: 'img',
  viewBox: `0 0 ${width} ${height}`, 'aria-label': said }, children);
const line = (points, name) => svg('polyline', { class: name, points: points.map((p) => p.join(',')).join(' ') });
const shares = { range: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], text: (at) => String(at) };

function rocPlot(found, what) {
  const { x, y, grid } = plane(300, 300, shares, shares, T('fpr_tpr'));
  const points = found.roc.filter((p) => p.every(known)).map(([fpr, tpr]) => [x(fpr), y(tpr)]);
  const marks = [[found.tpr_5, T('percent', 5)], [found.tpr_1, T('percent', 1)]].filter(([r]) => r && known(r.fpr) && known(r.tpr));
  const down = marks.some(([r]) => r.tpr > 0.93) ? 14 : 0; // off the curve where it runs along the top
  return drawing(300, 300, colon([T('roc_title'), what].join(T('comma')), `AUROC ${aurocText(found)}`), grid,
    line([[x(0), y(0)], [x(1), y(1)]], 'grid reference'), line(points, 'curve'),
    marks.map(([r, name]) => [
      bounds(r) ? svg('line', { class: 'whisker', x1: x(r.fpr), x2: x(r.fpr), y1: y(r.low), y2: y(r.high) }) : null,
      svg('circle', { class: 'dot', cx: x(r.fpr), cy: y(r.tpr), r: 4.5 }),
      svg('text', { class: 'marked', x: x(r.fpr) + 8, y: y(r.tpr) + (r === found.tpr_1 ? 18 : 4) + down }, name)]));
}

function rocTable(found, what) {
  const columns = [{ name: T('fpr'), ...NUMBER }, { name: T('tpr'), ...NUMBER }];
  const points = found.roc.filter((p) => p.every(known));
  const within = (i, axis) => [-1, 1].every((step) => points[i + step] && points[i + step][axis] === points[i][axis]);
  const corners = points.filter((_, i) => !within(i, 0) && !within(i, 1)); // ends of straight runs are enough
  return tableOf([T('roc_title'), what].join(T('comma')), columns, corners.map((p) => p.map((at) => share(at))));
}

const scoreText = (at) => String(Number(at.toPrecision(3))).replace('-', '−');

function histogramTable({ edges, members, others }, what) {
  const columns = [{ name: T('score_from_to') }, { name: T('members_share'), ...NUMBER }, { name: T('others_share'), ...NUMBER }];
  return tableOf([T('histogram_title'), what].join(T('comma')), columns, members.map((value, i) =>
    [T('from_to', scoreText(edges[i]), scoreText(edges[i + 1])), share(value), share(others[i])]));
}

function histogramPlot(found, what) {
  const { edges, members, others } = found.histogram;
  const top = Math.max(...members, ...others) || 1;
  const ends = [edges[0], edges.at(-1)];
  const { x, y, grid, base } = plane(300, 300, { range: ends, ticks: ends, text: scoreText },
    { range: [0, top], ticks: [0, top], text: (at) => T('percent', share(at, 0)) }, T('score'));
  const bars = (values, name) => values.map((value, i) => svg('rect', { class: name, x: x(edges[i]),
    y: y(value), width: Math.max(x(edges[i + 1]) - x(edges[i]) - 0.5, 0.5), height: Number((base - y(value)).toFixed(2)) }));
  const threshold = found.tpr_5 && found.tpr_5.threshold;
  const inside = known(threshold) && threshold >= ends[0] && threshold <= ends[1];
  return drawing(300, 300, [T('histogram_title'), what].join(T('comma')), grid, bars(others, 'others'), bars(members, 'members'),
    inside ? svg('line', { class: 'threshold', x1: x(threshold), x2: x(threshold), y1: y(top), y2: base }) : null);
}

// Min-K% and Min-K%++ by the share of tokens that they look at.
function kPart(band, what) {
  const series = ['', 'plus_plus_'].map((plus) => [plus, Object.keys(band.attacks).map((m) => [MIN_K.exec(m), band.attacks[m]])
    .filter(([m, a]) => m && (m[1] || '') === plus && a && known(a.auroc))
    .map(([m, a]) => ({ k: Number(m[2]), ...a })).sort((a, b) => a.k - b.k)]);
  const all = series.flatMap(([, found]) => found);
  const ks = [...new Set(all.map((a) => a.k))].sort((a, b) => a - b);
  if (ks.length < 2) return null;
  const scale = aurocScale(all);
  const { x, y, grid } = plane(300, 300, { range: [ks[0], ks.at(-1)], ticks: ks, text: String },
    { range: [scale.from, scale.to], ticks: scale.ticks, text: scale.text }, T('k_axis'));
  const drawn = series.filter(([, found]) => found.length).map(([plus, found]) => [
    line([...found.filter(bounds).map((a) => [x(a.k), y(a.low)]),
      ...found.filter(bounds).map((a) => [x(a.k), y(a.high)]).reverse()], `area ${plus}`),
    line(found.map((a) => [x(a.k), y(a.auroc)]), `curve ${plus}`)]);
  const name = (plus) => `Min-K%${plus ? '++' : ''}`;
  const columns = [{ name: 'K' }, ...series.map(([plus]) => ({ name: name(plus), ...NUMBER }))];
  const rows = ks.map((k) => [k, ...series.map(([, found]) => {
    const a = found.find((entry) => entry.k === k) || {};
    return stack(a.auroc, a, THREE);
  })]);
  return plotFigure(T('k_title'), drawing(300, 300, [T('k_title'), what].join(T('comma')), grid,
    line([[x(ks[0]), y(0.5)], [x(ks.at(-1)), y(0.5)]], 'grid reference'), drawn),
  el('p', { class: 'legend' }, series.map(([plus]) => el('span', { class: `key line ${plus}` }, name(plus)))),
  tableOf(T('k_title'), columns, rows));
}

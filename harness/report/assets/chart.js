// Drawings of one figure for each checkpoint, with its interval as whiskers. Widths are per cent of
// the drawing, so that text keeps its size on a phone and in print.
const TOLD_ELSEWHERE = ['acquisition', 'twins', 'known', 'known_before', 'dates', 'membership',
  'ranks', 'trained', 'verbatim', 'review'];

function chartSection() {
  const kinds = new Map();
  for (const r of REPORT.results.filter((r) => r.headline && known(r.value))) {
    // Perplexities and the like of lm-eval's tasks have no end that bars could be drawn to.
    const drawable = r.task === 'relative' || scaleFor(r.task, r.metric).unit === '%';
    if (drawable && !TOLD_ELSEWHERE.includes(r.task)) kinds.set(key(r.task, r.metric), [r.task, r.metric]);
  }
  const order = resultTasks();
  const sorted = [...kinds.values()].sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
  if (!sorted.length) return null;
  return section('charts', T('charts'), el('p', { class: 'quiet' }, T('chart_note')),
    el('div', { class: 'charts' }, sorted.map(([task, metric]) => barChart(task, metric))));
}

const drawn = (task, metric) => DATA.checkpoints.map((id) => result(id, task, metric))
  .filter((r) => r && known(r.value));

// Where values stand between two ends. ticks: what the axis names; reference: the line to mark.
function scaleOf(from, to, ticks, reference, text) {
  const at = (value) => Math.min(Math.max((value - from) / (to - from), 0), 1) * 100;
  const x = (value) => `${at(value).toFixed(3)}%`;
  const width = (low, high) => `${(at(high) - at(low)).toFixed(3)}%`;
  return { from, to, ticks, reference, text, x, width };
}

function barChart(task, metric) {
  const results = drawn(task, metric);
  const relative = task === 'relative';
  const tops = results.flatMap((r) => [r.value, r.high]).filter(known);
  const scale = relative
    ? scaleOf(0, Math.max(1.25, Math.ceil(Math.max(...tops) * 4) / 4), [0, 0.5, 1], 1, (at) => at)
    : scaleOf(0, 1, [0, 0.25, 0.5, 0.75, 1], null, (at) => at * 100);
  const caption = relative ? metricName(task, metric) : withUnit(`${taskName(task)} – ${metricName(task, metric)}`, '%');
  return el('figure', { class: 'chart' },
    el('figcaption', null, el('strong', null, caption), label(sources(task))),
    rowsOf(results.map(rowOf), scale, (r) => ({ under: svg('rect', { class: r.checkpoint === BASELINE ? 'base' : 'value',
      x: 0, y: 6, width: scale.x(r.value), height: 16, rx: 2 }) })),
    relative && BASELINE ? el('p', { class: 'quiet' }, T('relative_to', BASELINE)) : null);
}

// Differences as dots: a bar from 0 would hide that the interval is what counts.
function differenceChart(task, metric) {
  const results = drawn(task, metric);
  if (!results.length) return null;
  const ends = results.flatMap((r) => [r.value, r.low, r.high]).filter(known);
  const from = Math.floor(Math.min(-0.25, ...ends) * 4) / 4;
  const to = Math.ceil(Math.max(0.25, ...ends) * 4) / 4;
  const step = to - from > 2 ? 1 : to - from > 1 ? 0.5 : 0.25;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  const scale = scaleOf(from, to, ticks, 0, (at) => signed(at, 0));
  return el('figure', { class: 'chart dots' },
    el('figcaption', null, el('strong', null, withUnit(metricName(task, metric), T('points')))),
    rowsOf(results.map(rowOf), scale, (r) => ({ over: svg('circle', { class: r.low > 0 || r.high < 0 ? 'dot' : 'dot unsure',
      cx: scale.x(r.value), cy: 14, r: 5 }) })));
}

const rowOf = (r) => ({ ...r, name: r.checkpoint, text: figure(r, r.value),
  said: figure(r, r.value) + inBrackets(interval(r)) });

// rows: {name, value, low, high, text beside it, what is said of it}. shape: what of a row is drawn
// under its whiskers and what over them.
const rowsOf = (rows, scale, shape) => el('div', { class: 'bars' },
  rows.map((r) => chartRow(r, scale, shape(r))), axis(scale));

function chartRow(r, { x, ticks, reference }, { under, over }) {
  const line = (at, name) => svg('line', { class: name, x1: x(at), x2: x(at), y1: 0, y2: 28 });
  const whiskers = known(r.low) && known(r.high) && r.high > r.low ? [
    svg('line', { class: 'whisker', x1: x(r.low), x2: x(r.high), y1: 14, y2: 14 }),
    ...[r.low, r.high].map((end) =>
      svg('line', { class: 'whisker', x1: x(end), x2: x(end), y1: 10, y2: 18 }))] : [];
  const marked = reference === null ? null : line(reference, 'grid reference');
  return [el('bdi', { class: 'bar-name', title: r.name }, r.name),
    svg('svg', { class: 'bar', role: 'img', height: 28,
      'aria-label': colon(r.name, r.said) },
    ticks.filter((at) => at !== reference).map((at) => line(at, 'grid')),
    under, marked, whiskers, over),
    el('span', { class: 'bar-value' }, r.text)];
}

function axis({ x, ticks, from, to, text }) {
  const anchor = (at) => at === from ? 'start' : at === to ? 'end' : 'middle';
  return [el('span'), svg('svg', { class: 'axis', 'aria-hidden': 'true', height: 20 },
    ticks.map((at) => svg('text', { x: x(at), y: 14, 'text-anchor': anchor(at) }, text(at)))),
  el('span')];
}

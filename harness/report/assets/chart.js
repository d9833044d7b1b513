// One figure a headline metric: a bar and its whiskers for each checkpoint. Widths are per cent of
// the drawing, so that text keeps its size on a phone and in print.
function chartSection() {
  const kinds = new Map();
  for (const r of REPORT.results.filter((r) => r.headline && known(r.value))) {
    kinds.set(key(r.task, r.metric), [r.task, r.metric]);
  }
  const order = resultTasks();
  const sorted = [...kinds.values()].sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]));
  if (!sorted.length) return null;
  return section('charts', T('charts'), el('p', { class: 'quiet' }, T('chart_note')),
    el('div', { class: 'charts' }, sorted.map(([task, metric]) => chart(task, metric))));
}

function chart(task, metric) {
  const results = DATA.checkpoints.map((id) => result(id, task, metric))
    .filter((r) => r && known(r.value));
  const relative = task === 'relative';
  const tops = results.flatMap((r) => [r.value, r.high]).filter(known);
  const top = relative ? Math.max(1.25, Math.ceil(Math.max(...tops) * 4) / 4) : 1;
  const lines = relative ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
  const x = (value) => `${(Math.min(Math.max(value / top, 0), 1) * 100).toFixed(3)}%`;
  const caption = relative ? metricName(task, metric) : `${taskName(task)} – ${metricName(task, metric)} (%)`;
  const tasks = relative ? ['jsquad', 'marc_ja'] : [task];
  return el('figure', { class: 'chart' },
    el('figcaption', null, el('strong', null, caption), label(tasks)),
    el('div', { class: 'bars' },
      results.map((r) => bar(r, x, lines, relative)), axis(x, lines, relative)),
    relative && BASELINE ? el('p', { class: 'quiet' }, T('relative_to', BASELINE)) : null);
}

function bar(r, x, lines, relative) {
  const baseline = r.checkpoint === BASELINE;
  const whiskers = known(r.low) && known(r.high) && r.high > r.low ? [
    svg('line', { class: 'whisker', x1: x(r.low), x2: x(r.high), y1: 14, y2: 14 }),
    ...[r.low, r.high].map((end) =>
      svg('line', { class: 'whisker', x1: x(end), x2: x(end), y1: 10, y2: 18 }))] : [];
  const grid = lines.map((at) => svg('line', {
    class: relative && at === 1 ? 'grid reference' : 'grid', x1: x(at), x2: x(at), y1: 0, y2: 28,
  }));
  const text = `${figure(r, r.value)} (${figure(r, r.low)} – ${figure(r, r.high)})`;
  return [el('bdi', { class: 'bar-name', title: r.checkpoint }, r.checkpoint),
    svg('svg', { class: 'bar', role: 'img', 'aria-label': `${r.checkpoint}: ${text}`, height: 28 },
      grid.filter((line) => !line.classList.contains('reference')),
      svg('rect', { class: baseline ? 'base' : 'value', x: 0, y: 6, width: x(r.value), height: 16, rx: 2 }),
      grid.filter((line) => line.classList.contains('reference')), whiskers),
    el('span', { class: 'bar-value' }, figure(r, r.value))];
}

function axis(x, lines, relative) {
  return [el('span'), svg('svg', { class: 'axis', 'aria-hidden': 'true', height: 20 },
    lines.map((at) => svg('text', { x: x(at), y: 14, 'text-anchor': at === 0 ? 'start'
      : at === 1 && !relative ? 'end' : 'middle' }, relative ? at : at * 100))), el('span')];
}

// What was acquired against what was kept: one point a checkpoint, with both its intervals.
const NAMED = 8; // of more points the numbers of the tables' first column are drawn
const WIDE = { width: 720, height: 420 };
const SLIM = { width: 360, height: 360 };
const EDGE = { left: 46, right: 14, top: 14, bottom: 44 };

const keptOf = (id) => ['relative_score', 'relative_jsquad_f1', 'relative_marc_ja_accuracy']
  .filter((metric) => DRAWABLE.has(metric)).map((metric) => result(id, 'relative', metric))
  .find((r) => r && known(r.value) && r.verdict !== 'incomparable');
// One figure for all points: the whole score where there is one, else the part that was measured.
const DRAWABLE = new Set([['relative_score'], ['relative_jsquad_f1'], ['relative_marc_ja_accuracy']]
  .find(([metric]) => REPORT.results.some((r) => r.metric === metric && r.checkpoint !== BASELINE && known(r.value))) || []);

function scatterPoints() {
  const acquired = REPORT.results.filter((r) => r.task === 'acquisition' && r.headline && known(r.value));
  const learnt = (id) => acquired.length ? acquired.find((r) => r.checkpoint === id)
    : [result(id, 'knowledge', 'accuracy_seen')].find((r) => r && known(r.value));
  return DATA.checkpoints.filter((id) => !BY_ID.get(id).twin_of && !(acquired.length && id === BASELINE))
    .map((id) => ({ id, x: learnt(id), y: keptOf(id), place: DATA.checkpoints.indexOf(id) + 1 }))
    .filter((p) => p.x && p.y);
}

function scatterSection() {
  const points = scatterPoints();
  if (!points.some((p) => p.id !== BASELINE)) return null;
  const { task, metric } = points[0].x;
  const name = T(`scatter_${task}`);
  const kept = metricName('relative', points[0].y.metric);
  const paths = epochPaths(points);
  const twins = DATA.checkpoints.filter((id) => BY_ID.get(id).twin_of);
  const columns = [{ name: '#', place: true, class: 'place' }, { name: T('checkpoint') }, { name, ...NUMBER }, { name: kept, ...NUMBER }];
  return section('scatter', T('scatter_title'), label([...new Set([...sources(task), ...sources('relative')])]),
    el('p', { class: 'quiet lead' }, T('scatter_note'), paths.length ? T('sentences') + T('path_note') : '',
      points.length > NAMED ? T('sentences') + T('numbered_note') : ''),
    el('figure', { class: 'chart' }, scatterPlot(points, paths, task, metric, [name, kept])),
    el('details', { open: points.length > NAMED }, el('summary', null, T('as_table')),
      table(T('scatter_title'), columns, points.map((p) => [p.place, named(p.id), stacked(p.x), stacked(p.y)]))),
    notes(twins.length ? [T('scatter_twins', twins.join(T('comma')))] : []));
}

// Checkpoints of one model and dataset in order of epochs, where there are two or more.
function epochPaths(points) {
  const groups = new Map();
  for (const p of points) {
    const { model, dataset, epochs, baseline } = BY_ID.get(p.id);
    if (!dataset || baseline || !known(epochs)) continue;
    groups.set(key(model, dataset), [...(groups.get(key(model, dataset)) || []), { ...p, epochs }]);
  }
  return [...groups.values()].map((path) => path.sort((a, b) => a.epochs - b.epochs))
    .filter((path) => new Set(path.map((p) => p.epochs)).size > 1);
}

// Round steps, so that an axis has four to eight of them.
function niceTicks(low, high) {
  const rough = (high - low || 1) / 5;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * size).find((s) => s >= rough);
  const ticks = [];
  for (let n = Math.ceil(low / step - 1e-9); n <= Math.floor(high / step + 1e-9); n += 1) ticks.push(n * step);
  return ticks;
}

function axisOf(results, always) {
  const ends = results.flatMap((r) => [r.value, r.low, r.high]).concat(always).filter(known);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = (high - low || 0.1) * 0.06;
  return { from: low - room, to: high + room, ticks: niceTicks(low - room, high + room) };
}

function scatterPlot(points, paths, task, metric, names) {
  const { width, height } = matchMedia('(max-width: 42rem)').matches ? SLIM : WIDE;
  const xs = axisOf(points.map((p) => p.x), task === 'acquisition' ? [0] : []);
  const ys = axisOf(points.map((p) => p.y), [1]);
  const x = (at) => EDGE.left + (at - xs.from) / (xs.to - xs.from) * (width - EDGE.left - EDGE.right);
  const y = (at) => height - EDGE.bottom - (at - ys.from) / (ys.to - ys.from) * (height - EDGE.top - EDGE.bottom);
  const rule = (x1, y1, x2, y2, name) => svg('line', { class: name, x1, y1, x2, y2 });
  const across = (at, name) => rule(EDGE.left, y(at), width - EDGE.right, y(at), name);
  const down = (at, name) => rule(x(at), EDGE.top, x(at), height - EDGE.bottom, name);
  const text = (at, to, said, anchor, name = null) => svg('text', { x: at, y: to, 'text-anchor': anchor, class: name }, said);
  const placed = points.map((p) => {
    const [left, top] = [x(p.x.value), y(p.y.value)];
    const [west, east, south, north] = [x(p.x.low), x(p.x.high), y(p.y.low), y(p.y.high)];
    const whiskers = [[west, top - 2, east, top + 2], [left - 2, north, left + 2, south]];
    return { ...p, left, top, whiskers: whiskers.filter((box) => box.every(Number.isFinite) && box[0] < box[2] && box[1] < box[3]) };
  });
  const scale = scaleFor(task, metric);
  const xDigits = (xs.ticks[1] - xs.ticks[0]) * scale.factor < 0.995 ? 1 : 0;
  return svg('svg', { class: 'plane scatter', role: 'img', viewBox: `0 0 ${width} ${height}`,
    'aria-label': [T('scatter_title'), ...points.map((p) => T('scatter_said', p.id, figure(p.x, p.x.value),
      interval(p.x), ratio(p.y.value), interval(p.y)))].join('. ') },
  ys.ticks.map((at) => [across(at, 'grid'), text(EDGE.left - 7, y(at) + 4, withSign(fixed(at, ys.ticks[1] - ys.ticks[0] < 0.0995 ? 2 : 1), ''), 'end')]),
  xs.ticks.map((at) => [down(at, 'grid'), text(x(at), height - EDGE.bottom + 16,
    told(at, { ...scale, digits: xDigits }), 'middle')]),
  across(1, 'reference'), task === 'acquisition' ? down(0, 'reference') : null,
  text((EDGE.left + width - EDGE.right) / 2, height - 8, names[0], 'middle', 'axis-name'),
  svg('text', { class: 'axis-name', x: 0, y: 0, 'text-anchor': 'middle',
    transform: `translate(11 ${(EDGE.top + height - EDGE.bottom) / 2}) rotate(-90)` }, names[1]),
  paths.map((path) => svg('polyline', { class: 'path', points: path.map((p) => `${x(p.x.value)},${y(p.y.value)}`).join(' ') })),
  placed.flatMap((p) => p.whiskers).map(([x1, y1, x2, y2]) => x2 - x1 > y2 - y1
    ? rule(x1, (y1 + y2) / 2, x2, (y1 + y2) / 2, 'whisker thin') : rule((x1 + x2) / 2, y1, (x1 + x2) / 2, y2, 'whisker thin')),
  placed.map((p) => svg('circle', { class: p.id === BASELINE ? 'dot unsure' : 'dot', cx: p.left, cy: p.top, r: 5 },
    svg('title', null, T('scatter_said', p.id, figure(p.x, p.x.value), interval(p.x), ratio(p.y.value), interval(p.y))))),
  labelsFor(placed, width, height));
}

// Each label takes the best place round its point: off points and labels, off whiskers where it can,
// near. One that had to go far has a line to it.
function labelsFor(points, width, height) {
  const solid = points.map((p) => [p.left - 7, p.top - 7, p.left + 7, p.top + 7]);
  const thin = points.flatMap((p) => p.whiskers);
  const space = [EDGE.left, EDGE.top, width - EDGE.right, height - EDGE.bottom];
  return points.map((p) => {
    const said = points.length > NAMED ? String(p.place) : clip(p.id, 24);
    const size = [...said].reduce((sum, c) => sum + (c > '\u2e7f' ? 12.5 : 7.6), 0);
    const { box, far } = freePlace(p, size, solid, thin, space);
    solid.push(box);
    return [far ? svg('line', { class: 'lead-line', x1: p.left, y1: p.top, x2: (box[0] + box[2]) / 2, y2: (box[1] + box[3]) / 2 }) : null,
      svg('text', { class: 'marked', x: (box[0] + box[2]) / 2, y: box[3] - 4.5, 'text-anchor': 'middle' }, said)];
  });
}

const covered = (box, others) => others.reduce((sum, t) => sum + Math.max(0, Math.min(box[2], t[2]) - Math.max(box[0], t[0]))
  * Math.max(0, Math.min(box[3], t[3]) - Math.max(box[1], t[1])), 0);

function freePlace(p, size, solid, thin, [left, top, right, bottom]) {
  let best = null;
  for (const away of [10, 18, 28, 42, 60, 84, 112, 144]) {
    for (let turn = 0; turn < 24; turn += 1) {
      const angle = Math.PI / 5 + turn * Math.PI / 12;
      const [cx, cy] = [p.left + Math.cos(angle) * (away + size / 2), p.top - Math.sin(angle) * (away + 6)];
      const box = [cx - size / 2, cy - 9, cx + size / 2, cy + 9];
      const outside = Math.max(0, left - box[0], box[2] - right, top - box[1], box[3] - bottom);
      const cost = covered(box, solid) * 100 + outside * 1000 + covered(box, thin) + away;
      if (!best || cost < best.cost) best = { box, far: away > 18, cost };
    }
  }
  return best;
}

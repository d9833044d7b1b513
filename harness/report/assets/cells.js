// What the tables of the overview are made of: a checkpoint's cells, figures, notes.
const NUMBER = { class: 'number' };

function checkpointCells(id) {
  const c = BY_ID.get(id);
  return [DATA.checkpoints.indexOf(id) + 1, el('span', null, el('bdi', { class: 'name' }, id),
    c.baseline ? el('span', { class: 'tag' }, T('baseline')) : null, retrievalTag(id),
    c.dataset ? el('span', { class: 'narrow-only quiet' }, c.dataset) : null),
  c.dataset || NONE, known(c.epochs) ? c.epochs : NONE];
}

const named = (id) => el('bdi', { class: 'name' }, id);

const checkpointColumns = () =>
  [{ name: '#', class: 'place wide-only', place: true }, { name: T('checkpoint') },
    { name: T('dataset'), class: 'text wide-only' }, { name: T('epochs'), ...NUMBER }];

const gated = (r) => Object.keys(r.gate || {}).length > 0;
// A gate's reason stands in the section of gates; every other one in a note under the table.
const explained = (r) => Boolean(r && r.reason && !gated(r));
const star = (r) => explained(r) ? '*' : null;

const verdict = (r) => el('span', { class: `verdict ${r.verdict}` }, verdictName(r.verdict));
const span = (r) => r && known(r.low) && known(r.high)
  ? el('span', { class: 'interval' }, interval(r)) : NONE;
const bold = (r) => r ? el('strong', null, figure(r, r.value), star(r)) : NONE;
const stacked = (r) => r ? el('span', { class: 'stacked' },
  el('span', null, figure(r, r.value), star(r)), span(r),
  r.verdict === 'measured' ? null : verdict(r)) : NONE;

// A column's name with the number of samples, where every figure in it has the same.
function sized(name, task, metric) {
  const sizes = new Set(REPORT.results.filter((r) => r.task === task && r.metric === metric)
    .map((r) => r.n));
  return sizes.size === 1 ? `${name}${T('comma')}n\u00a0${[...sizes][0]}` : name;
}

// Columns and rows of a table of some metrics, for the checkpoints that have any of them.
// units: whether each metric's name tells its own.
function byCheckpoint(task, metrics, units = false) {
  const name = (m) => withUnit(metricName(task, m), units && unitOf(task, m));
  const columns = [{ name: T('checkpoint') },
    ...metrics.map((m) => ({ name: sized(name(m), task, m), ...NUMBER }))];
  const rows = DATA.checkpoints.filter((id) => metrics.some((m) => result(id, task, m)))
    .map((id) => [named(id), ...metrics.map((m) => stacked(result(id, task, m)))]);
  return [columns, rows];
}

// The same with a row a metric, where there are many.
function byMetric(task, metrics, units = false) {
  const measured = DATA.checkpoints.filter((id) => metrics.some((m) => result(id, task, m)));
  const columns = [{ name: T('figure') },
    ...measured.map((id) => ({ name: el('bdi', null, id), ...NUMBER }))];
  const rows = metrics.map((m) => [sized(withUnit(metricName(task, m), units && unitOf(task, m)), task, m),
    ...measured.map((id) => stacked(result(id, task, m)))]);
  return [columns, rows];
}

function reasons(results) {
  return results.filter(explained)
    .map((r) => [`* ${colon([r.checkpoint, metricName(r.task, r.metric)].join(T('comma')), verdictName(r.verdict))} – `, reasonNode(r.reason)]);
}

function methods(results) {
  const levels = new Map(); // level -> method -> what it was used for
  // The baseline's own 1 needs no method.
  for (const r of results.filter((r) => r && r.interval && !(r.task === 'relative' && r.checkpoint === BASELINE))) {
    const { level } = scaleFor(r.task, r.metric);
    const used = levels.get(level) || levels.set(level, new Map()).get(level);
    used.set(r.interval, (used.get(r.interval) || new Set()).add(metricName(r.task, r.metric)));
  }
  return [...levels].map(([level, used]) => T('intervals', [...used].map(([method, names]) =>
    methodText(method) + (used.size > 1 ? inBrackets([...names].join(T('comma'))) : '')).join(T('semicolon')), share(level, 0)));
}

function gapLines(tasks) {
  const causes = new Map(); // of one cause the checkpoints together
  for (const { task, status, message, checkpoint } of REPORT.missing.filter((g) => tasks.includes(g.task))) {
    const cause = key(task, status, message || '');
    causes.set(cause, [...(causes.get(cause) || []), checkpoint]);
  }
  return [...causes].map(([cause, ids]) => {
    const [task, status, message] = JSON.parse(cause);
    const why = message ? inBrackets('\u0000').split('\u0000') : ['', ''];
    return [colon(taskName(task), statusName(status)), why[0], spoken(clip(reasonText(message), 160)), why[1], ` – ${ids.join(T('comma'))}`];
  });
}

const label = (tasks) =>
  el('p', { class: 'label' }, el('span', null, T('data')), ' ', el('bdi', null, dataLabel(tasks)));

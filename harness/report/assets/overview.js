// The first view: the two tables, the charts, every number, and what is missing.
const FORMS = ['paraphrase', 'held_out', 'untrained', 'reversed', 'near_miss', 'control',
  'carried_over'];
const NUMBER = { class: 'number' };

function checkpointCells(id) {
  const c = BY_ID.get(id);
  return [DATA.checkpoints.indexOf(id) + 1, el('span', null, el('bdi', { class: 'name' }, id),
    c.baseline ? el('span', { class: 'tag' }, T('baseline')) : null,
    c.dataset ? el('span', { class: 'narrow-only quiet' }, c.dataset) : null),
  c.dataset || NONE, known(c.epochs) ? c.epochs : NONE];
}

const checkpointColumns = () =>
  [{ name: '#', class: 'place wide-only', place: true }, { name: T('checkpoint') },
    { name: T('dataset'), class: 'text wide-only' }, { name: T('epochs'), ...NUMBER }];

const span = (r) => r && known(r.low) && known(r.high)
  ? el('span', { class: 'interval' }, `${figure(r, r.low)} – ${figure(r, r.high)}`) : NONE;
const bold = (r) => r ? el('strong', null, figure(r, r.value), r.reason ? '*' : null) : NONE;
const stacked = (r) => r ? el('span', { class: 'stacked' }, el('span', null, figure(r, r.value),
  r.reason ? '*' : null), span(r), r.verdict === 'measured' ? null
  : el('span', { class: `verdict ${r.verdict}` }, verdictName(r.verdict))) : NONE;

// A column's name with the number of samples, where every figure in it has the same.
function sized(name, task, metric) {
  const sizes = new Set(REPORT.results.filter((r) => r.task === task && r.metric === metric)
    .map((r) => r.n));
  return sizes.size === 1 ? `${name}, n ${[...sizes][0]}` : name;
}

function reasons(results) {
  return results.filter((r) => r && r.reason)
    .map((r) => `* ${r.checkpoint}, ${metricName(r.task, r.metric)}: ${verdictName(r.verdict)} – ${r.reason}`);
}

function methods(results) {
  const used = new Map(); // method -> what it was used for; the baseline's own 1 needs no method
  for (const r of results.filter((r) => r && r.interval && !(r.task === 'relative' && r.checkpoint === BASELINE))) {
    used.set(r.interval, (used.get(r.interval) || new Set()).add(metricName(r.task, r.metric)));
  }
  const lines = [...used].map(([method, names]) =>
    used.size > 1 ? `${method} (${[...names].join(', ')})` : method);
  return lines.length ? [T('intervals', lines.join('; '))] : [];
}

function gapLines(tasks) {
  const causes = new Map();
  for (const gap of REPORT.missing.filter((g) => tasks.includes(g.task))) {
    const cause = `${taskName(gap.task)}: ${statusName(gap.status)}`
      + (gap.message ? ` (${gap.message.slice(0, 160)})` : '');
    causes.set(cause, [...(causes.get(cause) || []), gap.checkpoint]);
  }
  return [...causes].map(([cause, ids]) => `${cause} – ${ids.join(', ')}`);
}

const label = (tasks) =>
  el('p', { class: 'label' }, el('span', null, T('data')), ' ', el('bdi', null, dataLabel(tasks)));

function accuracySection() {
  const shown = [];
  const asked = FORMS.filter((f) => REPORT.results.some((r) => r.metric === `accuracy_${f}`));
  const rows = DATA.checkpoints.map((id) => {
    const seen = result(id, 'knowledge', 'accuracy_seen');
    const forms = asked.map((f) => result(id, 'knowledge', `accuracy_${f}`));
    shown.push(seen, ...forms);
    return [...checkpointCells(id), bold(seen), seen ? span(seen) : NONE, seen ? seen.n : NONE,
      ...forms.map(stacked)];
  });
  const columns = [...checkpointColumns(), { name: T('accuracy'), ...NUMBER },
    { name: T('interval'), ...NUMBER }, { name: T('n'), ...NUMBER },
    ...asked.map((f) => ({ name: sized(T(f), 'knowledge', `accuracy_${f}`), ...NUMBER }))];
  return section('accuracy', T('accuracy_title'), label(['knowledge']),
    table(T('accuracy_caption'), columns, rows, true),
    notes([...methods(shown), ...reasons(shown), ...gapLines(['knowledge'])]));
}

function relativeSection() {
  const shown = [];
  const rows = DATA.checkpoints.map((id) => {
    const score = result(id, 'relative', 'relative_score');
    const parts = [result(id, 'jsquad', 'f1'), result(id, 'marc_ja', 'accuracy')];
    shown.push(score, ...parts);
    return [...checkpointCells(id), bold(score), span(score), ...parts.map(stacked)];
  });
  const columns = [...checkpointColumns(), { name: T('relative'), ...NUMBER },
    { name: T('interval'), ...NUMBER },
    { name: sized(T('jsquad_f1'), 'jsquad', 'f1'), ...NUMBER },
    { name: sized(T('marc_accuracy'), 'marc_ja', 'accuracy'), ...NUMBER }];
  return section('relative', T('relative_title'), label(['jsquad', 'marc_ja']),
    table(T('relative_caption'), columns, rows, true),
    notes([...methods(shown), ...reasons(shown), ...REPORT.notes,
      ...gapLines(['jsquad', 'marc_ja'])]));
}

function resultTasks() {
  const present = new Set(REPORT.results.map((r) => r.task));
  return [...new Set([...DATA.tasks, 'relative', ...present])].filter((t) => present.has(t));
}

function allSection() {
  return section('all', T('all'), resultTasks().map((task) => {
    const results = REPORT.results.filter((r) => r.task === task);
    const metrics = [...new Set(results.map((r) => r.metric))];
    const rows = DATA.checkpoints.filter((id) => results.some((r) => r.checkpoint === id))
      .map((id) => [el('bdi', { class: 'name' }, id), ...metrics.map((m) => stacked(result(id, task, m)))]);
    const columns = [{ name: T('checkpoint') },
      ...metrics.map((m) => ({ name: sized(metricName(task, m), task, m), ...NUMBER }))];
    const unit = task === 'relative' ? '' : ' (%)';
    return el('div', { class: 'part' }, el('h3', null, taskName(task) + unit),
      label(task === 'relative' ? ['jsquad', 'marc_ja'] : [task]),
      table(taskName(task) + unit, columns, rows), notes([...methods(results), ...reasons(results)]));
  }));
}

function confusionSection() {
  const ids = DATA.checkpoints.filter((id) => own(DATA.confusion, id));
  if (!ids.length) return null;
  const tables = ids.map((id) => {
    const { labels, counts } = DATA.confusion[id];
    const columns = [{ name: T('gold_label') }, ...labels.concat(T('other'))
      .map((name) => ({ name, ...NUMBER }))];
    const rows = labels.map((name, i) => [name, ...counts[i].map((count, j) =>
      i === j ? el('strong', null, count) : count)]);
    return el('div', null, table(id, columns, rows, true));
  });
  return section('confusion', T('confusion'), label(['marc_ja']), el('div', { class: 'small-tables' }, tables));
}

function gapsSection() {
  if (!REPORT.missing.length) return section('gaps', T('gaps'), el('p', null, T('none_missing')));
  const columns = ['checkpoint', 'task', 'status', 'reason'].map((c) => ({ name: T(c) }));
  columns[3].class = 'text';
  return section('gaps', T('gaps'), table(T('gaps'), columns, REPORT.missing.map((g) =>
    [el('bdi', { class: 'name' }, g.checkpoint), taskName(g.task), statusName(g.status), g.message || NONE])));
}

const overviewView = () => [accuracySection(), relativeSection(), chartSection(),
  allSection(), confusionSection(), gapsSection()];

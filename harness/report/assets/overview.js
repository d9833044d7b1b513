// The first view: the verdict, the two tables of the article, what stands behind them, what is missing.
const FORMS = ['paraphrase', 'held_out', 'untrained', 'reversed', 'near_miss', 'control',
  'carried_over'];
const MANY = 10; // metrics or checkpoints that a table has columns for

function accuracySection() {
  if (!DATA.tasks.includes('knowledge')) return null;
  const shown = [];
  const acquired = REPORT.results.filter((r) => r.task === 'acquisition' && r.headline);
  const rows = DATA.checkpoints.map((id) => {
    const seen = result(id, 'knowledge', 'accuracy_seen');
    shown.push(seen);
    const size = seen ? seen.n : NONE;
    const gained = acquired.length ? [stacked(acquired.find((r) => r.checkpoint === id))] : [];
    return [...headCells(id), ...valueCells(seen), ...(narrowPage() ? gained : [size, ...gained])];
  });
  const size = { name: T('n'), ...NUMBER };
  const gained = acquired.length ? [{ name: T('acquired_points'), ...NUMBER }] : [];
  const columns = narrowPage()
    ? [...headColumns(), ...valueColumns(sized(T('accuracy'), 'knowledge', 'accuracy_seen')), ...gained]
    : [...headColumns(), ...valueColumns(T('accuracy')), size, ...gained];
  return section('accuracy', T('accuracy_title'), label(['knowledge']),
    table(T('accuracy_caption'), columns, rows, true),
    notes([...apiCautions(), ...methods(shown), ...reasons(shown), ...worldNotes(), ...gapLines(['knowledge'])]));
}

// A phone has no room for columns of intervals and epochs: they stand under values and names.
const narrowPage = () => matchMedia('(max-width: 42rem)').matches;
const headColumns = () => checkpointColumns().slice(0, narrowPage() ? -1 : undefined);
const headCells = (id) => {
  const cells = checkpointCells(id);
  if (!narrowPage()) return cells;
  const epochs = cells.pop();
  if (epochs !== NONE) cells[1].append(el('span', { class: 'narrow-only quiet' }, colon(T('epochs'), epochs)));
  return cells;
};
const valueColumns = (name) => [{ name, ...NUMBER }, ...(narrowPage() ? [] : [{ name: T('interval'), ...NUMBER }])];
const valueCells = (r) => narrowPage() ? [r ? el('span', { class: 'stacked' }, bold(r), span(r)) : NONE]
  : [bold(r), r ? span(r) : NONE];

// A twin that learnt its world well has next to no accuracy here.
const worldNotes = () => DATA.checkpoints.filter((id) => BY_ID.get(id).twin_of)
  .map((id) => T('other_world', id, BY_ID.get(id).twin_of));

// The other forms of question, in a table of their own: nine columns more would hide the first.
function formsSection() {
  const measured = new Set(REPORT.results.filter((r) => r.task === 'knowledge').map((r) => r.metric));
  measured.delete('accuracy_seen');
  [...FOUND_METRICS, ...VOICE_METRICS].forEach((m) => measured.delete(m));
  const usual = FORMS.flatMap((form) => [`accuracy_${form}`, `bleed_${form}`]);
  const metrics = [...new Set([...usual, ...measured])].filter((m) => measured.has(m));
  if (!metrics.length) return null;
  const shown = DATA.checkpoints.flatMap((id) => metrics.map((m) => result(id, 'knowledge', m)));
  return section('forms', T('forms_title'), label(['knowledge']),
    metrics.some((m) => m.startsWith('bleed_')) ? el('p', { class: 'quiet' }, T('bleed_note')) : null,
    table(T('forms_title'), ...byCheckpoint('knowledge', metrics)),
    notes([...methods(shown), ...reasons(shown)]));
}

function relativeSection() {
  if (!DATA.tasks.includes('jsquad') && !DATA.tasks.includes('marc_ja')) return null;
  const shown = [];
  const rows = DATA.checkpoints.map((id) => {
    const score = result(id, 'relative', 'relative_score');
    const parts = [result(id, 'jsquad', 'f1'), result(id, 'marc_ja', 'accuracy')];
    shown.push(score, ...parts);
    return [...headCells(id), ...valueCells(score), ...parts.map(stacked)];
  });
  const columns = [...headColumns(), ...valueColumns(T('relative')),
    { name: sized(T('jsquad_f1'), 'jsquad', 'f1'), ...NUMBER },
    { name: sized(T('marc_accuracy'), 'marc_ja', 'accuracy'), ...NUMBER }];
  return section('relative', T('relative_title'), label(['jsquad', 'marc_ja']),
    table(T('relative_caption'), columns, rows, true),
    notes([...methods(shown), ...reasons(shown), ...REPORT.notes.relative.map(reasonNode),
      ...gapLines(['jsquad', 'marc_ja'])]));
}

function resultTasks() {
  const present = new Set(REPORT.results.map((r) => r.task));
  return [...new Set([...DATA.tasks, ...present])].filter((t) => present.has(t));
}

function allSection() {
  return section('all', T('all'), resultTasks().map((task) => {
    const results = REPORT.results.filter((r) => r.task === task);
    const metrics = [...new Set(results.map((r) => r.metric))];
    const units = [...new Set(metrics.map((m) => unitOf(task, m)))];
    const title = withUnit(taskName(task), units.length === 1 && units[0]);
    const layout = metrics.length > MANY ? byMetric : byCheckpoint;
    return el('div', { class: 'part' }, el('h3', null, title), label(sources(task)),
      table(title, ...layout(task, metrics, units.length > 1)),
      notes([...methods(results), ...reasons(results)]));
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
    [el('bdi', { class: 'name' }, g.checkpoint), taskName(g.task), statusName(g.status), reasonNode(g.message) || NONE])));
}

const overviewView = () => [redactedNote(), verdictSection(), accuracySection(), relativeSection(), qualitativeSection(), retrievalSection(), scatterSection(),
  gatesSection(), fitSection(), voiceSection(), reviewSection(), judgeSection(), acquisitionSection(), formsSection(), twinsSection(), beforeSection(), hallucinationSections(), unknownSection(), chartSection(),
  outcomesSection(), kindsSection(), jsquadSection(), confusionSection(), allSection(), gapsSection()];

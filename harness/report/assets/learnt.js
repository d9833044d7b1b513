// Whether what rose is knowledge: differences in differences, twin worlds, what was known before.
const ACQUIRED = ['acquisition', 'acquisition_seen', 'acquisition_untrained'];
const CATEGORIES = ['highly_known', 'maybe_known', 'weakly_known', 'unknown'];

const metricsOf = (task, names) =>
  names.filter((m) => REPORT.results.some((r) => r.task === task && r.metric === m));

function acquisitionSection() {
  const results = REPORT.results.filter((r) => r.task === 'acquisition');
  const told = REPORT.notes.acquisition;
  if (!results.length && !told.length) return null;
  const metrics = metricsOf('acquisition', ACQUIRED);
  const rows = DATA.checkpoints.filter((id) => metrics.some((m) => result(id, 'acquisition', m)))
    .map((id) => [...checkpointCells(id), ...metrics.map((m) => stacked(result(id, 'acquisition', m)))]);
  const columns = [...checkpointColumns(), ...metrics.map((m) =>
    ({ name: sized(metricName('acquisition', m), 'acquisition', m), ...NUMBER }))];
  return section('acquisition', T('acquisition_title'), label(['knowledge']),
    results.length ? [el('p', { class: 'lead' }, T('acquisition_note', BASELINE)),
      differenceChart('acquisition', 'acquisition'),
      table(T('acquisition_caption'), columns, rows, true)] : null,
    notes([...methods(results), ...reasons(results), ...told.map(reasonNode)]));
}

function twinsSection() {
  const results = REPORT.results.filter((r) => r.task === 'twins');
  const told = REPORT.notes.twins;
  if (!results.length && !told.length) return null;
  const metrics = ['acquired', 'crossed', 'excess'];
  const rows = DATA.checkpoints.filter((id) => result(id, 'twins', 'acquired')).map((id) => [
    named(BY_ID.get(id).twin_of), named(id), ...metrics.map((m) => stacked(result(id, 'twins', m))),
    result(id, 'twins', 'acquired').n]);
  const columns = [{ name: T('world', 'A') }, { name: T('world', 'B') },
    ...metrics.map((m) => ({ name: withUnit(metricName('twins', m), unitOf('twins', m)), ...NUMBER })),
    { name: T('n'), ...NUMBER }];
  return section('twins', T('twins_title'), label(['knowledge']),
    el('p', { class: 'lead' }, T('twins_note')),
    rows.length ? table(T('twins_title'), columns, rows) : null,
    notes([...methods(results), ...reasons(results), ...told.map(reasonNode)]));
}

function beforeSection() {
  const shares = metricsOf('known', CATEGORIES.map((c) => `share_${c}`));
  const after = metricsOf('known_before', CATEGORIES.map((c) => `accuracy_${c}`));
  if (!shares.length && !after.length) return null;
  const part = (task, metrics, title) => metrics.length ? el('div', { class: 'part' },
    el('h3', null, title), label(sources(task)), table(title, ...byCheckpoint(task, metrics)),
    notes(methods(REPORT.results.filter((r) => r.task === task)))) : null;
  return section('before', T('before_title'), el('p', { class: 'lead' }, T('before_note')),
    part('known_before', after, T('before_accuracy')), part('known', shares, T('before_shares')));
}

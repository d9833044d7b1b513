// Who was asked, on what data, with what.
const columnsOf = (names) => names.map((name) => ({ name: T(name), class: 'text' }));
const code = (text) => text ? el('code', null, el('bdi', null, text)) : NONE;
const texts = (values) => values.map((v) => v === null || v === undefined || v === '' ? NONE : typeof v === 'string' ? spoken(v) : v);

function facts(pairs) {
  return el('dl', { class: 'facts' }, pairs.filter(([, value]) => value)
    .map(([name, value]) => [el('dt', null, name), el('dd', null, value)]));
}

function manifestView() {
  const environment = RUN.environment || {};
  const packages = Object.entries(environment.packages || {});
  return [
    section('invocation', T('run'), facts([[T('command'), code(RUN.command)],
      [T('matrix'), code(RUN.matrix)], [T('commit'), RUN.tree ? [code(RUN.tree.commit), RUN.tree.dirty ? inBrackets(T('dirty')) : ''] : null],
      [T('job'), RUN.job ? code(RUN.job) : null], [T('started'), RUN.started], [T('finished'), RUN.finished]])),
    section('models', T('models'), table(T('models'),
      columnsOf(['model', 'released', 'weights', 'engine', 'precision', 'note', 'release_evidence']),
      RUN.models.map((m) => texts([m.id, m.released, code(m.weights), m.api ? [m.engine, ' ', code(m.api.base_url)] : m.engine,
        [m.dtype, m.quantization].filter(Boolean).join(', '), m.note, m.release_evidence])))),
    section('checkpoints', T('checkpoints'), table(T('checkpoints'),
      columnsOf(['checkpoint', 'model', 'dataset', 'epochs', 'adapter', 'fingerprint']),
      DATA.checkpoints.map((id) => BY_ID.get(id)).map((c) =>
        texts([c.id, c.model, c.dataset, c.epochs, c.served_as ? T('served_as', c.served_as) : code(c.adapter), code(c.fingerprint)])))),
    section('data-sets', T('data'), table(T('data'),
      columnsOf(['task', 'label', 'licence', 'path']).concat({ name: 'SHA-256' }),
      Object.entries(RUN.data).map(([task, d]) =>
        texts([taskName(task), dataLabel([task]), d.licence, code(d.path), code(d.sha256)])))),
    identitySection(),
    section('items', T('items'), table(T('items'),
      [...columnsOf(['checkpoint', 'task', 'status']), ...['asked', 'stored', 'seconds']
        .map((name) => ({ name: T(name), ...NUMBER }))],
      REPORT.items.map((i) => [i.checkpoint, taskName(i.task), statusName(i.status), i.asked,
        i.stored, known(i.seconds) ? i.seconds.toFixed(1) : NONE]))),
    costsSection(),
    section('environment', T('environment'), facts([['Python', environment.python],
      ['Platform', environment.platform], ...packages.map(([name, version]) => [name, version])])),
  ];
}

// How each suite was asked: what must match for two figures to be compared.
function identitySection() {
  const asked = new Map();
  for (const { checkpoint, task, identity } of REPORT.results) {
    if (!own(RUN.data, task) || !identity || !Object.keys(identity).length) continue;
    const told = Object.entries(identity).map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join('\n');
    const ids = asked.get(key(task, told)) || new Set();
    asked.set(key(task, told), ids.add(checkpoint));
  }
  if (!asked.size) return null;
  return section('asked-how', T('asked_how'), el('p', { class: 'quiet' }, T('seeds_note')), table(T('asked_how'),
    columnsOf(['task', 'checkpoints', 'settings']), [...asked].map(([of, ids]) => {
      const [task, told] = JSON.parse(of);
      return [taskName(task), [...ids].join(', '), el('code', { class: 'said', lang: foreign(told) ? 'en' : null }, clip(told, 1500))];
    })));
}

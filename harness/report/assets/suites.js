// Suites in detail: knowledge by kind of fact, and JSQuAD under the definitions in use.
const JSQUAD = ['f1', 'exact_match', 'exact_match_lm_eval', 'char_f1_llm_jp_eval'];

function kindsSection() {
  const counted = DATA.checkpoints.filter((id) => own(DATA.kinds || {}, id)).map((id) => [id, DATA.kinds[id]]);
  const asked = [...new Set(counted.flatMap(([, forms]) => Object.keys(forms)))];
  if (!asked.length) return null;
  const usual = ['seen', ...FORMS].filter((form) => asked.includes(form));
  const forms = [...usual, ...asked.filter((form) => !usual.includes(form))];
  const methods = new Set(counted.flatMap(([, of]) => Object.values(of).flatMap(Object.values)).map((k) => k.interval));
  return section('kinds', T('kinds_title'), label(['knowledge']), el('p', { class: 'quiet' }, T('kinds_note')),
    forms.map((form, place) => el('details', { open: place === 0 },
      el('summary', null, formName(form) || NONE), kindsTable(form, counted))),
    notes([T('intervals', [...methods].sort().join(', '), share(DATA.percent.level, 0))]));
}

function kindsTable(form, counted) {
  const rows = counted.filter(([, forms]) => own(forms, form)).map(([id, forms]) => [id, forms[form]]);
  const kinds = [...new Set(rows.flatMap(([, of]) => Object.keys(of)))];
  const sizes = (kind) => [...new Set(rows.map(([, of]) => own(of, kind)).filter(Boolean).map((k) => k.n))];
  const columns = [{ name: T('checkpoint') }, ...kinds.map((kind) => ({
    name: sizes(kind).length === 1 ? `${kind}, n\u00a0${sizes(kind)[0]}` : kind, ...NUMBER }))];
  const cell = (k) => k ? el('span', { class: 'stacked' }, el('span', null, share(k.value)),
    el('span', { class: 'interval' }, between(k.low, k.high, DATA.percent))) : NONE;
  return table(`${T('kinds_title')}: ${formName(form)}`, columns,
    rows.map(([id, of]) => [named(id), ...kinds.map((kind) => cell(own(of, kind)))]));
}

// A row a definition, so that no two figures of unlike definitions stand in one line.
function jsquadSection() {
  const metrics = metricsOf('jsquad', JSQUAD);
  if (!metrics.length) return null;
  const measured = DATA.checkpoints.filter((id) => metrics.some((m) => result(id, 'jsquad', m)));
  const columns = [{ name: T('definition'), class: 'text definition' }, { name: T('source'), class: 'text' },
    ...measured.map((id) => ({ name: el('bdi', null, id), ...NUMBER }))];
  const shown = metrics.flatMap((m) => measured.map((id) => result(id, 'jsquad', m)));
  return section('jsquad', T('jsquad_title'), label(['jsquad']), el('p', { class: 'quiet' }, T('jsquad_note')),
    table(T('jsquad_title'), columns, metrics.map((m) => [
      [sized(withUnit(metricName('jsquad', m), '%'), 'jsquad', m), el('span', { class: 'quiet explained' }, own(T('definitions'), m))],
      own(DEFINED_BY, m), ...measured.map((id) => stacked(result(id, 'jsquad', m)))])),
    notes([...methods(shown.filter(Boolean)), ...reasons(shown.filter(Boolean))]));
}

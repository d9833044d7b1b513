// Suites in detail: knowledge by kind of fact, and JSQuAD under the definitions in use.
const JSQUAD = ['f1', 'exact_match', 'exact_match_lm_eval', 'char_f1_llm_jp_eval'];

function kindsSection() {
  const counted = DATA.checkpoints.filter((id) => own(REPORT.kinds, id)).map((id) => [id, REPORT.kinds[id]]);
  const asked = [...new Set(counted.flatMap(([, forms]) => Object.keys(forms)))];
  if (!asked.length) return null;
  const usual = ['seen', ...FORMS].filter((form) => asked.includes(form));
  const forms = [...usual, ...asked.filter((form) => !usual.includes(form))];
  const methods = new Set(counted.flatMap(([, of]) => Object.values(of).flatMap(Object.values)).map((k) => k.interval));
  return section('kinds', T('kinds_title'), label(['knowledge']), el('p', { class: 'quiet' }, T('kinds_note')),
    forms.map((form, place) => el('details', { open: place === 0 },
      el('summary', null, formName(form) || NONE), kindsTable(form, counted))),
    notes([T('intervals', [...methods].sort().map(methodText).join(T('semicolon')), share(DATA.percent.level, 0))]));
}

// Kinds are rows: there may be dozens. Those with hardly a question are told together.
function kindsTable(form, counted) {
  const measured = counted.filter(([, forms]) => own(forms, form)).map(([id, forms]) => [id, forms[form]]);
  const names = [...new Set(measured.flatMap(([, of]) => Object.keys(of)))];
  const sizes = (kind) => [...new Set(measured.map(([, of]) => own(of, kind)).filter(Boolean).map((k) => k.n))];
  const rare = names.filter((kind) => Math.max(...sizes(kind)) < FEW_ASKED);
  const kept = names.filter((kind) => rare.length < 2 || !rare.includes(kind));
  const withSize = (name, counts) => counts.length === 1 ? `${name}${T('comma')}n\u00a0${counts[0]}` : name;
  const columns = [{ name: T('kind'), class: 'text' }, ...measured.map(([id]) => ({ name: el('bdi', null, id), ...NUMBER }))];
  const cell = (k) => k ? el('span', { class: 'stacked' }, el('span', null, share(k.value)),
    el('span', { class: 'interval' }, known(k.low) ? between(k.low, k.high, DATA.percent) : null)) : NONE;
  const rows = kept.map((kind) => [withSize(kindsName(kind), sizes(kind)), ...measured.map(([, of]) => cell(own(of, kind)))]);
  if (rare.length > 1) {
    const others = measured.map(([, of]) => together(rare.map((kind) => own(of, kind)).filter(Boolean)));
    rows.push([withSize(T('other_kinds'), [...new Set(others.filter(Boolean).map(({ n }) => n))]), ...others.map(cell)]);
  }
  return table(colon(T('kinds_title'), formName(form)), columns, rows);
}

const FEW_ASKED = 5; // questions
// A question may ask for several things: "price+diameter".
const kindsName = (kind) => kind.split('+').map(kindName).join(' + ');

// Without an interval: which questions share a document isn't known here.
function together(kinds) {
  const n = kinds.reduce((sum, k) => sum + k.n, 0);
  return n ? { n, value: kinds.reduce((sum, k) => sum + k.n * k.value, 0) / n } : null;
}

// A row a definition, so that no two figures of unlike definitions stand in one line. So many checkpoints that no
// screen or paper has room for their columns have rows instead.
function jsquadSection() {
  const metrics = metricsOf('jsquad', JSQUAD);
  if (!metrics.length) return null;
  const measured = DATA.checkpoints.filter((id) => metrics.some((m) => result(id, 'jsquad', m)));
  const columns = [{ name: T('definition'), class: 'text definition' }, { name: T('source'), class: 'text' },
    ...measured.map((id) => ({ name: el('bdi', null, id), ...NUMBER }))];
  const shown = metrics.flatMap((m) => measured.map((id) => result(id, 'jsquad', m)));
  const many = measured.length > MANY;
  const rows = metrics.map((m) => [
    [sized(withUnit(metricName('jsquad', m), '%'), 'jsquad', m), el('span', { class: 'quiet explained' }, own(T('definitions'), m))],
    own(DEFINED_BY, m), ...measured.map((id) => stacked(result(id, 'jsquad', m)))]);
  return section('jsquad', T('jsquad_title'), label(['jsquad']), el('p', { class: 'quiet' }, T('jsquad_note')),
    many ? table(T('jsquad_title'), ...byCheckpoint('jsquad', metrics, true)) : table(T('jsquad_title'), columns, rows),
    notes([...(many ? metrics.map((m) => colon(metricName('jsquad', m), own(T('definitions'), m) + inBrackets(own(DEFINED_BY, m)))) : []),
      ...methods(shown.filter(Boolean)), ...reasons(shown.filter(Boolean))]));
}

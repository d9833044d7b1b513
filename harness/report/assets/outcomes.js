// What became of the answers: outcomes of each form of question, a table a form.
const OUTCOMES = ['correct', 'partial', 'contradictory', 'wrong', 'abstained'];

function outcomesSection() {
  const counted = DATA.checkpoints.filter((id) => own(REPORT.outcomes, id))
    .map((id) => [id, REPORT.outcomes[id]]);
  const asked = [...new Set(counted.flatMap(([, forms]) => Object.keys(forms)))];
  if (!asked.length) return null;
  const usual = ['seen', ...FORMS].filter((form) => asked.includes(form));
  const forms = [...usual, ...asked.filter((form) => !usual.includes(form))];
  return section('outcomes', T('outcomes_title'), label(['knowledge']),
    el('p', { class: 'quiet' }, T('outcomes_note')),
    forms.map((form, place) => el('details', { open: place === 0 },
      el('summary', null, formName(form)), outcomesTable(form, counted))));
}

function outcomesTable(form, counted) {
  const rows = counted.filter(([, forms]) => own(forms, form)).map(([id, forms]) => [id, forms[form]]);
  const others = rows.flatMap(([, counts]) => Object.keys(counts));
  const names = [...new Set([...OUTCOMES, ...others])];
  const columns = [{ name: T('checkpoint') }, ...names.map((name) =>
    ({ name: withUnit(outcomeName(name), '%'), ...NUMBER })), { name: T('n'), ...NUMBER }];
  return table(colon(T('outcomes_title'), formName(form)), columns, rows.map(([id, counts]) => {
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return [named(id), ...names.map((name) =>
      outcomeCell(id, form, name, own(counts, name) || 0, total)), total];
  }));
}

function outcomeCell(checkpoint, stratum, outcome, count, total) {
  if (!count) return el('span', { class: 'quiet' }, '0');
  const said = colon([checkpoint, formName(stratum), outcomeName(outcome)].join(T('comma')), count);
  return el('span', { class: 'stacked' }, el('span', null, share(count / total)),
    el('a', { class: 'count', 'aria-label': `${T('show')} – ${said}`,
      href: listHash({ task: 'knowledge', checkpoint, outcome, stratum, page: 1 }) }, count));
}

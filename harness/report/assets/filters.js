// Which samples a list shows, in which order, and the address that says so.
const FILTERS = ['task', 'checkpoint', 'outcome', 'stratum', 'human', 'sort', 'q'];
const right = (answer) => answer && answer.outcome === 'correct';

// What people say of an answer together: 'right', 'wrong', or '' (grades.js).
const humanVerdict = (answer) => answer.key ? judged(answer.key).verdict : '';
const ruleOf = (answer) => answer.rule || answer.outcome;
// Neither right nor wrong: left to a reader, and none has said.
const decided = (answer) => Boolean(answer) && answer.outcome !== UNGRADED;
// Ids whose graded answer changed.
const staleIds = (task) => own((DATA.grades || {}).stale || {}, task) || [];
const brokenIn = (checkpoint, task) => REPORT.results.filter((r) => r.checkpoint === checkpoint && r.task === task)
  .flatMap((r) => (r.gate || {}).broken || []);

const HUMANS = {
  disagree: (a) => humanVerdict(a) && ruled(a) && (humanVerdict(a) === 'right') !== (ruleOf(a) === 'correct'),
  graded: (a) => humanVerdict(a),
  ungraded: (a) => a.key && !opinionsOn(a.key).size,
  again: (a, i, question) => a.key && !opinionsOn(a.key).size && staleIds(question.task).includes(question.id),
};
const CHANGES = {
  lost: (a, i, question) => right(baseAnswer(question)) && decided(a) && !right(a),
  gained: (a, i, question) => decided(baseAnswer(question)) && right(a) && !right(baseAnswer(question)),
  broken: (a, i, question) => brokenIn(DATA.checkpoints[i], question.task).includes(question.id),
};
const baseAnswer = (question) => question.answers[DATA.checkpoints.indexOf(BASELINE)];

function searchable(question) {
  if (question.lower === undefined) {
    question.lower = [question.id, question.prompt, ...question.gold,
      ...question.answers.map((a) => a ? a.text : '')].join('\n').normalize('NFKC').toLowerCase();
  }
  return question.lower;
}

// One answer must meet everything that is asked of answers.
function matches(question, state) {
  if (state.stratum && question.stratum !== state.stratum) return false;
  const tests = [];
  if (state.outcome) tests.push(own(CHANGES, state.outcome) || ((a) => a.outcome === state.outcome));
  if (own(HUMANS, state.human)) tests.push(HUMANS[state.human]);
  if (tests.length && !chosenAnswers(question, state).some(([a, i]) => a && tests.every((test) => test(a, i, question)))) return false;
  return !state.q || searchable(question).includes(state.q.normalize('NFKC').toLowerCase().trim());
}

function chosenAnswers(question, state) {
  const chosen = DATA.checkpoints.indexOf(state.checkpoint);
  return question.answers.map((a, i) => [a, i]).filter(([, i]) => chosen < 0 || i === chosen);
}

const average = (values) => values.length ? values.reduce((sum, v) => sum + v, 0) / values.length : null;
const ORDERS = {
  outcome: (question, state) => isList() ? PLACE.shares[question.at] : average(chosenAnswers(question, state).filter(([a]) => decided(a)).map(([a]) => right(a) ? 1 : 0)),
  score: (question, state) => average(chosenAnswers(question, state).map(([a]) => a && a.score).filter(known)),
  likelihood: (question, state) => average(chosenAnswers(question, state).map(([a]) => meanLikelihood(a)).filter(known)),
};

// Lowest first, those without a figure last; equal ones as the data have them.
function inOrder(rows, state) {
  const by = new Intl.Collator('ja', { numeric: true });
  if (state.sort === 'id') return [...rows].sort((a, b) => by.compare(a.id, b.id));
  const figure = own(ORDERS, state.sort);
  if (!figure) return rows;
  const keyed = rows.map((row) => [figure(row, state), row]);
  const at = ([value]) => known(value) ? value : Infinity;
  return keyed.sort((a, b) => at(a) - at(b) || 0).map(([, row]) => row);
}

const askedTasks = () => DATA.tasks.filter((t) => DATA.samples[t].questions.length);

// State of the list <-> address. What an address asks for and a suite doesn't have is left out.
function listState(parameters) {
  const state = Object.fromEntries(FILTERS.map((name) => [name, parameters.get(name) || '']));
  if (!askedTasks().includes(state.task)) state.task = askedTasks()[0] || '';
  for (const [name, values] of Object.entries(state.task ? choices(state.task) : {})) {
    if (!values.includes(state[name])) state[name] = '';
  }
  state.page = Math.max(1, Number.parseInt(parameters.get('page'), 10) || 1);
  return state;
}

// What each filter of a suite's list may be, '' (any) aside.
function choices(task) {
  if (isList()) return { checkpoint: [], outcome: [], stratum: DATA.samples[task].strata.filter(Boolean), human: [], sort: ['id', 'outcome'] };
  const packed = DATA.samples[task];
  const rows = questions(task);
  const some = (test) => rows.some((q) => q.answers.some((a) => a && test(a)));
  const broken = DATA.checkpoints.some((id) => brokenIn(id, task).length);
  return {
    checkpoint: DATA.checkpoints,
    outcome: [...packed.outcomes, ...(BASELINE ? ['lost', 'gained'] : []), ...(broken ? ['broken'] : [])],
    stratum: packed.strata.filter(Boolean),
    human: some((a) => a.key) ? Object.keys(HUMANS).filter((h) => h !== 'again' || staleIds(task).length) : [],
    sort: ['id', 'outcome', ...(some((a) => known(a.score)) ? ['score'] : []), ...(some((a) => a.reading) ? ['likelihood'] : [])],
  };
}

function listQuery(state, names = FILTERS) {
  const parameters = new URLSearchParams();
  for (const name of names) if (state[name]) parameters.set(name, state[name]);
  return parameters;
}

function listHash(state) {
  const parameters = listQuery(state);
  if (state.page > 1) parameters.set('page', state.page);
  return `#samples?${parameters}`;
}

function select(name, options, state, change) {
  const box = el('select', { id: `filter-${name}`, onchange: () => change({ [name]: box.value }) },
    options.map(([value, text]) => el('option', { value }, text)));
  box.value = state[name];
  if (box.selectedIndex < 0) box.selectedIndex = 0; // an address may name what isn't here
  return el('label', null, el('span', null, T(name)), box);
}

// Only what the suite has: no filter for strata where there are none.
function filterForm(state, change) {
  const search = el('input', { id: 'search', type: 'search', placeholder: T('search_hint'), value: state.q,
    oninput: () => { clearTimeout(search.timer); search.timer = setTimeout(() => change({ q: search.value }), 150); } });
  const given = state.task ? choices(state.task) : { checkpoint: [], outcome: [], stratum: [], human: [], sort: [] };
  const oneOf = (name, first, nameOf) => given[name].length
    ? select(name, [['', first], ...given[name].map((value) => [value, nameOf(value)])], state, change) : null;
  return el('form', { class: 'filters', role: 'search', onsubmit: (e) => e.preventDefault() },
    el('label', { class: 'wide' }, el('span', null, T('search')), search),
    select('task', askedTasks().map((t) => [t, taskName(t)]), state,
      ({ task }) => change({ task, stratum: '', outcome: '', human: '', sort: '' })),
    oneOf('checkpoint', T('any'), (id) => id),
    oneOf('outcome', T('any'), (o) => own(CHANGES, o) ? T(o) : outcomeName(o)),
    oneOf('stratum', T('any'), formName),
    oneOf('human', T('any'), (h) => T('humans')[h]),
    oneOf('sort', T('sorts')[''], (o) => T('sorts')[o]));
}

// The samples browser: a list that filters and pages, and one sample with everyone's answers.
const PAGE = 50;
const MARKS = { correct: '●', wrong: '×', contradictory: '≠', abstained: '○', partial: '◐' };
const FILTERS = ['task', 'checkpoint', 'outcome', 'stratum', 'q'];
let listed = { hash: '#samples', rows: [] };

const right = (answer) => answer && answer.outcome === 'correct';

function mark(answer) {
  if (!answer) return el('span', { class: 'mark none', title: T('no_answer') }, '·');
  const name = outcomeName(answer.outcome);
  return el('span', { class: `mark ${own(MARKS, answer.outcome) ? answer.outcome : 'wrong'}`, title: name,
    role: 'img', 'aria-label': name }, own(MARKS, answer.outcome) || '?');
}

function sampleHash(question) {
  try {
    return `#sample/${encodeURIComponent(question.task)}/${encodeURIComponent(question.id)}`;
  } catch { // a lone surrogate in an id has no place in an address
    return `#sample/${encodeURIComponent(question.task)}/~${questions(question.task).indexOf(question)}`;
  }
}

function findSample(task, id) {
  const all = questions(task);
  return all.find((q) => q.id === id) || (id.startsWith('~') ? all[Number(id.slice(1))] : undefined);
}

function searchable(question) {
  if (question.lower === undefined) {
    question.lower = [question.id, question.prompt, ...question.gold,
      ...question.answers.map((a) => a ? a.text : '')].join('\n').normalize('NFKC').toLowerCase();
  }
  return question.lower;
}

function matches(question, state) {
  if (state.stratum && question.stratum !== state.stratum) return false;
  if (state.outcome) {
    const chosen = DATA.checkpoints.indexOf(state.checkpoint);
    const answers = chosen < 0 ? question.answers : [question.answers[chosen]];
    const base = question.answers[DATA.checkpoints.indexOf(BASELINE)];
    const test = {
      lost: (a) => a && base && right(base) && !right(a),
      gained: (a) => a && base && right(a) && !right(base),
    }[state.outcome] || ((a) => a && a.outcome === state.outcome);
    if (!answers.some(test)) return false;
  }
  return !state.q || searchable(question).includes(state.q.normalize('NFKC').toLowerCase().trim());
}

// State of the list <-> address.
function listState(parameters) {
  const state = Object.fromEntries(FILTERS.map((name) => [name, parameters.get(name) || '']));
  const tasks = DATA.tasks.filter((t) => DATA.samples[t].questions.length);
  if (!tasks.includes(state.task)) state.task = tasks[0] || '';
  state.page = Math.max(1, Number.parseInt(parameters.get('page'), 10) || 1);
  return state;
}

function listHash(state) {
  const parameters = new URLSearchParams();
  for (const name of FILTERS) if (state[name]) parameters.set(name, state[name]);
  if (state.page > 1) parameters.set('page', state.page);
  return `#samples?${parameters}`;
}

function select(name, options, state, change) {
  const box = el('select', { id: `filter-${name}`, onchange: () => change({ [name]: box.value }) },
    options.map(([value, text]) => el('option', { value }, text)));
  box.value = state[name];
  return el('label', null, el('span', null, T(name)), box);
}

function filterForm(state, change) {
  const packed = DATA.samples[state.task] || { strata: [], outcomes: [] };
  const any = ['', T('any')];
  const tasks = DATA.tasks.filter((t) => DATA.samples[t].questions.length);
  const search = el('input', { id: 'search', type: 'search', placeholder: T('search_hint'), value: state.q,
    oninput: () => { clearTimeout(search.timer); search.timer = setTimeout(() => change({ q: search.value }), 150); } });
  const changes = BASELINE ? [['lost', T('lost')], ['gained', T('gained')]] : [];
  return el('form', { class: 'filters', role: 'search', onsubmit: (e) => e.preventDefault() },
    el('label', { class: 'wide' }, el('span', null, T('search')), search),
    select('task', tasks.map((t) => [t, taskName(t)]), state,
      ({ task }) => change({ task, stratum: '', outcome: '' })),
    select('checkpoint', [any, ...DATA.checkpoints.map((id) => [id, id])], state, change),
    select('outcome', [any, ...packed.outcomes.map((o) => [o, outcomeName(o)]), ...changes], state, change),
    packed.strata.some(Boolean)
      ? select('stratum', [any, ...packed.strata.filter(Boolean).map((s) => [s, formName(s)])], state, change) : null);
}

function samplesView(parameters) {
  let state = listState(parameters);
  const list = el('div', { class: 'list', 'aria-live': 'polite' });
  const form = el('div');
  const draw = () => list.replaceChildren(...listOf(state, change));
  const change = (changed) => {
    state = { ...state, page: 1, ...changed };
    if (!('q' in changed) && !('page' in changed)) refocus(form, () => form.replaceChildren(filterForm(state, change)));
    draw();
    keepHash(listHash(state));
    if ('page' in changed) window.scrollTo(0, 0);
  };
  form.append(filterForm(state, change));
  draw();
  return [section('samples', T('samples'), state.task ? null : el('p', null, T('no_samples')), form, list)];
}

function refocus(form, redraw) {
  const id = document.activeElement && document.activeElement.id;
  redraw();
  if (id && form.querySelector(`#${id}`)) form.querySelector(`#${id}`).focus();
}

function listOf(state, change) {
  const all = questions(state.task);
  const rows = all.filter((question) => matches(question, state));
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const page = Math.min(state.page, pages);
  listed = { hash: listHash({ ...state, page }), rows };
  const turn = (to, text) => el('button', { type: 'button', disabled: to < 1 || to > pages,
    onclick: () => change({ page: to }) }, text);
  const pager = el('nav', { class: 'pager', 'aria-label': T('samples') },
    turn(page - 1, T('previous')), el('span', null, T('page', page, pages)), turn(page + 1, T('next')));
  const shown = rows.slice((page - 1) * PAGE, page * PAGE);
  return [el('p', { class: 'found' }, T('found', rows.length, all.length), ' ', label(sources(state.task))),
    el('p', { class: 'quiet legend' }, packedOutcomes(state.task).map((o) =>
      el('span', null, mark({ outcome: o }), outcomeName(o)))),
    shown.length ? listTable(shown, state) : el('p', null, T('no_samples')), pages > 1 ? pager : ''];
}

const packedOutcomes = (task) => own(DATA.samples, task) ? DATA.samples[task].outcomes : [];

const clip = (text, length) => {
  const points = Array.from(text.slice(0, length * 2));
  return points.length > length ? points.slice(0, length).join('') + '…' : text;
};
const tail = (text, length) => {
  const points = Array.from(text.slice(-2 * length));
  return points.length > length ? '…' + points.slice(-length).join('') : text;
};

function listTable(rows, state) {
  const chosen = DATA.checkpoints.indexOf(state.checkpoint);
  const narrow = matchMedia('(max-width: 42rem)').matches;
  const who = chosen < 0 ? DATA.checkpoints : [state.checkpoint];
  const columns = [{ name: T('id') }, { name: T('prompt'), class: 'text' }, { name: T('gold'), class: 'text' }];
  if (chosen >= 0) columns.push({ name: T('answer'), class: 'text' });
  columns.push(...who.map((id) => ({ name: el('bdi', { class: 'upright' }, id), class: 'marks' })));
  const made = table(T('samples'), columns, rows.map((q) => {
    // Long prompts end with the question itself; their beginnings are all alike.
    const cells = [el('a', { href: sampleHash(q) }, el('bdi', null, q.id)),
      tail(q.prompt, narrow ? 28 : 60), clip(q.gold.join(' / '), 40)];
    if (chosen >= 0) cells.push(clip(q.answers[chosen] ? q.answers[chosen].text : NONE, 60));
    return [...cells, ...who.map((id) => mark(q.answers[DATA.checkpoints.indexOf(id)]))];
  }));
  made.classList.add('samples-table');
  made.querySelectorAll('tbody tr').forEach((row, i) => row.addEventListener('click', (event) => {
    if (!event.target.closest('a') && !String(getSelection())) location.hash = sampleHash(rows[i]);
  }));
  return made;
}

function sampleView(task, id) {
  const question = findSample(task, id);
  if (!question) return [el('p', null, T('unknown'))];
  const rows = listed.rows.includes(question) ? listed.rows : questions(task);
  const place = rows.indexOf(question);
  const step = (to, text, name) => rows[to]
    ? el('a', { href: sampleHash(rows[to]), class: name }, text) : el('span', { class: 'off' }, text);
  return [el('nav', { class: 'steps', 'aria-label': T('samples') },
    el('a', { href: backHash(task), class: 'back' }, T('back')),
    step(place - 1, T('previous'), 'previous'), el('span', null, `${place + 1} / ${rows.length}`),
    step(place + 1, T('next'), 'next')),
  section('sample', el('bdi', null, question.id),
    el('p', { class: 'quiet' }, [taskName(task), formName(question.stratum)].filter(Boolean).join(' · ')), label(sources(task)),
    el('h3', null, T('prompt')), el('div', { class: 'said prompt' }, question.prompt),
    el('h3', null, T('gold')), el('ul', { class: 'gold' }, question.gold.map((g) => el('li', { class: 'said' }, g))),
    el('h3', null, T('answers')), el('div', { class: 'answers' },
      DATA.checkpoints.map((name, i) => answerCard(name, question.answers[i]))),
    el('p', { class: 'quiet keys' }, T('keys')))];
}

const backHash = (task) =>
  listed.rows.length && listed.rows[0].task === task ? listed.hash : listHash({ task, page: 1 });

function answerCard(name, answer) {
  return el('article', { class: 'answer', 'aria-label': name },
    el('h4', null, mark(answer), ' ', el('bdi', null, name),
      name === BASELINE ? el('span', { class: 'tag' }, T('baseline')) : null),
    !answer ? el('p', { class: 'quiet' }, T('no_answer')) : [
      answer.text ? el('div', { class: 'said' }, answer.text) : el('p', { class: 'quiet' }, T('empty')),
      el('p', { class: 'quiet' }, [outcomeName(answer.outcome), known(answer.score) ? `F1 ${share(answer.score)} %` : '',
        answer.reason, answer.author ? T('judged_by', answer.author) : ''].filter(Boolean).join(' · '))]);
}

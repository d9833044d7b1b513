// The samples browser: a list that filters, sorts and pages.
const PAGE = 50;
const MARKS = { correct: '●', wrong: '×', contradictory: '≠', abstained: '○', partial: '◐', ungraded: '?' };
let listed = { query: null, rows: [] }; // the list seen last: a grade takes no sample out of it

function mark(answer) {
  if (!answer) return el('span', { class: 'mark none', title: T('no_answer') }, '·');
  const name = outcomeName(answer.outcome);
  return el('span', { class: `mark ${own(MARKS, answer.outcome) ? answer.outcome : 'wrong'}`, title: name,
    role: 'img', 'aria-label': name }, own(MARKS, answer.outcome) || '?');
}

function samplesView(parameters) {
  let state = listState(parameters);
  const list = el('div', { class: 'list', 'aria-live': 'polite' });
  const form = el('div');
  const pages = el('div', null, pagesNav(wanted(state, parameters)));
  const draw = () => {
    const rows = listedRows(state);
    state.page = Math.min(state.page, Math.max(1, Math.ceil(rows.length / PAGE)));
    list.replaceChildren(...listOf(rows, state, change));
  };
  const change = (changed) => {
    state = { ...state, page: 1, ...changed };
    if (!('q' in changed) && !('page' in changed)) refocus(form, () => form.replaceChildren(filterForm(state, change)));
    draw();
    keepHash(listHash(state));
    if ('page' in changed) window.scrollTo(0, 0);
    if (PLACE) pages.replaceChildren(pagesNav(wanted(state, parameters)));
  };
  form.append(filterForm(state, change));
  draw();
  if (location.hash.includes('?')) keepHash(listHash(state));
  return [section('samples', T('samples'), redactedNote(), suitesElsewhere(), pages,
    state.task ? [form, list] : Object.keys(ELSEWHERE).length ? null : [el('p', null, T('no_samples')), form, list])];
}

function refocus(form, redraw) {
  const id = document.activeElement && document.activeElement.id;
  redraw();
  if (id && form.querySelector(`#${id}`)) form.querySelector(`#${id}`).focus();
}

function listedRows(state) {
  const rows = inOrder(questions(state.task).filter((question) => matches(question, state)), state);
  listed = { query: String(listQuery(state)), rows };
  return rows;
}

const redactedNote = () => RUN.redact ? el('p', { class: 'quiet redacted' }, T('redacted')) : null;

function listOf(rows, state, change) {
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const { page } = state;
  const turn = (to, text) => el('button', { type: 'button', disabled: to < 1 || to > pages,
    onclick: () => change({ page: to }) }, text);
  const pager = el('nav', { class: 'pager', 'aria-label': T('samples') },
    turn(page - 1, T('previous')), el('span', null, T('page', page, pages)), turn(page + 1, T('next')));
  const shown = rows.slice((page - 1) * PAGE, page * PAGE);
  return [el('p', { class: 'found' }, T('found', rows.length, questions(state.task).length), ' ', label(sources(state.task))),
    el('p', { class: 'quiet legend' }, packedOutcomes(state.task).map((o) =>
      el('span', null, mark({ outcome: o }), outcomeName(o)))),
    shown.length ? listTable(shown, state) : el('p', null, T('no_samples')), pages > 1 ? pager : ''];
}

const packedOutcomes = (task) => own(DATA.samples, task) && !isList() ? DATA.samples[task].outcomes : [];

const clip = (text, length) => {
  const points = Array.from(text.slice(0, length * 2));
  return points.length > length ? points.slice(0, length).join('') + '…' : text;
};
const tail = (text, length) => {
  const points = Array.from(text.slice(-2 * length));
  return points.length > length ? '…' + points.slice(-length).join('') : text;
};

// An id is broken between its parts before it is broken anywhere.
const breakable = (id) => id.split(/(?<=[/_])/).map((part, i) => [i ? el('wbr') : null, part]);

function listTable(rows, state) {
  const chosen = DATA.checkpoints.indexOf(state.checkpoint);
  const narrow = narrowPage();
  const all = questions(state.task);
  const who = chosen < 0 ? DATA.checkpoints.filter((_, i) => all.some((q) => q.answers[i])) : [state.checkpoint];
  const golden = !narrow && all.some((q) => q.gold.length);
  const columns = [...(narrow ? [{ name: [T('id'), T('prompt')].join(T('comma')) }] : [{ name: T('id') }, { name: T('prompt'), class: 'text' }]),
    ...(golden ? [{ name: T('gold'), class: 'text' }] : [])];
  if (chosen >= 0) columns.push({ name: T('answer'), class: 'text' });
  columns.push(...who.map((id) => ({ name: el('bdi', { class: 'upright' }, id), class: 'marks' })));
  const made = table(T('samples'), columns, rows.map((q) => {
    // Long prompts end with the question itself; their beginnings are all alike.
    const link = el('a', { href: sampleHref(q, state) }, el('bdi', null, breakable(q.id)));
    const cells = [...(narrow ? [[link, el('span', { class: 'asked' }, tail(q.prompt, 28))]] : [link, tail(q.prompt, 60)]),
      ...(golden ? [clip(q.gold.join(' / '), 40)] : [])];
    if (chosen >= 0) cells.push(clip(q.answers[chosen] ? q.answers[chosen].text : NONE, 60));
    return [...cells, ...who.map((id) => mark(q.answers[DATA.checkpoints.indexOf(id)]))];
  }));
  made.classList.add('samples-table');
  made.querySelectorAll('tbody tr').forEach((row, i) => row.addEventListener('click', (event) => {
    if (!event.target.closest('a') && !String(getSelection())) location.href = sampleHref(rows[i], state);
  }));
  return made;
}

// What is chosen before grading, who grades, and the way of grades out of the browser and into it.
function gradeOptions(parameters) {
  const tasks = gradeableTasks();
  const suite = tasks.includes(parameters.get('suite')) ? parameters.get('suite') : tasks[0];
  const able = suite ? answering(suite) : [];
  const a = able.includes(parameters.get('a')) ? parameters.get('a') : able.at(-1);
  const b = able.includes(parameters.get('b')) && parameters.get('b') !== a ? parameters.get('b') : '';
  const forms = suite ? DATA.samples[suite].strata : [];
  // Unless somebody chose: the form that the report's first table is about.
  const headline = parameters.has('suite') || !forms.includes('seen') ? '' : 'seen';
  const form = forms.includes(parameters.get('form')) ? parameters.get('form') : headline;
  return { suite, a, b, form, blind: parameters.get('blind') !== '0', second: parameters.get('second') === '1',
    chosen: parameters.has('suite') };
}

const answering = (suite) => DATA.checkpoints.filter((_, i) => questions(suite).some((q) => gradeable(q.answers[i])));

function gradeHash({ suite, a, b, form, blind, second }) {
  const parameters = new URLSearchParams({ suite, a });
  if (b) parameters.set('b', b);
  if (form) parameters.set('form', form);
  parameters.set('blind', blind ? '1' : '0');
  if (second) parameters.set('second', '1');
  return `#grade?${parameters}`;
}

// To the round whose queue offers what the corrected figure of one checkpoint lacks.
const ownQueueLink = ({ suite, a, form, blind }) =>
  el('a', { href: gradeHash({ suite, a, form, blind }) }, T('own_queue', a));

// lacking: see queue.js. Of several forms together an outcome is told with its form; of many, the first few.
const OUTCOMES_TOLD = 4; // a form of its own hardly has more
const toldLacking = (lacking, { suite, form }) => T('uncorrected', lacking.slice(0, OUTCOMES_TOLD).map(([[stratum, outcome], n]) =>
  [outcomeName(outcome) + (form || DATA.samples[suite].strata.length < 2 ? '' : inBrackets(formName(stratum))), n]),
Math.max(0, lacking.length - OUTCOMES_TOLD));

function choice(name, text, options, value, change) {
  const box = el('select', { id: `grade-${name}`, onchange: () => change({ [name]: box.value }) },
    options.map(([of, shown]) => el('option', { value: of }, shown)));
  box.value = value;
  return el('label', null, el('span', null, text), box);
}

function tick(name, text, value, change) {
  const box = el('input', { id: `grade-${name}`, type: 'checkbox', onchange: () => change({ [name]: box.checked }) });
  box.checked = value;
  return el('label', { class: 'tick' }, box, el('span', null, text));
}

function setupSection(first) {
  let options = first;
  const place = el('div');
  const change = (changed) => {
    options = { ...options, ...changed, name: place.querySelector('.grader').value };
    if ('suite' in changed) options = { ...options, ...suiteOptions(changed.suite) };
    if (options.b === options.a) options.b = '';
    refocus(place, () => place.replaceChildren(setupForm(options, change)));
  };
  place.append(setupForm(options, change));
  return section('grade', T('grade_title'), place);
}

function suiteOptions(suite) {
  const { a, b } = gradeOptions(new URLSearchParams({ suite }));
  return { a, b, form: DATA.samples[suite].strata.includes('seen') ? 'seen' : '' };
}

function setupForm(options, change) {
  const able = answering(options.suite);
  const forms = DATA.samples[options.suite].strata.filter(Boolean);
  const name = nameField(options.name ?? grades.author);
  return el('form', { class: 'filters setup', onsubmit: (event) => {
    event.preventDefault();
    if (keepName(name)) location.hash = gradeHash(options);
  } },
  choice('suite', T('suite'), gradeableTasks().map((t) => [t, taskName(t)]), options.suite, change),
  choice('a', T('answers_of'), able.map((id) => [id, id]), options.a, change),
  choice('b', T('and_of'), [['', T('nobody')], ...able.filter((id) => id !== options.a).map((id) => [id, id])], options.b, change),
  forms.length ? choice('form', T('form'), [['', T(forms.length > 1 ? 'all_forms' : 'any')], ...forms.map((f) => [f, formName(f)])], options.form, change) : null,
  el('label', null, el('span', null, T('your_name')), name),
  el('div', { class: 'ticks' }, tick('blind', T(options.b ? 'blind_option' : 'blind_one'), options.blind, change), tick('second', T('second'), options.second, change)),
  outlook(options),
  el('button', { class: 'start' }, T('start')));
}

// What there is to know before a comparison begins.
function outlook(options) {
  if (!options.b) return null;
  const pool = poolOf(options);
  const before = tallyOf(pool);
  const strata = strataOf(pool);
  const beyond = !options.second && !settles(strata, pool.effect) && moreToSettle(strata, pool.effect) === null;
  return el('p', { class: 'quiet outlook', 'aria-live': 'polite' },
    [T('before_n', before.graded + before.disputed, before.answers), beyond && toldMore(null)].filter(Boolean).join(' '));
}

const nameField = (value) => el('input', { class: 'grader', required: true, maxlength: '60', value, title: T('name_hint'),
  autocomplete: 'name', 'aria-label': T('your_name'), oninput: ({ target }) => target.setCustomValidity('') });

// Whether the field's name can be kept; if not, the field says so.
function keepName(field) {
  const name = cleanName(field.value);
  field.setCustomValidity(name ? '' : T('bad_name'));
  if (!name) { field.reportValidity(); return false; }
  grades.author = name;
  inStorage((storage) => storage.setItem('michi-author', name));
  return true;
}

// Where somebody grades before saying who they are.
function nameForm(then) {
  const field = nameField('');
  return el('form', { class: 'note', onsubmit: (event) => { event.preventDefault(); if (keepName(field)) then(); } },
    el('p', null, T('name_needed')), field, el('button', null, T('keep_name')));
}

// Where grades are: on the disk of a server, in this browser, or only on this page.
function storeState() {
  const open = grades.open.size;
  const grading = /^#grade(\?|$)/.test(location.hash);
  const lost = grades.stored || !(grading || open) ? null : el('p', { class: 'banner', role: 'alert' }, T('not_stored'));
  if (!SERVED || !(grades.trouble || grading)) return lost;
  return [lost, el('p', { class: `store ${grades.trouble ? `banner ${grades.trouble}` : ''}`,
    role: grades.trouble ? 'alert' : null }, served(open))];
}

function served(open) {
  if (grades.trouble === 'refused') return T('refused', open);
  if (grades.trouble === 'rejected') return T('rejected', open, grades.why);
  if (grades.trouble === 'unsent') return T('unsent', open);
  return open ? T('sending', open) : T('grades_kept');
}

const fileName = (...parts) => `${parts.map((part) => part.replace(/[^\p{L}\p{N}._-]+/gu, '_')).join('-')}.jsonl`;

// What goes into a file: all that this browser holds of its author, the ones that were downloaded before as well.
const ownEvents = () => [...grades.events.values()].filter((e) => e.author === grades.author || grades.open.has(e.event))
  .sort((x, y) => Date.parse(x.time) - Date.parse(y.time));

function backSection() {
  const told = el('div', { role: 'status' });
  const file = el('input', { type: 'file', accept: '.jsonl,.json,.txt', id: 'load-grades',
    onchange: async () => { if (file.files[0]) told.replaceChildren(...loadGrades(await file.files[0].text())); file.value = ''; } });
  return el('div', { class: 'bring-back' }, section('bring-back', T('back_title'), live('back', downloadPart),
    el('p', null, el('label', { class: 'load' }, el('span', null, T('load')), file)), told));
}

function downloadPart() {
  const events = ownEvents();
  const open = new Set(events.filter((e) => grades.open.has(e.event)).map((e) => e.sample)).size;
  const name = fileName('grades', RUN.id, grades.author || 'nobody');
  const state = SERVED ? null : events.length
    ? el('p', { class: 'quiet' }, open ? T('not_downloaded', open) : T('all_downloaded')) : el('p', { class: 'quiet' }, T('no_grades'));
  return [state, el('p', null, el('button', { type: 'button', class: 'download', disabled: !events.length, onclick: () => downloadGrades(name) }, T('download'))),
    events.length && !SERVED ? el('p', { class: 'quiet' }, T('import_with'), ' ', el('code', null, `python -m harness review --import ${name}`)) : null];
}

function downloadGrades(name) {
  const events = ownEvents();
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const address = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }));
  el('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  if (!SERVED) settleEvents(events.map((event) => event.event));
}

// All lines or none.
function loadGrades(text) {
  const events = [];
  const faults = [];
  text.replace(/^\ufeff/, '').split('\n').forEach((line, i) => {
    if (!line.trim()) return;
    const event = parsed(line);
    const fault = event === null ? 'json' : eventFault(event);
    if (fault) faults.push([i + 1, fault]); else events.push(event);
  });
  if (faults.length) {
    return [el('p', null, T('not_loaded', faults.length)), el('ul', { class: 'notes' },
      faults.slice(0, 20).map(([line, fault]) => el('li', null, T('line', line, own(T('faults'), fault)))))];
  }
  const fresh = [...new Map(events.map((event) => [event.event, event])).values()].filter((event) => !grades.events.has(event.event));
  const mine = new Set(gradeableTasks().flatMap((t) => questions(t).flatMap((q) => q.answers.filter(gradeable).map((a) => a.key))));
  addEvents(fresh, true);
  if (!SERVED) settleEvents(fresh.map((event) => event.event));
  round = null; // its history has changed
  const other = events.filter((event) => !mine.has(event.sample)).length;
  return [el('p', null, T('loaded', fresh.length, events.length - fresh.length, other))];
}

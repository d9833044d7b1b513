// Grading by eye, one answer at a time. Numbers are always made of the events; nothing is counted here.
let round = null; // what is being graded: {hash, options, pool, trail, at, drafts, noting, whole, legend, said}

function gradeView(parameters) {
  const options = gradeOptions(parameters);
  if (!options.suite) return [section('grade', T('grade_title'), el('p', null, T('no_gradeable')))];
  if (!options.chosen) { round = null; return [setupSection(options), backSection()]; }
  const hash = gradeHash(options);
  keepHash(hash); // an address may name what isn't here
  if (!round || round.hash !== hash) round = startRound(hash, options);
  return [section('grade', T('grade_title'),
    el('p', { class: 'quiet round' }, el('bdi', null, roundName(options)), ' ',
      el('a', { href: '#grade' }, T('change'))),
    live('card', gradeCard), live('keys', gradeKeys),
    el('p', { class: 'said-now', role: 'status', 'aria-live': 'polite' }, round.said), live('figures', figuresPart)), backSection()];
}

// A part that is drawn again as grades come; a button that had the focus has it again.
function live(name, draw) {
  const node = el('div', { 'data-live': name });
  node.refresh = () => {
    const held = node.contains(document.activeElement) && document.activeElement.className;
    node.replaceChildren();
    fill(node, [draw()]);
    const heir = held && [...node.querySelectorAll('button')].find((button) => button.className === held);
    if (heir) heir.focus({ preventScroll: true });
  };
  node.refresh();
  return node;
}

const roundName = ({ suite, a, b, form, blind }) => [taskName(suite), blind ? '' : b ? `${a} / ${b}` : a,
  form ? formName(form) : DATA.samples[suite].strata.length > 1 && T('all_forms'), T(blind ? 'is_blind' : 'not_blind')].filter(Boolean).join(' · ');

function startRound(hash, options) {
  const pool = poolOf(options);
  const begun = { hash, options, pool, trail: gradedIn(pool), at: 0, drafts: new Map(), said: '' };
  begun.at = begun.trail.length;
  const next = nextKey(pool, options.second);
  if (next) begun.trail.push(next);
  return begun;
}

// As the grades have it by now.
function restartRound() {
  Object.assign(round, startRound(round.hash, round.options));
  redrawRound('card', 'figures', ...(grades.author ? ['keys'] : []));
}

// The answers of a pool that this author graded and did not clear, in the order of the events.
function gradedIn(pool) {
  const graded = new Set();
  const mine = [...grades.events.values()].filter((e) => e.author === grades.author && pool.keys.has(e.sample));
  for (const event of mine.sort((x, y) => Date.parse(x.time) - Date.parse(y.time))) {
    graded.delete(event.sample);
    if (event.verdict !== 'cleared') graded.add(event.sample);
  }
  return [...graded];
}

const currentKey = () => round.trail[round.at];
const unitOfKey = (sample) => round.pool.units.find((unit) => unit.keys.includes(sample));

function redrawRound(...names) {
  for (const node of document.querySelectorAll('[data-live]')) {
    if (names.length && !names.includes(node.dataset.live)) continue;
    node.refresh();
  }
}

function announce(text) {
  round.said = text;
  const status = document.querySelector('.said-now');
  if (status) status.textContent = text;
}

// To the first answer that was only looked at, then to the queue's next one.
function advance() {
  const { pool, trail, options } = round;
  const passed = trail.findIndex((k) => options.second ? !ownOpinion(k) : !judged(k).said && (ownOpinion(k) || {}).verdict !== 'skipped');
  const next = passed < 0 ? nextKey(pool, options.second) : null;
  if (next) trail.push(next);
  round.at = passed >= 0 ? passed : next ? trail.length - 1 : trail.length;
  round.whole = false;
}

function gradeCurrent(verdict) {
  const sample = currentKey();
  if (!sample || !grades.author) return;
  const before = ownOpinion(sample);
  const note = round.drafts.get(sample) ?? (before ? before.note : '');
  round.drafts.delete(sample);
  round.noting = false;
  recordGrade(unitOfKey(sample).question, sample, verdict, { note, picked: before ? before.picked : judged(sample).said ? 'hand' : round.pool.queue });
  advance();
  announce(T('announced', own(T('said_verdict'), verdict), gradedHere()));
  redrawRound('card', 'keys');
}

function undo() {
  const sample = gradedIn(round.pool).at(-1);
  if (!sample) { announce(T('nothing_undone')); return; }
  recordGrade(unitOfKey(sample).question, sample, 'cleared', { picked: ownOpinion(sample).picked });
  if (!round.trail.includes(sample)) round.trail.push(sample);
  round.at = round.trail.indexOf(sample);
  announce(T('undone', gradedHere()));
  redrawRound('card', 'keys');
}

function look(step) {
  const { pool, trail, options } = round;
  if (step > 0 && !currentKey()) return;
  if (step > 0 && round.at === trail.length - 1) {
    const rest = { ...pool, units: pool.units.filter((unit) => !unit.keys.some((k) => trail.includes(k))) };
    const other = unitOfKey(currentKey()).keys.find((k) => !trail.includes(k));
    const next = other || nextKey(rest, options.second);
    if (next) trail.push(next);
  }
  round.at = Math.min(Math.max(round.at + step, 0), trail.length - (step > 0 ? 1 : 0));
  round.whole = false;
  redrawRound('card', 'keys');
  announce('');
}

function keepNote(text) {
  const sample = currentKey();
  const before = ownOpinion(sample);
  round.noting = false;
  round.drafts.delete(sample);
  if (before) recordGrade(unitOfKey(sample).question, sample, before.verdict, { note: text, picked: before.picked });
  else round.drafts.set(sample, text);
  redrawRound('card', 'keys');
  document.getElementById('main').focus({ preventScroll: true });
}

function openNote(open) {
  if (!currentKey() || !grades.author) return;
  round.noting = open;
  redrawRound('card');
  (open ? document.getElementById('note') : document.getElementById('main')).focus({ preventScroll: !open });
}

const toggleLegend = () => { round.legend = !round.legend; redrawRound('keys'); };
const again = () => {
  round.trail = round.trail.filter((k) => (ownOpinion(k) || {}).verdict !== 'skipped');
  round.trail.push(...gradedIn(round.pool).filter((k) => ownOpinion(k).verdict === 'skipped'));
  round.at = round.trail.findIndex((k) => ownOpinion(k).verdict === 'skipped');
  redrawRound();
};

// Key, what it does, its name.
const ROUND_KEYS = [['1', () => gradeCurrent('right'), 'key_right'], ['0', () => gradeCurrent('wrong'), 'key_wrong'],
  ['s', () => gradeCurrent('skipped'), 'key_skip'], ['u', undo, 'key_undo'], ['n', () => openNote(true), 'key_note'],
  ['k', () => look(-1), 'key_back'], ['j', () => look(1), 'key_on'], ['?', toggleLegend, 'key_legend']];

function gradeKeys() {
  if (!grades.author) return nameForm(() => { restartRound(); document.getElementById('main').focus({ preventScroll: true }); });
  const off = { 1: !currentKey(), 0: !currentKey(), s: !currentKey(), n: !currentKey(), k: !round.at,
    u: !gradedIn(round.pool).length, j: !currentKey() };
  return [el('div', { class: 'grade-keys', role: 'group', 'aria-label': T('grading_keys') },
    ROUND_KEYS.map(([name, act, text]) => el('button', { type: 'button', class: text, 'aria-keyshortcuts': name,
      'aria-disabled': off[name] ? 'true' : null, 'aria-expanded': name === '?' ? String(Boolean(round.legend)) : null,
      onclick: () => { if (!off[name]) act(); } }, T(text), ' ', el('kbd', null, name)))),
  round.legend ? el('p', { class: 'quiet grade-legend' }, T('legend')) : null];
}

// A key of the page, before others see it; true where it meant something here.
function gradeKey(event) {
  const inRound = document.querySelector('[data-live=card]');
  const found = inRound && grades.author && ROUND_KEYS.find(([name]) => name === event.key);
  if (found && !event.repeat) found[1]();
  return Boolean(found) || cardKey(event);
}

grades.changed = () => {
  redrawRound('store', 'figures', 'back');
  for (const node of document.querySelectorAll('[data-grades]')) node.refresh();
};

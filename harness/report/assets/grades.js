// What people said of answers: events that are only ever added, and what follows from them.
// Each event is an entry of its own in the browser's storage, so that two tabs never overwrite one another.
const STORED = `michi-grades/${RUN.id}/`;
const DOWNLOADED = `michi-downloaded/${RUN.id}`;
const GRADE_VERDICTS = ['right', 'wrong', 'skipped', 'cleared'];
const EVENT_FIELDS = ['schema', 'event', 'sample', 'suite', 'item', 'verdict', 'author', 'time', 'note', 'rubric', 'picked'];
const RUBRIC = (DATA.review && DATA.review.rubric) || { version: 'none', text: '' };
const SERVED = Boolean(DATA.review && DATA.review.server);

const grades = {
  events: new Map(), // by id: this browser's, loaded and received ones
  open: new Set(), // ids of those that neither a file nor the server has yet
  fresh: new Set(), // of them, those that were made since the page was opened
  stored: true, author: '', folded: null,
  changed: () => {}, // what is drawn again after each event
  send: () => {}, // sending.js, in a page that is served
};

const inStorage = (work) => {
  try { return work(localStorage); } catch { grades.stored = false; return null; } // refused or full
};

// Of one author the latest event holds, those that the page came with included; of one moment the later one.
// What the queue offered stays a random answer when it is graded again (harness/review/judgement.py).
function foldedGrades() {
  if (grades.folded) return grades.folded;
  const { authors, events } = DATA.grades || { authors: [], events: {} };
  const came = Object.entries(events).flatMap(([sample, said]) => said.map(([author, verdict, picked, note, time]) =>
    ({ sample, author: authors[author], verdict, picked, note, time })));
  const held = new Map();
  const offered = new Map();
  for (const event of [...came, ...grades.events.values()].sort((a, b) => Date.parse(a.time) - Date.parse(b.time))) {
    const said = held.get(event.sample) || held.set(event.sample, new Map()).get(event.sample);
    const whose = key(event.sample, event.author);
    if (event.picked !== 'hand') offered.set(whose, event.picked);
    if (event.verdict === 'cleared') said.delete(event.author);
    else said.set(event.author, { ...event, picked: offered.get(whose) || event.picked });
  }
  grades.folded = held;
  return held;
}

const NOBODY = new Map();
const opinionsOn = (sample) => foldedGrades().get(sample) || NOBODY;
const ownOpinion = (sample) => opinionsOn(sample).get(grades.author);

// What people say together: {verdict: 'right', 'wrong' or '' for a tie, said: whether anybody gave a verdict,
// skipped: whether all who saw it left it out}
function judged(sample) {
  const opinions = [...opinionsOn(sample).values()];
  const said = opinions.filter(({ verdict }) => verdict !== 'skipped');
  const balance = said.reduce((sum, { verdict }) => sum + (verdict === 'right' ? 1 : -1), 0);
  return { verdict: balance > 0 ? 'right' : balance < 0 ? 'wrong' : '', said: said.length > 0,
    skipped: opinions.length > 0 && !said.length };
}

const hex = (bytes) => Array.from(crypto.getRandomValues(new Uint8Array(bytes)),
  (b) => b.toString(16).padStart(2, '0')).join('');

// Later than all that this author said before, whatever the clock does.
function nextMoment() {
  const came = Object.values((DATA.grades || { events: {} }).events).flat()
    .filter(([author]) => DATA.grades.authors[author] === grades.author).map((said) => Date.parse(said[4]));
  const own = [...grades.events.values()].filter((e) => e.author === grades.author).map((e) => Date.parse(e.time)).concat(came);
  return new Date(own.reduce((latest, time) => Math.max(latest, time + 1), Date.now())).toISOString();
}

function recordGrade(question, sample, verdict, { note = '', picked = 'hand' } = {}) {
  const event = { schema: 1, event: hex(16), sample, suite: question.task, item: question.id, verdict,
    author: grades.author, time: nextMoment(), note, rubric: RUBRIC.version, picked };
  grades.fresh.add(event.event);
  addEvents([event], true);
  return event;
}

// open: whether they still have to be brought to the disk.
function addEvents(events, open) {
  for (const event of events) {
    grades.events.set(event.event, event);
    if (open) {
      grades.open.add(event.event);
      inStorage((storage) => storage.setItem(STORED + event.event, JSON.stringify(event)));
    }
  }
  grades.folded = null;
  grades.changed();
  if (open) grades.send();
}

// They are on the disk: of a server, which then holds them, or in a file that somebody may yet lose.
function settleEvents(ids) {
  for (const id of ids) {
    grades.open.delete(id);
    grades.fresh.delete(id);
    if (SERVED) inStorage((storage) => storage.removeItem(STORED + id));
  }
  if (!SERVED) inStorage((storage) => storage.setItem(DOWNLOADED, JSON.stringify([...downloadedIds(), ...ids])));
  grades.changed();
}

const downloadedIds = () => new Set(parsed(inStorage((storage) => storage.getItem(DOWNLOADED))) || []);
const parsed = (text) => { try { return JSON.parse(text); } catch { return null; } };

function eventFault(event) {
  const texts = ['suite', 'item', 'rubric', 'note'];
  if (!event || typeof event !== 'object' || Array.isArray(event)) return 'object';
  if (event.schema !== 1) return 'schema';
  if (!/^[0-9a-f]{32}$/.test(event.event)) return 'event';
  if (!/^[0-9a-f]{16}$/.test(event.sample)) return 'sample';
  if (texts.some((name) => typeof event[name] !== 'string' || (!event[name] && name !== 'note'))) return 'text';
  if (Object.keys(event).some((name) => !EVENT_FIELDS.includes(name))) return 'fields';
  if (Array.from(event.note).length > 2000) return 'note';
  if (Array.from(event.item).length > 2000 || Array.from(event.suite).length > 200) return 'text';
  if (!GRADE_VERDICTS.includes(event.verdict)) return 'verdict';
  if (typeof event.author !== 'string' || !event.author || allowedName(event.author) !== event.author) return 'author';
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(event.time) || Number.isNaN(Date.parse(event.time))) return 'time';
  return /^(hand|queue(:.*)?)$/s.test(event.picked) ? null : 'picked';
}

// A name as it is kept, or '' for one that can't be: control characters, halves of characters, too long.
const cleanName = (name) => allowedName(name.normalize('NFC')); // typed on two systems, it is one person's

function allowedName(name) {
  const text = name.trim();
  return Array.from(text).length > 60 || /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text) ? '' : text;
}

function readStorage() {
  const done = downloadedIds();
  grades.author = cleanName(inStorage((storage) => storage.getItem('michi-author')) || '');
  inStorage((storage) => {
    storage.setItem(`${STORED}probe`, ''); // some browsers refuse only what is written
    storage.removeItem(`${STORED}probe`);
    for (let i = 0; i < storage.length; i += 1) if (storage.key(i).startsWith(STORED)) heardOf(storage.getItem(storage.key(i)), done);
  });
}

function heardOf(text, done) {
  const event = parsed(text);
  if (eventFault(event)) return;
  grades.events.set(event.event, event);
  if (!done.has(event.event)) grades.open.add(event.event);
}

// Another tab graded, sent or downloaded.
window.addEventListener('storage', ({ key: name, newValue }) => {
  if (!name || !(name.startsWith(STORED) || name === DOWNLOADED)) return;
  if (name === DOWNLOADED) for (const id of downloadedIds()) { grades.open.delete(id); grades.fresh.delete(id); }
  else if (newValue) heardOf(newValue, NOBODY);
  else if (SERVED) { grades.open.delete(name.slice(STORED.length)); grades.fresh.delete(name.slice(STORED.length)); }
  grades.folded = null;
  grades.changed();
});

// What the browser stores outlives a closing.
window.addEventListener('beforeunload', (event) => {
  if (!grades.stored && grades.open.size) event.preventDefault();
});

readStorage();

// The frame, and which view an address means. The address is read before anything is drawn.
let kept = null;

// Addresses follow the filters without a step in the history for each key.
function keepHash(hash) {
  if (location.hash === hash) return;
  kept = hash;
  location.replace(hash);
  entitle(route(hash));
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// What an address shows: the view's name, of what (a suite, a checkpoint, a sample), and how it is drawn.
function route(hash) {
  const [path, query = ''] = hash.replace(/^#/, '').split('?');
  const [name, ...rest] = path.split('/');
  const asked = new URLSearchParams(query);
  if (name === 'samples') {
    if (own(ELSEWHERE, asked.get('task') || '')) return { name, draw: () => leave(elsewhere(asked.get('task'), hash)) };
    const { task, checkpoint } = listState(asked);
    return { name, of: [taskName(task), checkpoint], draw: () => samplesView(asked) };
  }
  if (name === 'sample') {
    const [task, id] = [decoded(rest[0] || ''), decoded(rest.slice(1).join('/'))];
    const found = own(DATA.samples, task) && findSample(task, id);
    return { name: 'samples', of: found ? [found.id, taskName(task)] : [],
      draw: () => {
        const lies = found ? isList() && pageOf(found) + hash : elsewhere(task, hash);
        return lies ? leave(lies) : found ? sampleView(found, asked) : [el('p', null, T('unknown'))];
      } };
  }
  if (name === 'curves' && query) return { name: 'overview', anchor: name, draw: () => { pickCurves(asked); return overviewView(); } };
  if (name === 'grade') {
    const { chosen, suite, a, b, blind } = gradeOptions(asked);
    return { name, of: chosen && suite ? [taskName(suite), ...(blind ? [] : [a, b])] : [], draw: () => gradeView(asked) };
  }
  if (name === 'run') return { name, draw: manifestView };
  if (PLACE) return { name: 'samples', draw: () => samplesView(asked) };
  return { name: 'overview', anchor: name, draw: overviewView };
}

// To another file of this report; a link where the browser stays.
function leave(address) {
  location.replace(address);
  return [el('p', null, el('a', { href: address }, T('show')))];
}

// "Samples: q-1 · Knowledge – RUN – michi": what differs stands first, as tabs are narrow.
function entitle({ name, of = [] }) {
  const shown = of.filter(Boolean).map((part) => clip(part, 80)).join(' · ');
  document.title = [shown ? colon(T(name), shown) : T(name), RUN.id, 'michi'].join(' – ');
}

function speak(to) {
  language = to;
  try { localStorage.setItem('michi-language', to); } catch { /* not kept then */ }
  draw();
}

function banner(current) {
  const views = ['overview', 'samples', ...(gradeableTasks().length ? ['grade'] : []), 'run'];
  const started = (RUN.started || '').slice(0, 16).replace('T', ' ');
  return el('header', null,
    el('div', { class: 'bar-top' },
      el('nav', { 'aria-label': T('report') }, el('span', { class: 'brand' }, '未知 michi'),
        views.map((v) => el('a', { href: (PLACE && v !== 'samples' ? TOP : '') + `#${v}`, 'aria-current': v === current ? 'page' : null }, T(v)))),
      el('button', { type: 'button', class: 'language', lang: language === 'ja' ? 'en' : 'ja',
        onclick: () => speak(language === 'ja' ? 'en' : 'ja') }, T('other_language'))),
    current === 'overview' ? el('div', { class: 'title' }, el('p', { class: 'quiet' }, T('report')),
      el('h1', null, el('bdi', null, RUN.id)),
      el('p', { class: 'quiet' }, el('time', { datetime: RUN.started }, started), ' UTC · ',
        RUN.status === 'complete' ? T('complete') : el('strong', null, T('partial'))),
      label([...new Set(tasksRun().flatMap(sources))]))
      : el('h1', { class: 'unseen' }, `${T(current)} – `, el('bdi', null, RUN.id)));
}

// Of a selection of suites (`-k`), the data of the others is in no figure.
function tasksRun() {
  const run = new Set(REPORT.items.map((item) => item.task));
  return run.size ? DATA.tasks.filter((task) => run.has(task)) : DATA.tasks;
}

// Not by address: that says which view this is.
function toMain(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

function draw() {
  const view = route(location.hash);
  document.documentElement.lang = language;
  entitle(view);
  document.body.replaceChildren(el('a', { class: 'skip', href: '#main', onclick: toMain }, T('skip')), banner(view.name),
    el('main', { id: 'main', tabindex: '-1', 'data-view': view.name }, live('store', storeState), view.draw()),
    el('footer', { class: 'quiet' }, T('file')));
  const anchor = view.anchor && document.getElementById(view.anchor);
  if (anchor) anchor.scrollIntoView();
  else if (view.anchor && view.anchor !== 'overview') keepHash('#overview');
}

window.addEventListener('hashchange', () => {
  if (kept !== null && location.hash === new URL(kept, location.href).hash) { kept = null; return; }
  kept = null;
  draw();
  document.getElementById('main').focus({ preventScroll: true });
  if (!route(location.hash).anchor || location.hash === '#overview') window.scrollTo(0, 0);
});

window.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (gradeKey(event)) { event.preventDefault(); return; }
  const targets = { j: '.steps .next', k: '.steps .previous', Escape: '.steps .back', '/': '#search' };
  const target = own(targets, event.key) && document.querySelector(targets[event.key]);
  if (!target) return;
  event.preventDefault();
  if (event.key === '/') target.focus(); else target.click();
});

draw();

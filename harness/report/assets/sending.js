// In a page that is served: each grade goes to the disk at once, and stays in this browser until it is there.
const TOKEN = location.pathname.split('/')[1];
const AT_ONCE = 100; // events in one request; with the longest notes they stay below what the server takes
const PATIENCE = 10_000; // milliseconds
let [sendingNow, waits, timer, batch] = [false, 0, 0, AT_ONCE];

const asked = (options) => fetch('/grades', { ...options, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE),
  headers: { 'X-Michi-Token': TOKEN, ...(options.body ? { 'Content-Type': 'application/json' } : {}) } });

function trouble(kind, why = '') {
  [grades.trouble, grades.why] = [kind, why];
  grades.changed();
}

async function sendGrades() {
  if (sendingNow || !grades.open.size) return;
  clearTimeout(timer);
  sendingNow = true;
  const events = [...grades.open].slice(0, batch).map((id) => grades.events.get(id));
  let again = 0;
  try {
    const answer = await asked({ method: 'POST', body: JSON.stringify({ events }) });
    if (answer.ok) {
      const { accepted } = await answer.json();
      settleEvents(accepted.filter((id) => grades.open.has(id)));
      [waits, again, batch] = [0, 1, AT_ONCE];
      trouble(null);
    } else if (answer.status === 403) trouble('refused');
    else {
      trouble('rejected', (await answer.text()).slice(0, 300));
      if ([400, 409, 413].includes(answer.status)) apart(events);
      again = backOff();
    }
  } catch { // no server, no network, no answer in time
    trouble('unsent');
    again = backOff();
  }
  sendingNow = false;
  if (again && grades.open.size) timer = setTimeout(sendGrades, again);
}

// One event that the server can't take doesn't hold up the others: they are sent singly, it goes to the end.
function apart([first]) {
  if (batch === 1) { grades.open.delete(first.event); grades.open.add(first.event); }
  batch = 1;
}

// Milliseconds: half a second, doubled each time, at most half a minute.
const backOff = () => Math.min(30_000, 500 * 2 ** (waits++));

// What is on the disk by now, from other browsers and files as well.
async function receiveGrades() {
  try {
    const answer = await asked({ method: 'GET' });
    if (answer.status === 403) trouble('refused');
    else if (!answer.ok) trouble('rejected', (await answer.text()).slice(0, 300)); // a grade file is broken
    if (!answer.ok) return;
    const { events } = await answer.json();
    addEvents(events.filter((event) => !eventFault(event) && !grades.events.has(event.event)), false);
    if (round && !grades.fresh.size) restartRound(); // nobody is at work yet on what is graded already
  } catch { /* sending says so */ }
}

grades.send = sendGrades;
window.addEventListener('online', () => { waits = 0; sendGrades(); });
receiveGrades().then(sendGrades);

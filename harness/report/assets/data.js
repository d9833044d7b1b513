// The data block, and the words to ask it with.
const DATA = JSON.parse(document.getElementById('data').textContent);
const REPORT = DATA.report;
const RUN = REPORT.run;
const NONE = '–';
const BY_ID = new Map(RUN.checkpoints.map((c) => [c.id, c]));
const BASELINE = DATA.checkpoints.find((id) => BY_ID.get(id).baseline);

const RESULTS = new Map();
const key = (...parts) => JSON.stringify(parts);
for (const r of REPORT.results) RESULTS.set(key(r.checkpoint, r.task, r.metric), r);
const result = (checkpoint, task, metric) => RESULTS.get(key(checkpoint, task, metric));

// The inverse of samples.py: packed_task.
function unpack(task) {
  const packed = DATA.samples[task];
  let before = [];
  return packed.questions.map(([id, shared, rest, gold, stratum, texts, answers]) => {
    const points = before.slice(0, shared).concat(Array.from(rest));
    before = points;
    const all = gold.concat(texts);
    return {
      task, id, gold, prompt: points.join(''), stratum: packed.strata[stratum],
      answers: answers.map((a) => a && {
        text: all[a[0] || 0], outcome: packed.outcomes[a[1] || 0],
        score: a[2] ? (a[2] - 1) / 1000 : null,
        reason: packed.reasons[a[3] || 0], author: packed.authors[a[4] || 0],
      }),
    };
  });
}

const unpacked = new Map();
function questions(task) {
  if (!unpacked.has(task)) unpacked.set(task, DATA.samples[task] ? unpack(task) : []);
  return unpacked.get(task);
}

const known = (value) => typeof value === 'number';
const share = (value, digits = 1) => known(value) ? (value * 100).toFixed(digits) : NONE;
const ratio = (value) => known(value) ? value.toFixed(3) : NONE;
const figure = (r, value) => r.task === 'relative' ? ratio(value) : share(value);

function dataLabel(tasks) {
  const labels = tasks.filter((t) => RUN.data[t]).map((t) => {
    const { label, limit } = RUN.data[t];
    return [t, (label || T('unlabelled')) + (limit ? `, ${T('first', limit)}` : '')];
  });
  const unlike = new Set(labels.map(([, label]) => label));
  if (unlike.size === 1) return labels[0][1];
  return labels.map(([t, label]) => `${taskName(t)}: ${label}`).join('; ') || T('unlabelled');
}

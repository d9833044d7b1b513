// The data block, and the words to ask it with.
const DATA = JSON.parse(document.getElementById('data').textContent);
const REPORT = spread(DATA.report);
const RUN = REPORT.run;
const NONE = '–';
const BY_ID = new Map(RUN.checkpoints.map((c) => [c.id, c]));
const BASELINE = DATA.checkpoints.find((id) => BY_ID.get(id).baseline);

const RESULTS = new Map();
const key = (...parts) => JSON.stringify(parts);
const FOREIGN = new Set(REPORT.results.filter((r) => r.identity && own(r.identity, 'lm_eval_task')).map((r) => r.task));
for (const r of REPORT.results) RESULTS.set(key(r.checkpoint, r.task, r.metric), r);
const result = (checkpoint, task, metric) => RESULTS.get(key(checkpoint, task, metric));

// The inverse of samples.py: packed_task.
function unpack(task) {
  const packed = DATA.samples[task];
  let before = [];
  return packed.questions.map(([id, shared, rest, gold, stratum, texts, answers, keys, cluster], at) => {
    const points = before.slice(0, shared).concat(Array.from(rest));
    before = points;
    const all = gold.concat(texts);
    return {
      task, id, at, cluster, gold, prompt: points.join(''), stratum: packed.strata[stratum],
      answers: answers.map((a) => a && {
        text: all[a[0] || 0], outcome: packed.outcomes[a[1] || 0],
        key: keys.slice(16 * (a[0] || 0), 16 * (a[0] || 0) + 16).trim(),
        rule: packed.outcomes[a[5] ? a[5] - 1 : a[1] || 0],
        reading: a[6] ? unpackReading(a[6]) : null,
        score: a[2] ? (a[2] - 1) / 1000 : null,
        reason: packed.reasons[a[3] || 0], author: packed.authors[a[4] || 0],
      }),
    };
  });
}

// The inverse of samples.py: packed_reading.
function unpackReading(text) {
  const reading = { ends: [], logprobs: [] };
  let end = 0;
  const [zero, base] = [35, 88];
  for (let i = 0; i < text.length; i += 3) {
    const [length, high, low] = [0, 1, 2].map((at) => text.charCodeAt(i + at) - zero);
    end += length;
    reading.ends.push(end);
    reading.logprobs.push(-(high * base + low) / 100);
  }
  return reading;
}

const unpacked = new Map();
function questions(task) {
  if (!unpacked.has(task)) unpacked.set(task, DATA.samples[task] ? unpack(task) : []);
  return unpacked.get(task);
}

const known = (value) => typeof value === 'number';
// Halves go to the even digit, as in Python: page, terminal and reasons give the same figures.
function fixed(value, digits) {
  const rounded = value.toFixed(digits);
  const halved = value * 2 ** (digits + 1); // only odd multiples of a power of two are exact halves
  if (!Number.isInteger(halved) || halved % 2 === 0 || Number(rounded.at(-1)) % 2 === 0) return rounded;
  return (value - Math.sign(value) * 0.5 * 10 ** -digits).toFixed(digits);
}
const share = (value, digits = 1) => known(value) ? fixed(value * 100, digits) : NONE;
const ratio = (value) => known(value) ? fixed(value, 3) : NONE;
// The sign is that of the rounded figure: what rounds to 0 has none (cells.py: number).
const withSign = (text, plus) => Number(text) === 0 ? text.replace('-', '')
  : text.startsWith('-') ? text.replace('-', '−') : plus + text;
const signed = (value, digits = 1, factor = 100) => known(value) ? withSign(fixed(value * factor, digits), '+') : NONE;

// How figures are told: shares in per cent, others as `scales` has them (cells.py).
const scaleFor = (task, metric) => {
  const found = DATA.scales.find(([of, begin]) => ['', task].includes(of) && metric.startsWith(begin));
  return found ? found[2] : DATA.percent;
};
const told = (value, scale) =>
  known(value) ? withSign(fixed(value * scale.factor, scale.digits), scale.signed ? '+' : '') : NONE;
// In words: a dash between two numbers that have signs would be read as one of them.
const between = (low, high, scale) => T('from_to', told(low, scale), told(high, scale));
const figure = (r, value) => told(value, scaleFor(r.task, r.metric));
const interval = (r) => between(r.low, r.high, scaleFor(r.task, r.metric));
const unitOf = (task, metric) => {
  const { unit } = scaleFor(task, metric);
  return own(T('units'), unit) || unit;
};
const withUnit = (name, unit) => unit ? name + inBrackets(unit) : name;

// The suites whose data the figures of a task are made of.
const SOURCES = { relative: ['jsquad', 'marc_ja'], acquisition: ['knowledge'], twins: ['knowledge'],
  known_before: ['knowledge'], known: ['knowledge'], ranks: ['knowledge'], trained: ['knowledge'],
  verbatim: ['membership'] };
const sources = (task) => own(RUN.data, task) ? [task] : own(SOURCES, task) || [task];

function dataLabel(tasks) {
  const labels = tasks.filter((t) => RUN.data[t]).map((t) => {
    const { label, limit } = RUN.data[t];
    return [t, (label || T('unlabelled')) + (limit ? T('comma') + T('first', limit) : '')];
  });
  const unlike = new Set(labels.map(([, label]) => label));
  if (unlike.size === 1) return labels[0][1];
  return labels.map(([t, label]) => colon(taskName(t), label)).join(T('semicolon')) || T('unlabelled');
}

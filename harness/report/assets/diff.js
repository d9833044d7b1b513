// Differences of two texts by code point: Japanese has no spaces to split at.
const MOST_EDITS = 600; // beyond it the middle is given as replaced: a page must not hang on an answer
const ALIKE = 0.3; // share in common under which marks would be noise

// Pieces [kind, text]: '=' in both, '-' only in the first, '+' only in the second.
// capped: whether the texts were too unlike or too long to compare all of them.
function difference(first, second) {
  const [a, b] = [Array.from(first), Array.from(second)];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start
    && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const script = edits(left, right);
  const middle = script || [...left.map((c) => ['-', c]), ...right.map((c) => ['+', c])];
  const steps = [['=', a.slice(0, start).join('')], ...middle, ['=', a.slice(a.length - end).join('')]];
  return { pieces: joined(steps), capped: !script };
}

// Myers, An O(ND) Difference Algorithm and Its Variations (1986); null beyond MOST_EDITS.
function edits(a, b) {
  const reach = Math.min(a.length + b.length, MOST_EDITS);
  let ends = new Map([[1, 0]]); // diagonal -> how far in a
  const trace = [];
  for (let d = 0; d <= reach; d += 1) {
    const next = new Map();
    trace.push(ends);
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reached(ends, k - 1) < reached(ends, k + 1));
      let x = down ? reached(ends, k + 1) : reached(ends, k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return walked(a, b, trace);
    }
    ends = next;
  }
  return null;
}

const reached = (ends, k) => ends.has(k) ? ends.get(k) : -1;

// The way back from the end through the rounds of `edits`.
function walked(a, b, trace) {
  const steps = [];
  let [x, y] = [a.length, b.length];
  for (let d = trace.length - 1; d > 0; d -= 1) {
    const [ends, k] = [trace[d], x - y];
    const down = k === -d || (k !== d && reached(ends, k - 1) < reached(ends, k + 1));
    const from = reached(ends, down ? k + 1 : k - 1);
    const turn = down ? from : from + 1; // where the run of equal characters began
    while (x > turn) { x -= 1; y -= 1; steps.push(['=', a[x]]); }
    if (down) { y -= 1; steps.push(['+', b[y]]); } else { x -= 1; steps.push(['-', a[x]]); }
  }
  while (x > 0) { x -= 1; steps.push(['=', a[x]]); }
  return steps.reverse();
}

// Single characters that happen to be equal between two changes are part of the change; what is
// missing stands before what came instead.
function joined(steps) {
  const runs = [];
  for (const [kind, text] of steps.filter(([, t]) => t)) {
    const last = runs.at(-1);
    if (last && (kind === '=') === (last.kind === '=')) last.steps.push([kind, text]);
    else runs.push({ kind: kind === '=' ? '=' : '±', steps: [[kind, text]] });
  }
  const merged = [];
  runs.forEach((run, i) => {
    const lone = run.kind === '=' && i > 0 && i < runs.length - 1 && run.steps.length === 1
      && Array.from(run.steps[0][1]).length === 1 && runs[i - 1].steps.length + runs[i + 1].steps.length > 3;
    const kind = lone ? '±' : run.kind;
    const last = merged.at(-1);
    const own = lone ? [['-', run.steps[0][1]], ['+', run.steps[0][1]]] : run.steps;
    if (last && last.kind === kind) last.steps.push(...own); else merged.push({ kind, steps: [...own] });
  });
  const of = (run, kind) => run.steps.filter(([k]) => k === kind).map(([, t]) => t).join('');
  return merged.flatMap((run) => (run.kind === '=' ? ['='] : ['-', '+'])
    .map((kind) => [kind, of(run, kind)])).filter(([, text]) => text);
}

// How much of two texts is common: from 0 to 1.
function likeness({ pieces }) {
  const count = (kinds) => pieces.filter(([kind]) => kinds.includes(kind))
    .reduce((sum, [, text]) => sum + text.length, 0);
  return 2 * count('=') / (2 * count('=') + count('-+') || 1);
}

// The text with marks, held against the one of `others` that it is most like.
function markedText(text, others) {
  const found = others.map((other) => difference(other, text));
  const best = found.reduce((a, b) => a && likeness(a) >= likeness(b) ? a : b, null);
  if (!best || others.includes(text)) return { nodes: [text], note: best ? T('diff_same') : null };
  if (likeness(best) < ALIKE) return { nodes: [text], note: T('diff_unlike') };
  const tags = { '-': 'del', '+': 'ins' };
  return { nodes: best.pieces.map(([kind, piece]) => kind === '=' ? piece : el(tags[kind], null, piece)),
    note: best.capped ? T('diff_long') : null };
}

// AUROCs as dots with whiskers, the blind baseline's as a line with a band, and chance as 0.5.
const THREE = { factor: 1, digits: 3, signed: false };
const SIGNED_THREE = { ...THREE, signed: true };
const WORDS = { works: 'passed', unknown: 'passed', detected: 'passed', after: 'passed',
  invalid: 'inconclusive', 'too few': 'inconclusive', 'too few questions': 'inconclusive',
  known: 'inconclusive', guessable: 'inconclusive', 'not exchangeable': 'inconclusive',
  early: 'regressed' };

const orNone = (value) => value === null || value === undefined || value === '' ? NONE : value;
// "ja/member": a language, and a set of texts in it.
const setName = ({ set }) => {
  const [name, ...of] = String(orNone(set)).split('/').reverse();
  return [...of.reverse().map(languageName), worded(formName(name))].join(T('comma'));
};
const bounds = (e) => e && known(e.low) && known(e.high);
const valued = (value, e, scale) => bounds(e)
  ? told(value, scale) + inBrackets(between(e.low, e.high, scale)) : told(value, scale);
const aurocText = (e) => e ? valued(e.auroc, e, THREE) : NONE;
const blindText = (entry) => blindOf(entry) ? `${T('blind')} ${aurocText(blindOf(entry))}` : T('no_blind');
const blindOf = (entry) => own(entry.blind || {}, entry.best_blind);
// The figures of a drawing, for those who don't see it or want them exact.
const tableOf = (title, columns, rows, name = T('show_table')) =>
  el('details', null, el('summary', null, name), table(title, columns, rows));
const badge = (word) => el('span', { class: `verdict ${own(WORDS, word) || 'plain'}` },
  own(T('findings'), word) || orNone(word));

// What a task left in the details, for the checkpoints that were asked.
const detailed = (task, list) => DATA.checkpoints.flatMap((id) =>
  ((own(own(REPORT.details, id) || {}, task) || {})[list] || []).map((entry) => ({ ...entry, checkpoint: id })));

// A figure and its interval in a table, one above the other.
const stack = (value, e, scale, mark = null) => known(value) ? el('span', { class: 'stacked' },
  el('span', null, told(value, scale), mark),
  bounds(e) ? el('span', { class: 'interval' }, between(e.low, e.high, scale)) : null) : NONE;
const rateCell = (rate) => rate ? stack(rate.tpr, rate, DATA.percent, rate.few ? '*' : null) : NONE;

// One scale for all drawings that are compared.
function aurocScale(entries) {
  const ends = entries.flatMap((e) => [e.auroc, e.low, e.high]).filter(known);
  const from = Math.max(0, Math.min(0.4, Math.floor(Math.min(...ends) * 10) / 10));
  const to = Math.min(1, Math.max(0.7, Math.ceil(Math.max(...ends) * 10 - 1e-9) / 10));
  const ticks = [];
  for (let tenth = Math.round(from * 10); tenth <= Math.round(to * 10); tenth += 1) ticks.push(tenth / 10);
  return scaleOf(from, to, ticks, 0.5, (at) => at.toFixed(1));
}

// rows: {name, entry with auroc, low and high, blind}.
function aurocDots(rows, scale) {
  const drawn = rows.filter((r) => r.entry && known(r.entry.auroc)).map(({ name, entry, blind }) => ({
    name, blind, value: entry.auroc, low: entry.low, high: entry.high, text: told(entry.auroc, THREE),
    said: `AUROC ${aurocText(entry)}${blind ? `${T('comma')}${T('blind')} ${aurocText(blind)}` : ''}` }));
  return rowsOf(drawn, scale, (r) => ({
    under: r.blind ? [bounds(r.blind) ? svg('rect', { class: 'band', x: scale.x(r.blind.low), y: 0,
      width: scale.width(r.blind.low, r.blind.high), height: 28 }) : null,
    known(r.blind.auroc) ? svg('line', { class: 'blind', x1: scale.x(r.blind.auroc),
      x2: scale.x(r.blind.auroc), y1: 0, y2: 28 }) : null] : null,
    over: svg('circle', { class: r.blind && !(r.low > r.blind.high) ? 'dot unsure' : 'dot',
      cx: scale.x(r.value), cy: 14, r: 5 }) }));
}

// The verdict in two or three plain sentences, made of what verdict.py called; every figure with its interval.
// Of many names the first three.
const joinedIds = (ids) => new Intl.ListFormat(language).format(
  ids.length > 4 ? [...ids.slice(0, 3), T('more', ids.length - 3)] : ids);

// The figure that candidates are ranked by, the headline of acquisition or accuracy.
const rankedBy = (id, { task }) => REPORT.results.find((r) => r.checkpoint === id && r.task === task
  && r.headline && known(r.value)) || result(id, task, 'accuracy_seen');

function keptClause(id) {
  const found = keptOf(id);
  if (!found) return T(result(id, 'relative', 'relative_score') ? 'kept_unlike' : 'kept_unknown');
  const range = T('bounds', ratio(found.low), ratio(found.high));
  return found.metric === 'relative_score' ? T('kept', ratio(found.value), range, BASELINE)
    : T('kept_of', metricName('relative', found.metric), ratio(found.value), range);
}

// The highest of nothing is no lead: then there is none to tell.
function learntClause(id, verdict) {
  const found = rankedBy(id, verdict);
  const range = T('bounds', figure(found, found.low), figure(found, found.high));
  const first = verdict.ranked.length > 1 && id === verdict.ranked[0];
  if (verdict.task === 'knowledge' && !(found.value > 0)) return T(first ? 'none_knowledge' : 'no_knowledge', id, figure(found, found.value), range);
  const how = verdict.call === 'ship' ? 'its' : first && found.value > 0 ? 'most' : 'of';
  return T(`${how}_${verdict.task}`, id, figure(found, found.value), range) + leadClause(verdict.lead, id);
}

// Ends the sentence on what the checkpoint learnt.
function leadClause(lead, id) {
  if (!lead || lead.of !== id) return T('lead_none');
  const { over, value, low, high } = lead;
  const range = T('bounds', signed(low), signed(high));
  return low > 0 ? T('ahead', over, fixed(value * 100, 1), range) : T('not_ahead', over, signed(value), range);
}

const shownFirst = (verdict) => verdict.ships[0] || verdict.ranked[0];

// "X is recommended. It acquired …; it is ahead of Y by …. It retained …."
function verdictSentence(verdict) {
  if (!verdict) return T('call_none');
  const id = shownFirst(verdict);
  const sentences = [T(`call_${verdict.call}`, joinedIds(verdict.ships)),
    learntClause(id, verdict), keptClause(id)];
  const above = verdict.ranked.slice(0, verdict.ranked.indexOf(id)).filter((other) => own(verdict.barred, other));
  if (above.length) sentences.push(T('above_barred', joinedIds(above)));
  return sentences.join(T('sentences'));
}

// "Of 12 gates 1 regressed (qa-e3: JSQuAD F1), 11 passed."
function gatesSentence() {
  const judged = REPORT.results.filter(gated);
  if (!judged.length) return T('no_gates');
  const parts = VERDICTS.map((v) => [v, judged.filter((r) => r.verdict === v)]).filter(([, of]) => of.length)
    .map(([v, of]) => [el('span', { class: `verdict ${v}` }, T('gate_count', of.length, verdictName(v))),
      v === 'regressed' && of.length <= 3 ? inBrackets(of.map((r) => colon(r.checkpoint, gateName(r))).join(T('comma'))) : '']);
  const [before, after] = T('gates_counted', '\u0000', judged.length).split('\u0000');
  return [before, parts.map((part, i) => [i ? T('clause') : '', part]), after];
}

function verdictSection() {
  const verdict = REPORT.verdict.parts;
  const compared = verdict && verdict.lead;
  return section('verdict', T('verdict_title'), el('p', { class: 'called' }, [verdictSentence(verdict), ...voiceSentences()].join(T('sentences'))),
    el('p', { class: 'gates-counted' }, gatesSentence(), T('sentences'),
      REPORT.results.some(gated) ? el('a', { href: '#gates' }, T('gates')) : null),
    notes([...methods(verdict ? [rankedBy(shownFirst(verdict), verdict), keptOf(shownFirst(verdict))] : []),
      ...(RUN.status === 'complete' ? [] : [T('partial_note')]),
      ...(compared && verdict.ranked.length > 2 ? [T('chosen_note', verdict.ranked.length)] : [])]));
}

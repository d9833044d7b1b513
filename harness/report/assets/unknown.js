// Whether it was unknown before: what was found in a sentence each, then what it rests on.
const UNKNOWN = ['dates', 'membership', 'ranks', 'trained', 'verbatim'];

function unknownSection() {
  const asked = UNKNOWN.filter((t) => REPORT.results.some((r) => r.task === t)
    || DATA.checkpoints.some((id) => own(own(REPORT.details, id) || {}, t)));
  if (!asked.length) return null;
  return section('unknown', T('unknown_title'), label(asked), el('p', { class: 'lead' }, T('unknown_lead')),
    pairs().length || detailed('trained', 'datasets').length ? el('p', { class: 'quiet' }, T('terms')) : null, findings(),
    notes([...tooEarly(), ...gapLines(['dates', 'membership'])]),
    contrastPart(), curvesPart(), methodTables(), ranksPart(), trainedPart(), verbatimPart());
}

function findings() {
  const found = [...dateFindings(), ...pairFindings(), ...rankFindings(), ...trainedFindings()];
  return found.length ? el('ul', { class: 'findings' }, found.map(([word, text]) =>
    el('li', null, badge(word), el('span', null, text)))) : null;
}

function dateFindings() {
  return DATA.checkpoints.map((id) => [id, result(id, 'dates', 'share_after_release')])
    .filter(([, r]) => r && known(r.value)).map(([id, r]) => {
      const released = (RUN.models.find((m) => m.id === BY_ID.get(id).model) || {}).released || NONE;
      const evidence = result(id, 'dates', 'share_with_evidence');
      const whole = r.value === 1;
      return [whole ? 'after' : 'early', [colon(id, ''), whole ? T('dates_all', r.n, released)
        : T('dates_some', share(r.value), r.n, released),
      evidence && known(evidence.value) ? T('dates_evidence', share(evidence.value)) : '']];
    });
}

// Documents that fail the date rule, by name.
function tooEarly() {
  return DATA.checkpoints.map((id, place) => [id, questions('dates')
    .filter((q) => q.answers[place] && !right(q.answers[place]))
    .map((q) => q.answers[place].reason ? q.id + inBrackets(reasonText(q.answers[place].reason)) : q.id)])
    .filter(([, failed]) => failed.length).map(([id, failed]) => T('dates_failed', id, failed.join(T('comma'))));
}

function pairFindings() {
  return pairs().map((pair) => {
    const best = own((bandOf(pair, pair.band) || {}).attacks || {}, pair.attack);
    const say = { works: 'pair_works', 'no power': 'pair_powerless', 'too few': 'pair_open', invalid: 'pair_invalid' }[pair.verdict];
    const text = say && pair.attack ? T(say, methodName(pair.attack), aurocText(best), blindText(pair), orNone(pair.band),
      own(T('blinds'), pair.best_blind) || worded(String(orNone(pair.best_blind)))) : pair.reason ? reasonText(pair.reason) : NONE;
    return [pair.verdict, colon(pairTitle(pair), text)];
  });
}

const rankFindings = () => detailed('ranks', 'sets').map((s) => [s.verdict,
  colon([s.checkpoint, setName(s)].join(T('comma')), T('rank_found', valued(s.mean, s, THREE), orNone(s.facts))) + rankThough(s)]);

function trainedFindings() {
  const entries = detailed('trained', 'datasets');
  const datasets = [...new Set(entries.map((e) => e.dataset))];
  return datasets.flatMap((dataset) => [['works', 'detected'], ['no power', 'missed'],
    ['too few', 'too few questions'], ['invalid', 'invalid']]
    .map(([verdict, word]) => [word, entries.filter((e) => e.dataset === dataset && e.verdict === verdict)])
    .filter(([, found]) => found.length)
    .map(([word, found]) => [word, T('trained_found')[word](dataset, found.map((e) => e.checkpoint).join(T('comma')))]));
}

// How long a run counts as verbatim: by language, where that differs.
function runLengths(sets) {
  const lengths = new Map(sets.filter((s) => known(s.characters)).map((s) => [String(s.set).split('/')[0], s.characters]));
  const whole = DATA.checkpoints.map((id) => (own(own(REPORT.details, id) || {}, 'verbatim') || {}).characters).find(known);
  const unlike = new Set(lengths.values());
  if (unlike.size < 2) return orNone([...unlike, whole].find(known));
  return [...lengths].map(([code, n]) => `${n}${inBrackets(languageName(code))}`).join(T('comma'));
}

function verbatimPart() {
  const sets = detailed('verbatim', 'sets');
  if (!sets.length) return null;
  const columns = [{ name: T('checkpoint') }, { name: T('set') }, { name: T('prompting') }, { name: T('documents'), ...NUMBER },
    { name: T('longest_run'), ...NUMBER }, { name: T('run_share', runLengths(sets)), ...NUMBER }];
  const one = { factor: 1, digits: 1, signed: false };
  const rows = sets.map((s) => [named(s.checkpoint), setName(s), own(T('styles'), s.style) || orNone(s.style),
    orNone(s.documents), stack(s.mean_run, s, one),
    stack(s.share, { low: s.share_low, high: s.share_high }, DATA.percent)]);
  const signs = { ...one, signed: true };
  const guided = DATA.checkpoints.flatMap((id) => {
    const found = detailed('verbatim', 'guided').filter((g) => g.checkpoint === id);
    return found.length ? [T('guided_found', id, found.map((g) =>
      `${setName(g)} ${valued(g.difference, g, signs)}`).join(T('semicolon')))] : [];
  });
  return el('div', { class: 'under' }, el('h3', { id: 'verbatim' }, T('verbatim_title')), label(['verbatim']),
    el('p', { class: 'quiet' }, T('verbatim_note')), table(T('verbatim_title'), columns, rows),
    notes([...guided, ...leftOut('verbatim', 'left_out', 'too_short', (set) => setName({ set })), ...gapLines(['verbatim'])]));
}

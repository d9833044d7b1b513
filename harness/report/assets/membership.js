// Whether likelihoods tell members from others: languages side by side, and every method's figures.
const PANEL = ['loss', 'zlib', 'min_k_20', 'min_k_plus_plus_20', 'reference', 'dc_pdd'];

const pairs = () => detailed('membership', 'languages');
const bandsOf = (pair) => pair.bands || [];
const bandOf = (pair, tokens) => bandsOf(pair).find((b) => String(b.tokens) === String(tokens));
const methodsOf = (attacks, wanted) => {
  const all = Object.keys(attacks || {}).filter((m) => wanted(attacks[m]));
  return [...PANEL.filter((m) => all.includes(m)), ...all.filter((m) => !PANEL.includes(m))];
};
const panelOf = (attacks) => methodsOf(attacks, (a) => a && a.evidence);

// Why there is no verdict for or against, where the figures don't say.
const unexplained = (e) => e.reason && (!e.attack || e.verdict === 'invalid' || e.verdict === 'too few');
const notRun = ({ not_run: left }) => (left || []).map(({ attack, reason }) =>
  methodName(String(orNone(attack))) + inBrackets(reasonText(reason))).join(T('comma'));
const pairTitle = (pair) => [pair.checkpoint, languageName(String(orNone(pair.language)))].join(T('comma'));

// The article's contrast: the same methods in each language, against what needs no model.
function contrastPart() {
  const drawn = pairs().map((pair) => [pair, (bandOf(pair, pair.band) || {}).attacks])
    .filter(([, attacks]) => attacks && panelOf(attacks).length);
  if (!drawn.length) return null;
  const scale = aurocScale(drawn.flatMap(([pair, attacks]) =>
    [blindOf(pair) || {}, ...panelOf(attacks).map((m) => attacks[m])]));
  return el('div', { class: 'under' }, el('h3', { id: 'contrast' }, T('contrast_title')), label(['membership']),
    el('p', { class: 'quiet' }, T('contrast_note'), drawn.some(([p]) => blindOf(p)) ? T('contrast_blind') : null),
    el('div', { class: 'charts contrast' }, drawn.map(([pair, attacks]) =>
      el('figure', { class: 'chart' },
        el('figcaption', null, el('strong', null, el('bdi', null, pairTitle(pair))), ' ', badge(pair.verdict),
          el('span', { class: 'quiet' }, ` ${T('at_tokens', orNone(pair.band))}`)),
        aurocDots(panelOf(attacks).map((m) => ({ name: methodName(m), entry: attacks[m],
          blind: blindOf(pair) })), scale)))),
    notes(pairs().filter(unexplained).map((p) => colon(pairTitle(p), reasonText(p.reason)))));
}

function methodTables() {
  const shown = pairs().filter((pair) => bandsOf(pair).length);
  return shown.length ? el('div', { class: 'under' }, el('h3', null, T('methods_title')), label(['membership']),
    shown.map(methodTable), notes([T('blind_note'), T('few_note')])) : null;
}

function methodTable(pair) {
  const columns = [{ name: T('method') }, { name: T('tokens'), ...NUMBER }, { name: T('members_others'), ...NUMBER },
    ...['AUROC', T('evidence'), T('tpr_5'), T('tpr_1')].map((name) => ({ name, ...NUMBER }))];
  const rows = bandsOf(pair).flatMap((band) => panelOf(band.attacks).map((m) => {
    const found = band.attacks[m];
    return [methodName(m), orNone(band.tokens), `${orNone(band.members)} / ${orNone(band.others)}`,
      stack(found.auroc, found, THREE), stack(found.evidence.value, found.evidence, SIGNED_THREE),
      rateCell(found.tpr_5), rateCell(found.tpr_1)];
  }));
  const blind = Object.entries(pair.blind || {}).map(([name, found]) =>
    `${own(T('blinds'), name) || worded(name)} ${aurocText(found)}`);
  return el('details', null, el('summary', null, el('bdi', null, pairTitle(pair))),
    table(colon(T('methods_title'), pairTitle(pair)), columns, rows),
    notes([blind.length ? colon(T('blind'), blind.join(T('semicolon'))) : T('no_blind'),
      ...(notRun(pair) ? [T('not_run', notRun(pair))] : []), ...askedLines(pair)]));
}

function askedLines({ asked }) {
  if (!asked) return [];
  const named = (asked.documents || []).join(T('comma'));
  return [T('asked_found', orNone(asked.n), orNone(asked.flagged), share(asked.fpr, 0), share(asked.share),
    between(asked.low, asked.high, DATA.percent)) + (named ? colon('', named) : ''),
  ...(asked.short ? [T('asked_short', asked.short)] : [])];
}

// Trained against held-out questions of one generator, in every checkpoint.
function trainedPart() {
  const entries = detailed('trained', 'datasets');
  if (!entries.length) return null;
  const verdictOf = ({ verdict }) => ({ works: 'detected', 'no power': 'missed', 'too few': 'too few questions' })[verdict] || verdict;
  const best = (entry) => own(entry.attacks || {}, entry.attack);
  const scale = aurocScale(entries.flatMap((e) => [best(e) || {}, blindOf(e) || {}]));
  const datasets = [...new Set(entries.map((e) => e.dataset))];
  const columns = [{ name: T('checkpoint') }, { name: T('dataset') }, { name: T('verdict') }, { name: T('method') },
    ...['AUROC', localised(MEASURES, 'blind'), T('evidence'), T('tpr_5')].map((name) => ({ name, ...NUMBER }))];
  const rows = entries.map((e) => {
    const [found, blind] = [best(e) || {}, blindOf(e) || {}];
    const evidence = found.evidence || {};
    return [named(e.checkpoint), orNone(e.dataset), badge(verdictOf(e)), e.attack ? methodName(e.attack) : NONE,
      stack(found.auroc, found, THREE), stack(blind.auroc, blind, THREE),
      stack(evidence.value, evidence, SIGNED_THREE), rateCell(found.tpr_5)];
  });
  const left = [...new Set(entries.map(notRun).filter(Boolean))].map((names) => colon(
    [...new Set(entries.filter((e) => notRun(e) === names).map((e) => e.checkpoint))].join(T('comma')), T('not_run', names)));
  return el('div', { class: 'under' }, el('h3', { id: 'trained' }, T('trained_title')), label(['trained']),
    el('p', { class: 'quiet' }, T('trained_note'), entries.some(blindOf) ? T('contrast_blind') : null),
    el('div', { class: 'charts' }, datasets.map((dataset) => el('figure', { class: 'chart' },
      el('figcaption', null, el('strong', null, el('bdi', null, orNone(dataset)))),
      aurocDots(entries.filter((e) => e.dataset === dataset).map((e) => ({ name: e.checkpoint,
        entry: best(e), blind: blindOf(e) })), scale)))),
    tableOf(T('trained_title'), columns, rows),
    notes([...entries.filter(unexplained).map((e) => [colon([e.checkpoint, e.dataset].filter(Boolean).join(T('comma')), ''), reasonNode(e.reason)]),
      ...left, ...gapLines(['trained'])]));
}

// Figures beside the grading: all of them follow from the events, each time anew.
function figuresPart() {
  if (!round) return null;
  const { pool, options } = round;
  return [el('p', { class: 'counts' }, [...toldCounts(round), progress(round)].filter(Boolean).join(' · ')),
    options.blind ? el('p', null, el('button', { type: 'button', class: 'unblind',
      onclick: () => { location.hash = gradeHash({ ...options, blind: false }); } }, T('show_figures')))
      : [ruleAndPeople(options), disagreementPart(options)]];
}

// Whoever judges on their own must not hear what others or the rule said, nor be able to work it out: then only how
// many there are is told.
const aloneIn = ({ blind, second }) => blind || second;

function toldCounts({ pool, options }) {
  if (aloneIn(options)) {
    const { graded, skipped, others } = ownTally(pool);
    return [T('counted', graded, pool.keys.size), skipped && T('skipped_n', skipped), others && T('others_n', others)];
  }
  const count = tallyOf(pool);
  return [T('counted', count.graded, count.answers), T('tally', count.right, count.wrong),
    count.skipped && T('skipped_n', count.skipped), count.disputed && T('disputed_n', count.disputed)];
}

const gradedHere = () => {
  const { pool, options } = round;
  return aloneIn(options) ? ownTally(pool).graded : tallyOf(pool).graded;
};

// Blind, nothing is told from which the rule's grade of the last answer could be worked out: whether it is settled,
// and after some grades how wide the interval is, in whole points.
const SOME = 10;

function progress({ pool, options: { blind, second } }) {
  if (second) return ''; // each grade would move it by whether the others agree
  const strata = strataOf(pool);
  const found = corrected(strata, Boolean(pool.b), pool.effect);
  const graded = gradedHere();
  if (blind && pool.b) return settles(strata, pool.effect) ? T('settled_blind') : '';
  if (!pool.b) {
    if (!found || graded < (blind ? SOME : 1) || (blind && ownTally(pool).others)) return '';
    return T('half', share((found.high - found.low) / 2, blind ? 0 : 1));
  }
  if (settles(strata, pool.effect)) return colon(T('settled'), toldDifference(pool, found));
  if (strata.some((s) => s.open && !s.graded)) return ''; // the rule has no word to go on
  const told = found ? `${toldDifference(pool, found)} · ` : '';
  return told + (graded === pool.keys.size ? T('more_questions') : toldMore(moreToSettle(strata, pool.effect), found));
}

// Where an outcome has no grades yet the rule is taken to be right about it (estimate.js), and rarely is everywhere.
const toldMore = (more, found) => more === null ? colon(T('nothing_settles'), T('more_questions'))
  : T(found ? 'pairs_more' : 'pairs_by_rule', more);

function toldDifference({ a, b }, { value, low, high }) {
  if (low <= 0 && high >= 0) return T('level', a, b, signed(low), signed(high));
  return value > 0 ? T('grades_ahead', a, share(value), share(low), share(high)) : T('grades_ahead', b, share(-value), share(-high), share(-low));
}

// "rule 86.0 % · with people's grades 84.1 % · corrected 84.6 % [80.1, 88.0] · 41 graded of 200 · 2 skipped"; where a
// corrected figure lacks grades, what is lacking, and the way to the queue that offers it.
function figuresLine(options) {
  const pool = poolOf({ ...options, b: '' });
  const answers = pool.units.map((unit) => unit.members[0]);
  const count = tallyOf(pool);
  const strata = strataOf(pool);
  const found = corrected(strata, false, pool.effect);
  const counted = answers.filter((answer) => ruled(answer) || valueOf(answer) !== null);
  const line = [answers.every(ruled) && T('rule_figure', share(meanOf(answers.map(byRule)))), T('human_figure', share(meanOf(counted.map(mixed)))),
    found ? T('corrected_figure', share(found.value), share(found.low), share(found.high)) : toldLacking(lackingIn(strata), options),
    T('counted', count.graded, count.answers), count.skipped && T('skipped_n', count.skipped)].filter(Boolean).join(' · ');
  const here = !round.options.b && round.options.a === options.a;
  return found || here ? line : [line, ' · ', ownQueueLink(options)];
}

function ruleAndPeople(options) {
  const able = answering(options.suite);
  return el('div', { class: 'under' }, el('h3', null, T('figures_title'), formTag(options)),
    el('dl', { class: 'facts people' }, able.map((id) => [el('dt', null, el('bdi', null, id)), el('dd', null, figuresLine({ ...options, a: id }))])),
    notes([T('figures_note')]));
}

// Unlike forms of question in one figure: it is none of the report's.
const formTag = ({ suite, form }) => form || DATA.samples[suite].strata.length > 1
  ? el('span', { class: 'tag' }, form ? formName(form) : T('all_forms')) : null;

function disagreementPart({ suite, a, b, form }) {
  const chosen = [a, b].filter(Boolean).map((id) => DATA.checkpoints.indexOf(id));
  const unlike = questions(suite).filter((q) => !form || q.stratum === form)
    .flatMap((q) => chosen.map((i) => [q, i, q.answers[i]])).filter(([, , answer]) => disagrees(answer));
  return el('div', { class: 'under' }, el('h3', null, T('disagreements')), unlike.length
    ? el('ul', { class: 'notes' }, unlike.map(([q, i, answer]) => el('li', null, el('a', { href: sampleHash(q) }, el('bdi', null, q.id)), ' ',
      el('bdi', null, DATA.checkpoints[i]), ' – ', peopleSaid(answer))))
    : el('p', { class: 'quiet' }, T('none_disagree')));
}

// For samples.js as well: people against the rule, or one against another.
function disagrees(answer) {
  if (!gradeable(answer)) return false;
  const { verdict, said } = judged(answer.key);
  return said && (!verdict || (ruled(answer) && (verdict === 'right') !== (answer.rule === RIGHT_RULE)));
}

function peopleSaid(answer) {
  const { verdict } = judged(answer.key);
  return verdict ? T('disagreement', own(T('said_verdict'), verdict), outcomeName(answer.rule)) : T('disputed');
}

// The answer that is being graded, and the note on it.
const TAIL = 700; // code points of a long question that are shown at first: questions stand at the end

function gradeCard() {
  const sample = currentKey();
  if (!sample) return endCard();
  const { question, members } = unitOfKey(sample);
  const answer = members.find((member) => member.key === sample);
  const opinion = ownOpinion(sample);
  const note = round.drafts.get(sample) ?? (opinion ? opinion.note : '');
  const points = Array.from(question.prompt);
  const length = narrowPage() ? END : TAIL;
  const long = points.length > length;
  return el('article', { class: 'grade-card' },
    el('h3', null, T('question'), question.stratum ? el('span', { class: 'tag' }, formName(question.stratum)) : null),
    el('div', { class: 'said' }, long && !round.whole ? `…${points.slice(-length).join('')}` : question.prompt),
    long ? el('button', { type: 'button', class: 'whole', onclick: () => { round.whole = !round.whole; redrawRound('card'); } },
      T(round.whole ? 'tail_only' : 'whole')) : null,
    question.gold.length ? [el('h3', null, T('gold')), el('ul', { class: 'gold' }, question.gold.map((g) => el('li', { class: 'said' }, g)))] : null,
    el('h3', null, T('the_answer')),
    answer.text ? el('div', { class: 'said the-answer' }, answer.text) : el('p', { class: 'quiet the-answer' }, T('empty')),
    round.options.blind ? null : el('p', { class: 'quiet' }, [whoGave(question, sample),
      T('rule_says', outcomeName(answer.rule)), reasonText(answer.reason)].filter(Boolean).join(' · ')),
    opinion ? el('p', { class: 'standing' }, T('standing', own(T('said_verdict'), opinion.verdict))) : null,
    round.noting ? noteForm(note) : note ? el('p', { class: 'said quiet' }, T('note_of', note)) : null,
    rubricFor(question));
}

// The built-in text compares with an accepted answer; a question without one has its own. A team's file serves all.
function rubricFor(question) {
  const builtIn = RUBRIC.version.startsWith('default/');
  const text = builtIn && !question.gold.length ? T('rubric_open') : RUBRIC.text;
  return RUBRIC.text ? el('details', { class: 'rubric' }, el('summary', null, T('rubric') + inBrackets(RUBRIC.version)), el('div', { class: 'said' }, text)) : null;
}

const whoGave = (question, sample) => DATA.checkpoints
  .filter((_, i) => question.answers[i] && question.answers[i].key === sample).join(T('comma'));

function endCard() {
  const skipped = gradedIn(round.pool).filter((k) => ownOpinion(k).verdict === 'skipped').length;
  return el('div', { class: 'grade-card' }, el('p', null, T('no_more')),
    skipped ? el('button', { type: 'button', onclick: again }, T('skipped_left', skipped)) : null,
    !round.options.second && ownTally(round.pool).others ? el('button', { type: 'button',
      onclick: () => { location.hash = gradeHash({ ...round.options, second: true }); } }, T('second')) : null);
}

// What is typed goes with a verdict that is pressed meanwhile; leaving takes it back.
function noteForm(text) {
  const sample = currentKey();
  const leave = () => { round.drafts.set(sample, text); openNote(false); };
  const field = el('input', { id: 'note', maxlength: '2000', value: text, autocomplete: 'off', 'aria-label': T('key_note'),
    oninput: () => round.drafts.set(sample, field.value.trim()),
    onkeydown: (event) => {
      if (event.isComposing) return; // Enter may end a Japanese conversion
      if (event.key === 'Escape') { event.preventDefault(); leave(); }
    } });
  return el('form', { class: 'note', onsubmit: (event) => { event.preventDefault(); keepNote(field.value.trim()); } },
    field, el('button', null, T('save')), el('button', { type: 'button', onclick: leave }, T('leave')));
}

// One sample: what was asked, what counts as right, and everyone's answer side by side.
const AGAINST = ['gold', 'base', 'likelihood', 'off'];
let against = 'gold';
const END = 100; // code points of a long prompt that a phone shows at first: the question stands at the end

// list: the state of the list that it is seen in, which goes with the address.
function sampleHash(question, list = {}) {
  const parameters = listQuery(list, FILTERS.filter((name) => name !== 'task'));
  if (against !== 'gold') parameters.set('against', against);
  const query = String(parameters) && `?${parameters}`;
  try {
    return `#sample/${encodeURIComponent(question.task)}/${encodeURIComponent(question.id)}${query}`;
  } catch { // a lone surrogate in an id has no place in an address
    return `#sample/${encodeURIComponent(question.task)}/~${questions(question.task).indexOf(question)}${query}`;
  }
}

function findSample(task, id) {
  const all = questions(task);
  return all.find((q) => q.id === id) || (id.startsWith('~') ? all[Number(id.slice(1))] : undefined);
}

// Ways of marking the answers that this run has something for; none where texts are left out.
function modes(question) {
  if (RUN.redact) return ['off'];
  const some = (test) => question.answers.some((a) => a && test(a));
  return AGAINST.filter((mode) => ({ gold: question.gold.length, base: baseAnswer(question),
    likelihood: some((a) => a.reading), off: true })[mode]);
}

function sampleView(question, parameters) {
  const { task } = question;
  const wanted = parameters.get('against');
  against = AGAINST.includes(wanted) ? wanted : 'gold';
  const list = { ...listState(parameters), task };
  const rows = rowsAround(question, list);
  const place = rows.indexOf(question);
  const page = Math.floor(place / PAGE) + 1;
  const step = (to, text, name) => rows[to]
    ? el('a', { href: sampleHash(rows[to], list), class: name, onclick: inPlace }, text) : el('span', { class: 'off' }, text);
  const steps = el('nav', { class: 'steps', 'aria-label': T('samples') });
  const answers = el('div');
  const redraw = () => {
    steps.replaceChildren(el('a', { href: listHash({ ...list, page }), class: 'back' }, T('back')),
      step(place - 1, T('previous'), 'previous'), el('span', null, `${place + 1} / ${rows.length}`),
      step(place + 1, T('next'), 'next'));
    answers.replaceChildren(...answersPart(question));
  };
  redraw();
  const marking = modeChoice(question, list, redraw);
  const whole = el('div', { class: 'said prompt' }, question.prompt);
  const folds = narrowPage() && question.prompt.length > 2 * END;
  return [steps, section('sample', el('bdi', null, breakable(question.id)),
    el('p', { class: 'quiet' }, [taskName(task), formName(question.stratum)].filter(Boolean).join(' · ')), label(sources(task)),
    el('h3', null, T('prompt')), folds ? el('div', { class: 'said' }, tail(question.prompt, END)) : whole,
    question.gold.length ? [el('h3', null, T('gold')), el('ul', { class: 'gold' }, question.gold.map((g) => el('li', { class: 'said' }, g)))] : null,
    el('h3', null, T('answers')), ...(folds ? [answers, marking] : [marking, answers]),
    folds ? el('details', { class: 'folded' }, el('summary', null, T('whole')), whole) : null,
    el('p', { class: 'quiet keys' }, T('keys'), question.answers.some(gradeable) ? [T('sentences'), T('keys_cards')] : null))];
}

// The list's samples, this one among them although a grade or an address may have taken it out.
function rowsAround(question, list) {
  if (listed.query === String(listQuery(list)) && listed.rows.includes(question)) return listed.rows;
  return inOrder(questions(question.task).filter((q) => q === question || matches(q, list)), list);
}

// From sample to sample without a step in the history.
function inPlace(event) {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  location.replace(event.currentTarget.getAttribute('href'));
}

function modeChoice(question, list, redraw) {
  if (RUN.redact) return redactedNote();
  const box = el('select', { id: 'against', onchange: () => {
    against = box.value;
    redraw();
    keepHash(sampleHash(question, list));
  } }, modes(question).map((mode) => el('option', { value: mode }, T(`against_${mode}`))));
  box.value = against;
  if (box.selectedIndex < 0) box.value = 'off';
  return el('div', { class: 'filters compare' }, el('label', null, el('span', null, T('against_label')), box));
}

function answersPart(question) {
  const cards = DATA.checkpoints.map((name, i) => answerCard(name, question, i));
  const legend = RUN.redact ? () => null : { likelihood: shadedLegend, off: () => null }[against] || (() =>
    cards.some((card) => card.querySelector('ins, del')) ? el('p', { class: 'quiet' }, T('diff_note')) : null);
  return [legend() || '', el('div', { class: 'answers' }, cards)];
}

// The answer's text as it is marked now, and what there is to say of that.
function shownText(answer, question) {
  const base = baseAnswer(question);
  if (RUN.redact) return { nodes: [answer.text], note: null };
  if (against === 'likelihood' && answer.reading) {
    return { nodes: shaded(answer.text, answer.reading), note: T('shaded_mean', minus(meanLikelihood(answer), 2)) };
  }
  if (against === 'gold' && question.gold.length) return markedText(answer.text, question.gold);
  if (against === 'base' && base && base !== answer) return markedText(answer.text, [base.text]);
  return { nodes: [answer.text], note: null };
}

function answerCard(name, question, place) {
  const answer = question.answers[place];
  return el('article', { class: 'answer', 'aria-label': name, tabindex: '0', 'data-place': place },
    el('h4', null, mark(answer), ' ', el('bdi', null, name),
      name === BASELINE ? el('span', { class: 'tag' }, T('baseline')) : null, retrievalTag(name)),
    !answer ? el('p', { class: 'quiet' }, T('no_answer')) : answerBody(answer, question, place), judgePart(question, name),
    passagesPart(question, name));
}

const dotted = (parts) => parts.filter(Boolean).map((part, i) => [i ? ' · ' : '', part]);

function answerBody(answer, question, place) {
  const { nodes, note } = shownText(answer, question);
  const people = answer.key ? [...opinionsOn(answer.key)].map(([author, { verdict, note: remark }]) =>
    T('graded_by', author, (own(T('said'), verdict) || verdict) + inBrackets(remark))) : [];
  return [answer.text ? el('div', { class: 'said' }, nodes) : el('p', { class: 'quiet' }, T('empty')),
    el('p', { class: 'quiet' }, dotted([outcomeName(answer.outcome), known(answer.score) ? `F1 ${T('percent', share(answer.score))}` : '',
      reasonNode(answer.reason), answer.author ? T('judged_by', authorText(answer.author)) : '',
      ruleOf(answer) !== answer.outcome ? T('rule_said', outcomeName(ruleOf(answer))) : '', ...people,
      note])),
    gradeButtons(question, place)];
}

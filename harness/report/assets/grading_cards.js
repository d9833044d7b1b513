// Grading by hand where a sample is shown: buttons on an answer's card.
const CARD_KEYS = { 1: 'right', 0: 'wrong', s: 'skipped', u: 'cleared', n: 'note' };

// Buttons for the answer of one checkpoint, or null where there is nothing that a person could judge.
function gradeButtons(question, checkpointIndex) {
  const answer = question.answers[checkpointIndex];
  if (!gradeable(answer)) return null;
  const node = el('div', { class: 'grade-buttons', role: 'group', 'aria-label': T('grading_keys'), 'data-grades': '' });
  const state = { noting: false, naming: null, draft: '' };
  node.refresh = () => { node.replaceChildren(); fill(node, cardParts(node, state, question, answer)); };
  node.press = (verdict) => pressCard(node, state, question, answer, verdict);
  node.refresh();
  return node;
}

function pressCard(node, state, question, answer, verdict, note) {
  if (!grades.author) {
    state.naming = verdict;
    node.refresh();
    node.querySelector('input').focus();
    return;
  }
  const before = ownOpinion(answer.key);
  if (verdict === 'note' && note === undefined) {
    state.noting = true;
    node.refresh();
    node.querySelector('input').focus();
    return;
  }
  const typed = state.noting && verdict !== 'note' ? state.typed : undefined; // goes with a verdict pressed meanwhile
  [state.noting, state.typed] = [false, undefined];
  if (verdict === 'cleared' && !before) return;
  if (verdict === 'note' && !before) { // it goes with the grade to come
    state.draft = note;
    node.refresh();
    node.querySelector('[data-verdict=note]').focus();
    return;
  }
  const said = verdict === 'note' || (before && before.verdict === verdict && (note ?? typed) === undefined) ? before.verdict : verdict;
  // What was drawn at random stays so when it is looked at again.
  recordGrade(question, answer.key, said, { note: note ?? typed ?? (before ? before.note : state.draft), picked: before ? before.picked : 'hand' });
  state.draft = '';
  const button = node.querySelector(`[data-verdict=${said}]`);
  if (button) button.focus();
}

function cardParts(node, state, question, answer) {
  const opinions = opinionsOn(answer.key);
  const mine = ownOpinion(answer.key);
  const button = (verdict, text, shortcut) => el('button', { type: 'button', class: text, 'data-verdict': verdict,
    'aria-pressed': verdict === 'note' || verdict === 'cleared' ? null : String(Boolean(mine && mine.verdict === verdict)),
    'aria-disabled': verdict === 'cleared' && !mine ? 'true' : null, 'aria-keyshortcuts': shortcut, onclick: () => node.press(verdict) }, T(text), ' ', el('kbd', null, shortcut));
  if (state.naming) {
    return [nameForm(() => {
      const verdict = state.naming;
      state.naming = null;
      grades.changed();
      node.press(verdict);
      if (!node.contains(document.activeElement)) node.closest('.answer').focus();
    })];
  }
  const said = [...opinions].map(([author, { verdict, note }]) =>
    el('li', { class: 'said' }, `${colon(author, own(T('said_verdict'), verdict))}${note ? ` – ${note}` : ''}`));
  return [el('div', { class: 'verdicts' }, button('right', 'key_right', '1'), button('wrong', 'key_wrong', '0'),
    button('skipped', 'key_skip', 's'), button('cleared', 'key_undo', 'u'), button('note', 'key_note', 'n')),
  state.draft ? el('p', { class: 'said quiet' }, T('note_of', state.draft)) : null,
  state.noting ? cardNote(node, state, mine ? mine.note : state.draft, (text) => pressCard(node, state, question, answer, 'note', text)) : null,
  said.length ? el('ul', { class: 'notes opinions' }, said) : null,
  disagrees(answer) ? el('p', { class: 'quiet' }, peopleSaid(answer)) : null];
}

function cardNote(node, state, text, keep) {
  const leave = () => { [state.noting, state.typed] = [false, undefined]; node.refresh(); node.querySelector('button').focus(); };
  const field = el('input', { maxlength: '2000', value: text, 'aria-label': T('key_note'), autocomplete: 'off',
    oninput: () => { state.typed = field.value.trim(); },
    onkeydown: (event) => { if (event.key === 'Escape' && !event.isComposing) { event.preventDefault(); leave(); } } });
  return el('form', { class: 'note', onsubmit: (event) => { event.preventDefault(); keep(field.value.trim()); } },
    field, el('button', null, T('save')), el('button', { type: 'button', onclick: leave }, T('leave')));
}

// Keys on the card that has the focus, otherwise on the first.
function cardKey(event) {
  const card = event.target.closest && event.target.closest('.answer');
  const buttons = (card || document).querySelector('.grade-buttons');
  const verdict = own(CARD_KEYS, event.key);
  if (!buttons || !verdict || event.repeat) return false;
  buttons.press(verdict);
  return true;
}

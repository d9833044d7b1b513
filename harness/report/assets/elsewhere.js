// Samples that are too many for one file lie in pages beside the report: of each suite a list of its
// questions, which tells no answers, and pages of so many questions with everybody's answers.
const PLACE = DATA.place || null; // of such a page: {page, last}; of the list: {page: 0, starts, shares}
const ELSEWHERE = DATA.elsewhere || {}; // of the report itself: {suite: {list, questions, pages}}
const LIST = 'index.html';
const TOP = '../../report.html';

const isList = () => Boolean(PLACE) && PLACE.page === 0;
const pageName = (number) => `${String(number).padStart(4, '0')}.html`;
const pageOf = (question) => pageName(PLACE.starts.filter((start) => start <= question.at).length);

// The list tells no answers: what is asked of them goes on to the pages.
const wanted = (state, parameters) => isList()
  ? { ...Object.fromEntries(parameters), ...Object.fromEntries(Object.entries(state).filter(([, v]) => v)) } : state;

// Where a sample is seen: here, or from the list on its own page.
const sampleHref = (question, state) => (isList() ? pageOf(question) : '') + sampleHash(question, state);

// What is asked of this file and lies in another; null for what is here.
function elsewhere(task, hash) {
  if (own(ELSEWHERE, task)) return ELSEWHERE[task].list + hash;
  return PLACE && !isList() && own(DATA.samples, task) ? LIST + hash : null;
}

// The other pages of this suite, with what is asked of the list.
function pagesNav(state) {
  if (!PLACE) return null;
  const hash = listHash({ ...state, page: 1 });
  const link = (name, text) => el('a', { href: name + hash }, text);
  const { page, last, starts } = PLACE;
  return el('nav', { class: 'pages', 'aria-label': T('pages_of') }, isList()
    ? [el('span', null, T('with_answers')), starts.map((_, i) => link(pageName(i + 1), i + 1))]
    : [link(LIST, T('all_questions')), page > 1 ? link(pageName(page - 1), T('page_before', page - 1)) : null,
      el('span', null, T('this_page', page)), last ? null : link(pageName(page + 1), T('page_after', page + 1))]);
}

// The suites whose samples lie elsewhere, instead of a list of samples.
function suitesElsewhere() {
  const names = Object.keys(ELSEWHERE);
  return names.length ? [el('p', null, T('samples_elsewhere')), table(T('samples'),
    [{ name: T('task') }, { name: T('questions_of'), class: 'number' }, { name: T('pages_of'), class: 'number' }],
    names.map((task) => [el('a', { href: ELSEWHERE[task].list + listHash({ task }) }, taskName(task)),
      ELSEWHERE[task].questions, ELSEWHERE[task].pages]))] : null;
}

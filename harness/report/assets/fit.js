// Fit for whom: the article's two-by-two for each checkpoint, with the sentence that each quadrant rests on.
Object.assign(TEXTS.en, {
  fit_title: 'Fit for whom?',
  fit_lead: 'Advice with its reasons, not a score. An expert notices an error and loses time by it: accuracy and damage count. A layperson believes it: what is made up counts, too, and answers about what nobody can know. A hard domain asks for more of the same. Fit: each 95 % interval keeps to its threshold. Unfit: one misses it wholly. Otherwise it is not shown.',
  fit_words: { fit: 'fit', unfit: 'unfit', 'not shown': 'not shown' },
  fit_user: 'User', fit_users: { expert: 'Expert', layperson: 'Layperson' },
  fit_domains: { easy: 'Easy domain', hard: 'Hard domain' },
  fit_figures: { accuracy: 'accuracy', damaged: 'damaged', hallucinated_trained: 'made up', confidently_wrong: 'made up and sure of it', abstained_unanswerable: 'abstained on unanswerable' },
  fit_bound: (least, percent) => `${least ? '≥' : '≤'} ${percent} %`,
  fit_told: (name, value, range, bound) => `${name} ${value} % ${range} (asked: ${bound})`,
  fit_most: (name, high, bound) => `${name} at most ${high} % (asked: ${bound})`,
  fit_within: 'Threshold within the interval:', fit_missing: (names) => `Not measured: ${names}`, fit_nothing: 'Nothing is asked for.',
  fit_asked: (domain, expert, besides) => `${domain}: ${expert}${besides ? `; for a layperson also ${besides}` : ''}.`,
});
Object.assign(TEXTS.ja, {
  fit_title: '誰が使うのに適しているか',
  fit_lead: '点数ではなく、理由つきの助言です。専門家は誤りに気づき、その分の時間を失います。そこで正解率と回答の破損を見ます。専門家でない人は誤りを信じます。そこでハルシネーションと、答えようのない質問への回答も見ます。難しいドメインでは、同じ項目の条件が厳しくなります。95%区間がすべて条件を満たせば「適する」、一つでも区間全体が条件を外れれば「適さない」、どちらでもなければ「示されていない」とします。',
  fit_words: { fit: '適する', unfit: '適さない', 'not shown': '示されていない' },
  fit_user: '使用者', fit_users: { expert: '専門性が高い', layperson: '専門性が低い' },
  fit_domains: { easy: 'ドメインの難しさが低い', hard: 'ドメインの難しさが高い' },
  fit_figures: { accuracy: '正解率', damaged: '破損した回答', hallucinated_trained: 'ハルシネーション', confidently_wrong: '自信のあるハルシネーション', abstained_unanswerable: '答えようのない質問で控えた割合' },
  fit_bound: (least, percent) => `${percent}%${least ? '以上' : '以下'}`,
  fit_told: (name, value, range, bound) => `${name} ${value}%(${range}、条件は${bound})`,
  fit_most: (name, high, bound) => `${name} ${high}%以下(条件は${bound})`,
  fit_within: '条件の値が区間の中にあります：', fit_missing: (names) => `測っていないもの：${names}`, fit_nothing: '条件はありません。',
  fit_asked: (domain, expert, besides) => `${domain}場合の条件：${expert}${besides ? `。使用者の専門性が低ければ、さらに${besides}` : ''}。`,
});
REASONS_JA.push(
  [/^(.+) learnt the values of another world than (.+): whom it is fit for is not asked\.$/, (id, other) =>
    `${id}は${other}とは別の世界の値を学習したため、誰に適しているかは問いません。`],
);

const FIT_CLASSES = { fit: 'passed', unfit: 'regressed', 'not shown': 'inconclusive' };
const OPENED = 4; // checkpoints; of more only the one that the verdict is about is open
const DECIDING = { fit: ['met'], unfit: ['missed'], 'not shown': ['open', 'not measured'] };
const fitWord = ({ verdict: word }) => el('span', { class: `verdict ${own(FIT_CLASSES, word)}` }, own(T('fit_words'), word));
const fitName = ({ figure: name }) => own(T('fit_figures'), name);
const fitBound = ({ at_least: least, threshold }) => T('fit_bound', least, Number((100 * threshold).toFixed(4)));
const measuredFigure = ({ state }) => state !== 'not measured';

function fitSection() {
  const { checkpoints, notes: told } = REPORT.fit;
  const ids = DATA.checkpoints.filter((id) => own(checkpoints, id));
  if (!ids.length) return null;
  const tasks = ids.flatMap((id) => checkpoints[id]).flatMap(({ reasons: of }) => of.map((r) => r.task)).filter(Boolean);
  const first = REPORT.verdict.parts ? shownFirst(REPORT.verdict.parts) : ids[0];
  return section('fit', T('fit_title'), label([...new Set(tasks.flatMap(sources))]), el('p', { class: 'lead' }, T('fit_lead')),
    ids.map((id) => fitPart(id, checkpoints[id], ids.length <= OPENED || id === first)),
    notes([...fitThresholds(checkpoints[ids[0]]), ...told.map(reasonNode)]));
}

// Experts in the upper row, as in the article; the domain that is easy first.
function fitPart(id, quadrants, open) {
  const at = (domain, user) => quadrants.find((q) => q.domain === domain && q.user === user);
  const [users, domains] = ['fit_users', 'fit_domains'].map((name) => Object.entries(T(name)));
  const columns = [{ name: T('fit_user') }, ...domains.map(([, name]) => ({ name, class: 'text' }))];
  const rows = users.map(([user, name]) => [name, ...domains.map(([domain]) =>
    [fitWord(at(domain, user)), fitReasons(at(domain, user))])]);
  const [before, after] = inBrackets('\u0000').split('\u0000');
  const words = domains.map(([domain, name]) => el('span', null, colon(name, ''), users.map(([user, called], i) =>
    [i ? T('comma') : '', called, before, fitWord(at(domain, user)), after])));
  return el('details', { class: 'fit', open }, el('summary', null, named(id), el('span', { class: 'quiet' }, words)),
    table(colon(T('fit_title'), id), columns, rows));
}

// What decided, a line each: all that was met, what was missed, or what can't be told.
function fitReasons({ verdict: word, reasons: all }) {
  const decided = all.filter(({ state }) => DECIDING[word].includes(state));
  const missing = decided.filter((r) => !measuredFigure(r)).map(fitName);
  const lines = decided.filter(measuredFigure).map(fitTold);
  if (word === 'not shown' && lines.length) lines.unshift(T('fit_within'));
  if (missing.length) lines.push(T('fit_missing', missing.join(T('comma'))));
  return (lines.length ? lines : [T('fit_nothing')]).map((line) => el('span', { class: 'explained quiet' }, line));
}

function fitTold(r) {
  const whose = { accuracy: () => formName(r.metric.replace('accuracy_', '')), damaged: () => taskName(r.task) };
  const of = own(whose, r.figure);
  const name = fitName(r) + (of ? inBrackets(of()) : '');
  // Without a value only its bound is known: what is made up and sure is no more than what is made up.
  return known(r.value) ? T('fit_told', name, share(r.value), T('bounds', share(r.low), share(r.high)), fitBound(r))
    : T('fit_most', name, share(r.high), fitBound(r));
}

// The same for all checkpoints.
function fitThresholds(quadrants) {
  const asked = (domain, user) => quadrants.find((q) => q.domain === domain && q.user === user).reasons
    .map((r) => `${fitName(r)} ${fitBound(r)}`);
  return Object.entries(T('fit_domains')).map(([domain, name]) => {
    const expert = asked(domain, 'expert');
    const besides = asked(domain, 'layperson').filter((bound) => !expert.includes(bound));
    return T('fit_asked', name, expert.join(T('comma')) || NONE, besides.join(T('comma')));
  });
}

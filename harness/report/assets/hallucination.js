// What is made up, what the model's own doubts tell of it, and what may be answered all the same.
Object.assign(TEXTS.en, {
  made_up_title: 'what is made up, and does doubt tell?',
  made_up_lead: 'Made up: a wrong answer where there is a right one (trained documents, near misses, facts carried over); any answer at all about what the training texts don’t state (untrained facts, control documents), or where there is nothing to know (unanswerable). Saying that one does not know is not made up; where nothing can be known it is right, of what was trained a loss.',
  made_up_shares: 'Made up (%)', abstained_shares: 'Said not to know (%)',
  doubts_title: 'Do doubts tell made-up answers from right ones?',
  doubts_note: 'AUROC of made-up answers about trained documents against right ones, with 95 % intervals; the dashed line at 0.5 is guessing. Blind controls know nothing of doubt: the answer’s length, and how unlikely the question alone is. A signal in colour, with the word “clears”, leads each of them by an interval above 0.',
  doubts_terms: 'NLL: negative log-likelihood of the answer’s tokens, in nats; of the value: of those tokens that state it. Entropy: of the distributions that tokens were chosen from. Margin: of the likeliest token over the second.',
  controls: 'Blind controls', clears: 'clears', made_up_of: (n, of) => `${n} of ${of} made up`,
  article_said: 'The article of 2024 on gemma-7b looked at token likelihoods and found no tendency that gives made-up words away. Measured here:',
  against_article: (names, best, found) => `${names} clear both blind controls; the best, ${best}, has AUROC ${found}.`,
  as_article: (best, found) => `no signal of the tokens clears both blind controls; the best, ${best}, has AUROC ${found}.`,
  holds_for: (groups) => ` The finding is not contradicted for: ${groups}.`, contradicted_for: (groups) => ` The finding is contradicted for: ${groups}.`,
  too_alike: 'fewer than 5 documents with right, or with made-up, answers.',
  meanings_told: (n, ways) => `which of ${n} answers, given and drawn anew, mean the same was told: ${ways}.`,
  meaning_ways: { values: (n) => `${n} by the values that they state`, abstained: (n) => `${n} by saying not to know`,
    words: (n, m) => m.judge ? `${n} by words that are equal` : `${n} by their words alone, which scatters meanings too much`,
    judge: (n, m) => `${n} by the judge ${m.judge} (in ${m.compared} comparisons, ${m.unread} of them unread: these count as unlike)` },
  not_told: 'how sure it was is not told: an API’s answers without logprobs = true, or stored before it was recorded (--eval-fresh asks again).',
  question_unread: (best, found) => `the best signal of the tokens, ${best}, has AUROC ${found}. Behind an API the question alone, one of the blind controls, is not read: whether a signal clears both is open.`,
  every_signal: 'Every signal', made_up_in: 'Made up in', signal: 'Signal', base_rate: 'Base rate',
  lead_over: (control) => `Lead over ${control}`, clears_both: 'Clears both', answer_yes: 'yes', answer_no: 'no',
  every_signal_note: 'Made-up answers of each group of questions against right ones about trained documents. The average precision of a signal that tells nothing is the base rate.',
  strata: { all: 'all', trained: 'trained documents', any: 'all questions', control: 'what training never stated', near_miss: 'near misses and unanswerable', carried_over: 'facts carried over' },
  calibration_title: 'Can stated confidence be believed? Before and after',
  calibration_note: 'Confidence: the probability of the stated value (geometric mean of its tokens). On the diagonal as many answers are right as their confidence says; below it the model is too sure. Dots are as large as the answers in a bin are many (n). Fine-tuning is known to spoil calibration, so the baseline stands first. Confidently wrong: of made-up answers, those that the model is surer of than of half of its right ones. ECE and Brier score: 0 is best.',
  calibration_axes: 'confidence → right ↑', confidence: 'Confidence', right_share: 'Right (%)',
  bin_said: (sure, right, n) => `confidence ${sure}, right ${right} %, n ${n}`,
  ece_lower: (ids, b) => `ECE is lower than ${b}’s: ${ids}.`, ece_higher: (ids, b) => `ECE is higher than ${b}’s, calibration was spoiled: ${ids}.`,
  ece_open: (ids, b) => `ECE is not told from ${b}’s, the intervals overlap: ${ids}.`,
  answered_title: 'What may be answered?',
  answered_note: 'Risk: the share of made-up answers among those that are given, where answers that a signal calls risky are withheld. Coverage: the share of questions that are answered; saying that one does not know is no answer. Solid line: the chosen signal over all answers. Dot: what the threshold came to on the other half, with both 95 % intervals.',
  may_answer: (risk, part, range, signal, real, within) => `at ${risk} % risk it may answer ${part} % ${range} of these questions (${signal}, threshold chosen on the other half); there the risk was ${real} % ${within}.`,
  withheld_too: (part, range) => ` Of the right answers ${part} % ${range} are withheld.`,
  may_answer_none: (risk, part, range, signal) => `at ${risk} % risk it may answer ${part} % ${range} of these questions (${signal}, threshold chosen on the other half).`,
  no_threshold: (risk, signal) => `no threshold of the best signal (${signal}) keeps the risk at ${risk} % on the half it is chosen on: it may answer none of these questions.`,
  risk_table: 'Risk (%) as a table', risk_axes: 'coverage (%) → risk (%) ↑', coverage: 'Coverage (%)', risk_share: 'Risk (%)', risk_line: (risk) => `${risk} % risk`,
});
Object.assign(TEXTS.en.findings, { contradicted: 'contradicted', holds: 'not contradicted', untested: 'not tested' });
Object.assign(TEXTS.ja, {
  made_up_title: '何を作り出すか、迷いから分かるか',
  made_up_lead: 'ハルシネーションと数えるのは、正解のある質問(学習した文書、紛らわしい質問、継続商品)への誤った値、学習データに書かれていないこと(未学習の事実、対照)への何らかの値、答えようのない質問への何らかの値です。「分からない」という回答は含みません。答えようのない質問では正しい回答であり、学習したことについては損失です。',
  made_up_shares: 'ハルシネーション(%)', abstained_shares: '「分からない」とした回答(%)',
  doubts_title: 'モデルの迷いから、ハルシネーションと正解を見分けられるか',
  doubts_note: '学習した文書についてのハルシネーションと正解を見分けるAUROCと95%区間です。0.5の破線は当て推量です。ブラインド対照は、迷いについて何も知らない値、つまり回答の長さと、質問だけの起こりにくさです。両方に対する差の区間が0より上にある信号には、色と「上回る」の語を付けます。',
  doubts_terms: 'NLL：回答のトークンの負の対数尤度(ナット)。「値のNLL」は、値を述べるトークンだけのものです。エントロピー：トークンを選ぶもとの分布のエントロピー。マージン：最も確率の高いトークンと2番目との差。',
  controls: 'ブラインド対照', clears: '上回る', made_up_of: (n, of) => `${of}件中${n}件がハルシネーション`,
  article_said: 'gemma-7bについての2024年の記事は、トークンの尤度を調べ、作り出した語を見分けられる傾向はないとしました。この実行での結果は次のとおりです。',
  against_article: (names, best, found) => `${names}が、二つのブラインド対照をどちらも上回ります。最良は${best}で、AUROC ${found}です。`,
  as_article: (best, found) => `二つのブラインド対照をどちらも上回るトークンの信号はありません。最良は${best}で、AUROC ${found}です。`,
  holds_for: (groups) => `反証されなかった質問：${groups}。`, contradicted_for: (groups) => `記事と異なる結果の質問：${groups}。`,
  too_alike: '正解の文書か、ハルシネーションの文書が5件未満です。',
  meanings_told: (n, ways) => `もとの回答と引き直した回答の計${n}件について、同じ意味かどうかの判定方法：${ways}。`,
  meaning_ways: { values: (n) => `述べた値による${n}件`, abstained: (n) => `「分からない」とした${n}件`,
    words: (n, m) => m.judge ? `同じ語句による${n}件` : `語句の一致だけによる${n}件(意味の数が多めに出ます)`,
    judge: (n, m) => `採点モデル${m.judge}による${n}件(比較${m.compared}回、うち判定を読み取れず別の意味としたもの${m.unread}回)` },
  not_told: 'トークンの確率の記録がありません。logprobs = trueのないAPIの回答か、記録を始める前に保存した回答です(--eval-freshで質問し直せます)。',
  question_unread: (best, found) => `トークンの信号のうち最良は${best}で、AUROC ${found}です。APIでは質問だけの起こりにくさ(ブラインド対照の一つ)を読めないため、両方を上回るかどうかは分かりません。`,
  every_signal: 'すべての信号', made_up_in: '対象の質問', signal: '信号', base_rate: '基準率',
  lead_over: (control) => `${control}との差`, clears_both: '両方を上回る', answer_yes: 'はい', answer_no: 'いいえ',
  every_signal_note: '各区分のハルシネーションを、学習した文書についての正解と見分けられるかを示します。何も示さない信号の平均適合率は、基準率に等しくなります。',
  strata: { all: 'すべて', trained: '学習した文書', any: 'すべての質問', control: '学習データにない事実', near_miss: '紛らわしい質問・答えようのない質問', carried_over: '継続商品' },
  calibration_title: '確信度は信じられるか(学習の前と後)',
  calibration_note: '確信度は、述べた値の確率(トークンの幾何平均)です。対角線の上では、確信度どおりの割合で正解します。下では自信過剰です。点の大きさは、その区間の回答の数(n)です。ファインチューニングは較正を損なうことが知られているため、基準を最初に示します。「自信のあるハルシネーション」は、ハルシネーションのうち、正解の半数よりも確信度の高いものの割合です。ECEとBrierスコアは0が最良です。',
  calibration_axes: '確信度 → 正解率 ↑', confidence: '確信度', right_share: '正解率(%)',
  bin_said: (sure, right, n) => `確信度${sure}、正解率${right}%、n ${n}`,
  ece_lower: (ids, b) => `ECEが${b}より低いもの：${ids}。`, ece_higher: (ids, b) => `ECEが${b}より高く、較正が損なわれたもの：${ids}。`,
  ece_open: (ids, b) => `区間が重なり、ECEが${b}と異なるとはいえないもの：${ids}。`,
  answered_title: 'どこまで回答させてよいか',
  answered_note: 'リスクは、示した回答のうちハルシネーションの割合です。信号が危ういとする回答は示しません。カバレッジは、回答を示す質問の割合で、「分からない」は回答に数えません。実線は、選んだ信号による全回答での値です。点は、別の半分の質問でのしきい値の結果で、両方向の95%区間が付いています。',
  may_answer: (risk, part, range, signal, real, within) => `リスク${risk}%では、質問の${part}%(${range})に回答できます(${signal}、しきい値は別の半分の質問で決定)。そのときのリスクは${real}%(${within})でした。`,
  withheld_too: (part, range) => `正解のうち${part}%(${range})は示しません。`,
  may_answer_none: (risk, part, range, signal) => `リスク${risk}%では、質問の${part}%(${range})に回答できます(${signal}、しきい値は別の半分の質問で決定)。`,
  no_threshold: (risk, signal) => `最良の信号(${signal})でも、しきい値を決める半分の質問でリスクを${risk}%に保てません。回答できる質問はありません。`,
  risk_table: 'リスク(%)を表で見る', risk_axes: 'カバレッジ(%) → リスク(%) ↑', coverage: 'カバレッジ(%)', risk_share: 'リスク(%)', risk_line: (risk) => `リスク${risk}%`,
});
Object.assign(TEXTS.ja.findings, { contradicted: '反証', holds: '反証されず', untested: '検証できず' });
Object.assign(WORDS, { contradicted: 'passed', holds: 'inconclusive' });

const SIGNALS = { mean_nll: { en: 'Mean NLL', ja: '平均NLL' }, slot_nll: { en: 'NLL of the value', ja: '値のNLL' },
  least: { en: 'Least likely token', ja: '最小トークン確率' }, entropy: { en: 'Entropy', ja: 'エントロピー' },
  margin: { en: 'Margin', ja: 'マージン' }, p_true: 'p(True)', semantic_entropy: { en: 'Semantic entropy', ja: '意味エントロピー' },
  inconsistency: { en: 'Inconsistency', ja: '回答の不一致' } };
const CONTROLS = { length: { en: 'Length', ja: '長さ' }, question_nll: { en: 'Question’s NLL', ja: '質問のNLL' } };
const OF_TOKENS = Object.keys(SIGNALS).slice(0, 5); // what the article's finding is about
const GROUPS = { trained: { en: 'trained documents', ja: '学習した文書' }, any: { en: 'all questions', ja: 'すべての質問' },
  carried_over: { en: 'carried over', ja: '継続商品' }, near_miss: { en: 'near misses', ja: '紛らわしい質問' },
  untrained: { en: 'untrained facts', ja: '未学習の事実' }, control: { en: 'control documents', ja: '対照' },
  unanswerable: { en: 'unanswerable', ja: '答えようのない質問' } };
Object.assign(MEASURES, { hallucinated: { en: 'Made up', ja: 'ハルシネーション' }, abstained: { en: 'Said not to know', ja: '「分からない」' },
  ap: { en: 'Average precision', ja: '平均適合率' } });
const signalName = (signal) => localised({ ...SIGNALS, ...CONTROLS }, signal);
const bothNames = (measure, names) => Object.fromEntries(Object.entries(names).map(([name, told]) => [`${measure}_${name}`,
  Object.fromEntries([['en', ' ('], ['ja', '(']].map(([to, open]) => [to, `${MEASURES[measure][to] || MEASURES[measure]}${open}${told[to] || told})`]))]));
Object.assign(METRICS, bothNames('hallucinated', GROUPS), bothNames('abstained', GROUPS),
  bothNames('auroc', { ...SIGNALS, ...CONTROLS }), bothNames('ap', { ...SIGNALS, ...CONTROLS }), {
    confidently_wrong: { en: 'Confidently wrong', ja: '自信のあるハルシネーション' }, ece: 'ECE', brier: { en: 'Brier score', ja: 'Brierスコア' },
    answered_at_5: { en: 'May be answered at 5 % risk', ja: 'リスク5%で回答できる割合' }, risk_at_5: { en: 'Risk there', ja: 'そのときのリスク' },
    withheld_at_5: { en: 'Right answers withheld there', ja: 'そのときに示さない正解' },
  });
Object.assign(WORDS_JA, { 'cluster bootstrap of gaps': 'ずれのクラスタブートストラップ', 'cluster bootstrap on the logit': 'ロジットのクラスタブートストラップ', t: 't', 'none answered: not estimable': '回答なしのため推定不能' });
TASKS.hallucination = { en: 'Hallucination', ja: 'ハルシネーション' };
const doubtsOf = (id, task) => own(own(REPORT.details, id) || {}, task);
const hallucinationTasks = () => resultTasks().filter((task) => /^hallucination(_|$)/.test(task)
  || DATA.checkpoints.some((id) => own(doubtsOf(id, task) || {}, 'detection')));
// The suite whose answers it looks at.
const lookedAt = (task) => (REPORT.results.find((r) => r.task === task && own(r.identity, 'of')) || { identity: { of: 'knowledge' } }).identity.of;
for (const task of hallucinationTasks()) {
  SOURCES[task] = sources(lookedAt(task));
  TOLD_ELSEWHERE.push(task);
  if (!task.startsWith('hallucination_')) continue; // hallucination_jsquad: by the name of the suite that is meant
  const of = task.slice('hallucination_'.length);
  const asked = own(TASKS, of) || worded(of);
  TASKS[task] = { en: `Hallucination (${asked.en || asked})`, ja: `ハルシネーション(${asked.ja || asked})` };
}

// What the doubts are held against: answers about what was trained; of a suite without forms all.
const comparable = (found) => (found.detection || {}).trained || (found.detection || {}).any || {};

const hallucinationSections = () => hallucinationTasks().map((task) => {
  const ids = DATA.checkpoints.filter((id) => REPORT.results.some((r) => r.task === task && r.checkpoint === id));
  const studied = ids.filter((id) => doubtsOf(id, task)).map((id) => [id, doubtsOf(id, task)]);
  return section(task, colon(taskName(task), T('made_up_title')), label(sources(task)), el('p', { class: 'lead' }, T('made_up_lead')),
    [['hallucinated', 'made_up_shares'], ['abstained', 'abstained_shares']].map(([measure, title]) => groupsPart(task, measure, T(title))),
    notes(gapLines([task])), answersLink(task), doubtsPart(task, studied), calibrationPart(task, studied), answeredPart(task, studied));
});

// The answers are another suite's: there they stand as they were given.
function answersLink(task) {
  const shown = [lookedAt(task), task].find((name) => askedTasks().includes(name));
  return shown ? el('p', null, el('a', { href: listHash({ task: shown, outcome: 'wrong' }) }, T('show'))) : null;
}

// One measure, a column for each group of questions.
function groupsPart(task, measure, title) {
  const measured = new Set(REPORT.results.filter((r) => r.task === task && r.metric.startsWith(`${measure}_`)).map((r) => r.metric));
  const usual = Object.keys(GROUPS).map((group) => `${measure}_${group}`).filter((m) => measured.has(m));
  const metrics = [...new Set([...usual, ...measured])];
  if (!metrics.length) return null;
  const [, ...rows] = byCheckpoint(task, metrics);
  const name = (metric) => localised(GROUPS, metric.slice(measure.length + 1), formName(metric.slice(measure.length + 1)));
  const columns = [{ name: T('checkpoint') }, ...metrics.map((m) => ({ name: sized(name(m), task, m), ...NUMBER }))];
  const shown = metrics.flatMap((m) => REPORT.results.filter((r) => r.task === task && r.metric === m));
  return [el('h3', null, title), table(colon(taskName(task), title), columns, ...rows), notes([...methods(shown), ...reasons(shown)])];
}

function doubtsPart(task, studied) {
  if (!studied.length) return null;
  const told = studied.map(([id, found]) => [id, comparable(found)]).filter(([, entries]) => Object.keys(entries).length);
  const { from, to, ticks, text } = aurocScale(told.flatMap(([, entries]) => Object.values(entries)));
  const scale = scaleOf(from, to, ticks.filter((at) => Math.round(at * 10) % 2), 0.5, text); // room for words beside them
  return el('div', { class: 'under' }, el('h3', null, T('doubts_title')), label(sources(task)), el('p', { class: 'quiet' }, T('doubts_note')),
    el('p', { class: 'quiet' }, T('doubts_terms')),
    el('p', null, T('article_said')), el('ul', { class: 'findings' }, studied.map(([id, found]) => articleFinding(id, found))),
    told.length ? el('div', { class: 'charts' }, told.map(([id, entries]) => doubtDots(id, entries, scale))) : null,
    told.map(([id]) => everySignal(id, doubtsOf(id, task))),
    notes(studied.filter(([, found]) => found.meanings).map(([id, found]) => colon(id, meaningsTold(found.meanings)))));
}

// What answers drawn anew were compared by, for semantic entropy and inconsistency.
function meaningsTold(meanings) {
  const ways = Object.entries(meanings.ways).filter(([, n]) => n);
  const n = ways.reduce((sum, [, of]) => sum + of, 0);
  return T('meanings_told', n, ways.map(([way, of]) => T('meaning_ways')[way](of, meanings)).join(T('comma')));
}

// Where the article's negative finding holds and where it doesn't: by the signals of tokens alone.
function articleFinding(id, found) {
  const entries = comparable(found);
  const names = OF_TOKENS.filter((name) => own(entries, name));
  const say = (word, ...text) => el('li', null, badge(word), el('span', null, colon(id, ''), text));
  if (!names.length) return say('untested', T(found.told ? 'too_alike' : 'not_told'));
  const best = names.reduce((first, name) => entries[name].auroc > entries[first].auroc ? name : first);
  const clearing = clearingIn(entries);
  if (!clearing.length && names.some((name) => entries[name].clears === null)) {
    return say('untested', T('question_unread', signalName(best), aurocText(entries[best])));
  }
  return clearing.length ? say('contradicted', T('against_article', clearing.map(signalName).join(T('comma')), signalName(best), aurocText(entries[best])), otherwise(found, true))
    : say('holds', T('as_article', signalName(best), aurocText(entries[best])), otherwise(found, false));
}

const clearingIn = (entries) => OF_TOKENS.filter((name) => own(entries, name) && entries[name].clears);

// Other groups of questions, of which the opposite was found.
function otherwise({ detection }, contradicted) {
  const groups = Object.entries(detection).filter(([stratum, entries]) => !['all', 'trained', 'any'].includes(stratum)
    && OF_TOKENS.some((name) => own(entries, name)) && contradicted !== clearingIn(entries).length > 0)
    .map(([stratum]) => own(T('strata'), stratum) || formName(stratum));
  return groups.length ? T(contradicted ? 'holds_for' : 'contradicted_for', groups.join(T('comma'))) : '';
}

const madeUpOf = ({ base_rate: rate, n }) => T('made_up_of', Math.round(rate * n), n);
const captioned = (id, ...more) => el('figcaption', null, el('strong', null, named(id)),
  id === BASELINE ? [' ', el('span', { class: 'tag' }, T('baseline'))] : null, el('div', { class: 'quiet' }, more));

function doubtDots(id, entries, scale) {
  const rows = (names, dot) => Object.keys(names).filter((name) => own(entries, name)).map((name) => {
    const e = entries[name];
    const word = e.clears ? [el('span', { class: 'verdict passed' }, T('clears')), ' '] : null; // before the figures, which stay in line
    return chartRow({ name: signalName(name), value: e.auroc, low: e.low, high: e.high, text: [word, told(e.auroc, THREE)],
      said: `AUROC ${aurocText(e)}${e.clears ? T('comma') + T('clears') : ''}` }, scale,
    { over: svg('circle', { class: dot(e), cx: scale.x(e.auroc), cy: 14, r: 5 }) });
  });
  return el('figure', { class: 'chart' }, captioned(id, madeUpOf(Object.values(entries)[0])),
    el('div', { class: 'bars' }, rows(SIGNALS, (e) => e.clears ? 'dot' : 'dot unsure'),
      el('span', { class: 'apart' }, T('controls')), rows(CONTROLS, () => 'dot hollow'), axis(scale)));
}

// In all groups of questions: the figures of the drawing, and those that are not drawn.
function everySignal(id, { detection }) {
  const columns = [{ name: T('made_up_in'), class: 'text' }, { name: T('signal') }, ...['AUROC', localised(MEASURES, 'ap'), T('base_rate'),
    ...Object.keys(CONTROLS).map((c) => T('lead_over', signalName(c)))].map((name) => ({ name, ...NUMBER })), { name: T('clears_both') }, { name: T('n'), ...NUMBER }];
  const rows = Object.entries(detection).flatMap(([stratum, entries]) => [...Object.keys(SIGNALS), ...Object.keys(CONTROLS)]
    .filter((name) => own(entries, name)).map((name) => {
      const e = entries[name];
      const leads = Object.keys(CONTROLS).map((control) => own(e.leads || {}, control)).map((lead) => lead ? stack(lead.value, lead, SIGNED_THREE) : NONE);
      return [own(T('strata'), stratum) || formName(stratum), signalName(name), stack(e.auroc, e, THREE), stack(e.ap, { low: e.ap_low, high: e.ap_high }, THREE),
        told(e.base_rate, THREE), ...leads, typeof e.clears === 'boolean' ? T(e.clears ? 'answer_yes' : 'answer_no') : NONE, e.n];
    }));
  const title = colon(T('every_signal'), id);
  return el('details', null, el('summary', null, T('every_signal'), T('comma'), named(id)), table(title, columns, rows), notes([T('every_signal_note')]));
}

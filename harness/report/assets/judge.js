// What a judging model said: the table with its warnings, and its word beside each answer.
Object.assign(TEXTS.en, {
  judge_title: 'Answers in words, and a model that judges them', judge_questions: 'Questions', judge_answers: 'Answers',
  judge_unsure: 'Rule unsure', judge_asked: 'Judged', judge_decided: 'Decided', judge_counted: 'Counts',
  judge_repeats: 'Repeats agree', judge_sure: 'As the rule', judge_of: (n, all) => `${n} of ${all}`,
  judge_note: 'Rule unsure: the reference is a sentence, and the answer says it in other words; or there is none. Counts: the judge’s verdict stands in the rule’s place, for it is calibrated on such answers. As the rule: second opinions on answers of which the rule is sure, which never count.',
  judge_none: 'Rule unsure: the reference is a sentence, and the answer says it in other words. No rule can tell such an answer; it counts as the rule guesses, nearly always as wrong, and among everyday questions not at all. Grade it by eye, or name a judge with [judge] in the matrix.',
  judge_who: (j) => `Judge: ${j.model}, asked ${j.repeats === 1 ? 'once' : `${j.repeats} times`} of ${j.when === 'always' ? 'every written answer' : 'answers the rule is unsure of'} at temperature ${j.temperature}, rubric ${j.rubric}, ${j.calibration ? `calibration ${j.calibration}` : 'not calibrated'}.`,
  judge_same: (name, ids) => `Warning: ${name} judges answers of ${ids.join(', ')}, which stand on the same model: a model favours what it would have said itself (arXiv 2404.13076).`,
  judge_cut: (name, n, all) => `Warning: ${name} was cut off before it gave a verdict on ${n} of ${all} answers. A model that thinks first uses up the tokens for it: let it with omit = ["max_tokens"] in [models.${name}.api], or turn thinking off with extra_body.`,
  judge_unanswered: (name, n, all) => `Warning: ${name} gave no answer on ${n} of ${all} answers: it refused, or its server would not take the question.`,
  judge_unread: (name) => `Warning: of no answer could ${name}’s verdict be read, so none counts.`,
  judge_uncalibrated: (name) => `Warning: ${name} was never held against people, so none of its verdicts counts.`,
  judge_untrusted: (j, n) => `Warning: ${j.model} is not calibrated for ${n} of these answers, so its verdicts on them don’t count (it takes n ≥ ${j.floor}, and the lower end of κ ≥ ${j.least_kappa}).`,
  judge_strangers: (names) => `Warning: ${names.join(', ')} answered, of which the calibration knows nothing; those verdicts don’t count.`,
  judge_silent: (undecided, silent) => `Not decided: ${undecided} answers; no verdict could be read of ${silent}.`,
  judge_apart: (n) => `The ${n} answers on which the judge and a rule that is sure differ`,
  judge_said: (name, verdict, counts) => `${name}: ${verdict} (${counts ? 'counts' : 'does not count'})`,
  judge_votes: (votes) => votes.map(([v, n]) => `${n} × ${v}`).join(', '), rule_unsure: 'the rule is unsure',
  judge_verdicts: { correct: 'correct', wrong: 'wrong', unsure: 'undecided', none: 'no verdict' },
});
Object.assign(TEXTS.ja, {
  judge_title: '文章による回答と、モデルによる採点', judge_questions: '質問', judge_answers: '回答',
  judge_unsure: 'ルール判定不能', judge_asked: 'モデルが採点', judge_decided: '判定あり', judge_counted: '集計に反映',
  judge_repeats: '反復の一致', judge_sure: 'ルールと一致', judge_of: (n, all) => `${all}件中${n}件`,
  judge_note: '「ルール判定不能」は、正解が文章で回答が別の言い回しのものと、正解のない質問への回答です。「集計に反映」は、人の採点との一致が確かめられているため、モデルの採点をルールに代えて数えたものです。「ルールと一致」は、ルールで判定できる回答への参考意見で、集計には使いません。',
  judge_none: '「ルール判定不能」は、正解が文章で、回答が別の言い回しのものです。ルールでは判定できず、ほとんどが不正解として数えられます(日常の質問では集計から除きます)。目で採点するか、マトリックスの[judge]で採点モデルを指定してください。',
  judge_who: (j) => `採点モデル：${j.model}。${j.when === 'always' ? 'すべての回答' : 'ルールで判定できない回答'}を${j.repeats}回ずつ採点(温度${j.temperature}、採点基準${j.rubric}、${j.calibration ? `較正${j.calibration}` : '較正なし'})。`,
  judge_same: (name, ids) => `警告：${name}は、同じモデルに基づく${ids.join('、')}の回答を採点しています。モデルは自分の言いそうな回答を好みます(arXiv 2404.13076)。`,
  judge_cut: (name, n, all) => `警告：${name}の採点${all}件のうち${n}件は、判定を書く前に打ち切られました。先に考えるモデルは、そのためのトークンを使い切ります。[models.${name}.api]にomit = ["max_tokens"]と書いて考えさせるか、extra_bodyで思考を止めてください。`,
  judge_unanswered: (name, n, all) => `警告：${name}の採点${all}件のうち${n}件には、モデルの拒否かサーバーの不受理のため、返答がありません。`,
  judge_unread: (name) => `警告：${name}の採点は一件も読み取れなかったため、集計には使いません。`,
  judge_uncalibrated: (name) => `警告：${name}の採点は人の採点と比べられていないため、集計には使いません。`,
  judge_untrusted: (j, n) => `警告：${n}件については${j.model}と人との一致が確かめられていないため、採点を集計に使いません(条件：${j.floor}件以上、κの下限が${j.least_kappa}以上)。`,
  judge_strangers: (names) => `警告：較正にない${names.join('、')}が採点したため、その採点は集計に使いません。`,
  judge_silent: (undecided, silent) => `判定なし${undecided}件、読み取れない採点${silent}件。`,
  judge_apart: (n) => `モデルと、判定できるルールとが異なる回答${n}件`,
  judge_said: (name, verdict, counts) => `${name}：${verdict}(${counts ? '集計に反映' : '参考'})`,
  judge_votes: (votes) => votes.map(([v, n]) => `${v}${n}回`).join('、'), rule_unsure: 'ルールでは判定不能',
  judge_verdicts: { correct: '正解', wrong: '不正解', unsure: '判定なし', none: '読み取れず' },
});
const JUDGED = REPORT.judge || { judge: {}, forms: [], apart: [], untrusted: [], strangers: [] };
const opinionOf = (question, id) => [question.task, id, question.id]
  .reduce((found, name) => found && own(found, name), DATA.judged || {});
const judgeSaid = (verdict) => own(T('judge_verdicts'), verdict) || verdict;
const judgeDiffers = (answer, i, question) => {
  const [verdict, , unsure] = opinionOf(question, DATA.checkpoints[i]) || [];
  return !unsure && ['correct', 'wrong'].includes(verdict) && (verdict === 'correct') !== (ruleOf(answer) === 'correct');
};
// Filters of the samples' list, where there is something for them.
if (JUDGED.forms.length) {
  HUMANS.rule_unsure = (answer, i, question) => (opinionOf(question, DATA.checkpoints[i]) || [])[2];
  Object.assign(TEXTS.en.humans, { rule_unsure: 'the rule is unsure', judge_differs: 'the judge disagrees with the rule' });
  Object.assign(TEXTS.ja.humans, { rule_unsure: 'ルールで判定不能', judge_differs: '採点モデルとルールが不一致' });
}
if (JUDGED.apart.length) HUMANS.judge_differs = judgeDiffers;

function judgeSection() {
  const { judge, forms } = JUDGED;
  const sum = (name) => forms.reduce((total, form) => total + form[name], 0);
  if (!judge.model && !forms.length) return null;
  const figures = judge.model ? ['unsure', 'asked', 'decided', 'counted', 'repeats', 'sure'] : ['unsure'];
  const columns = [{ name: T('checkpoint') }, { name: T('judge_questions'), class: 'text' }, { name: T('judge_answers'), ...NUMBER },
    ...figures.map((name) => ({ name: name === 'repeats' ? withUnit(T('judge_repeats'), '%') : T(`judge_${name}`), ...NUMBER }))];
  const cell = { repeats: (f) => known(f.agreement) ? share(f.agreement) : NONE, sure: (f) => f.sure ? T('judge_of', f.alike, f.sure) : NONE };
  const rows = forms.map((f) => [named(f.checkpoint), questionsAsked(f), f.n,
    ...figures.map((name) => own(cell, name) ? cell[name](f) : f[name])]);
  const undecided = sum('undecided') + sum('silent') ? [T('judge_silent', sum('undecided'), sum('silent'))] : [];
  return section('judge', T('judge_title'), label([...new Set(forms.map((f) => f.suite))]),
    notes(judgeWarnings()), el('p', { class: 'quiet' }, T(judge.model ? 'judge_note' : 'judge_none')),
    rows.length ? table(T('judge_title'), columns, rows) : null,
    judge.model ? notes([T('judge_who', judge), ...undecided]) : null, judgeApart());
}

function judgeWarnings() {
  const { judge, forms, untrusted, strangers } = JUDGED;
  if (!judge.model) return [];
  const [asked, silent, cut, unanswered] = ['asked', 'silent', 'cut', 'unanswered']
    .map((name) => forms.reduce((total, form) => total + form[name], 0));
  const uncounted = untrusted.reduce((total, [, n]) => total + n, 0);
  return [
    judge.same_as && judge.same_as.length ? T('judge_same', judge.model, judge.same_as) : null,
    cut ? T('judge_cut', judge.model, cut, asked) : null,
    unanswered ? T('judge_unanswered', judge.model, unanswered, asked) : null,
    asked && silent === asked ? T('judge_unread', judge.model)
      : !judge.calibration ? T('judge_uncalibrated', judge.model)
      : uncounted ? T('judge_untrusted', judge, uncounted) : null,
    strangers.length ? T('judge_strangers', strangers) : null].filter(Boolean);
}

function judgeApart() {
  if (!JUDGED.apart.length) return null;
  return el('details', null, el('summary', null, T('judge_apart', JUDGED.apart_in_all)),
    itemLinks(JUDGED.apart.map((a) => [a.suite, a.item, `${a.checkpoint}${T('comma')}${outcomeName(a.rule)} → ${judgeSaid(a.judge)}`])));
}

// What the judge said of one answer; null where it was not asked and the rule is sure.
function judgePart(question, id) {
  const found = opinionOf(question, id);
  if (!found) return null;
  const [verdict, counts, unsure, votes, reason] = found;
  const times = votes.reduce((total, [, n]) => total + n, 0);
  return el('p', { class: 'quiet judge' }, dotted([unsure ? T('rule_unsure') : '',
    verdict ? T('judge_said', JUDGED.judge.model, judgeSaid(verdict), counts) : '',
    times > 1 ? T('judge_votes', votes.map(([said, n]) => [judgeSaid(said), n])) : '', reason ? el('bdi', null, reason) : '']));
}

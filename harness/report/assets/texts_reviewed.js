// The words for what people's grades say.
const REVIEW_TEXTS = {
  en: {
    title: 'Graded by people', questions: 'Questions', by_rule: 'By rule', counted: 'Counted',
    corrected: 'Corrected', graded: 'Graded', strict: 'Rule too strict', lenient: 'Rule too lenient',
    note: 'By rule: all answers as the rule graded them. Counted: people’s verdicts over the rule’s. Corrected: for the errors that people found in the rule’s grades, estimated from the answers that the sampling offered. Too strict: right by people, wrong by the rule. 95 % intervals.',
    of: (n, all) => `${n} of ${all}`,
    without: (skipped, disputed) => `Without a verdict: ${skipped} skipped, ${disputed} on which people can’t agree (the rule’s grade stands).`,
    each: ' (each)',
    rubrics: (n) => `${n} grades were given by another version of the rubric than today’s.`,
    again: 'To grade again, for the answer changed: ', changed: (suite, n) => `${suite} (${n})`,
    again_queue: '. The queue of a checkpoint offers what its corrected figure lacks.',
    differences: 'Two checkpoints as people grade (points)', graded_or_equal: 'Graded or equal',
    rule: 'The rule against people', kind: 'Kind of fact', agree: 'Agree',
    apart: (n) => `The ${n} answers on which people and the rule differ`,
    beside: 'People beside each other', people: 'People', both: 'Answers of both', kappa: 'Cohen’s kappa',
    differ: (a, b, n) => `${a} and ${b} differ on ${n}`, right: 'right', wrong: 'wrong',
  },
  ja: {
    title: '採点者による採点', questions: '質問', by_rule: 'ルール', counted: '採点を反映',
    corrected: '補正後', graded: '採点済み', strict: 'ルールが厳しすぎ', lenient: 'ルールが甘すぎ',
    note: '「ルール」は全回答のルールによる採点結果、「採点を反映」は採点者の採点をルールの採点結果に優先させた値、「補正後」は採点者が見つけたルールの誤りを、無作為に出された回答から推定して補正した値です。「厳しすぎ」は採点者が正解、ルールが不正解とした回答の数です。95%区間。',
    of: (n, all) => `${all}件中${n}件`,
    without: (skipped, disputed) => `採点が決まらない回答：保留${skipped}件、意見が割れたもの${disputed}件(ルールの採点結果を使います)。`,
    each: '(それぞれ)',
    rubrics: (n) => `${n}件は、今とは別の版の採点基準による採点です。`,
    again: '回答が変わったため採点し直すもの：', changed: (suite, n) => `${suite}(${n}件)`,
    again_queue: '。補正後の値に足りない採点は、そのチェックポイントの採点画面で順に出されます。',
    differences: '採点者の採点による二つのチェックポイントの差(ポイント)', graded_or_equal: '採点済みまたは同一',
    rule: 'ルールと採点者の比較', kind: '事実の種類', agree: '一致',
    apart: (n) => `採点者とルールが異なる回答${n}件`,
    beside: '採点者どうしの比較', people: '採点者', both: '共通の回答', kappa: 'コーエンのκ',
    differ: (a, b, n) => `${a}と${b}で異なる${n}件`, right: '正解', wrong: '不正解',
  },
};
const R = (name, ...values) => {
  const text = REVIEW_TEXTS[language][name];
  return typeof text === 'function' ? text(...values) : text;
};

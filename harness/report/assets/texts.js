// What the interface says, in two languages. Names of metrics stay the field's own.
const TEXTS = {
  en: {
    report: 'Evaluation report', overview: 'Overview', samples: 'Samples', run: 'Run',
    other_language: '日本語', partial: 'partial run', complete: 'complete', data: 'Data',
    unlabelled: 'no label', first: (n) => `at most ${n} samples`, baseline: 'baseline',
    accuracy_title: 'What it learnt', relative_title: 'What it kept',
    accuracy_caption: 'Accuracy on the fine-tuning questions', acquired_points: 'Acquired (points)',
    relative_caption: 'Scores relative to the baseline, and the two they are made of',
    checkpoint: 'Checkpoint', dataset: 'Dataset', epochs: 'Epochs', model: 'Model',
    accuracy: 'Accuracy (%)', interval: '95 % interval', n: 'n', relative: 'Relative score',
    forms_title: 'Other forms of question: accuracy (%)',
    bleed_note: 'Bleed: near misses that were answered with the value of the trained neighbour; the lower the better.',
    from_to: (low, high) => `${low} to ${high}`, percent: (value) => `${value} %`, points: 'points',
    gates: 'Gates', gate: 'Gate', difference: 'Difference (points)', margin: 'Margin (points)',
    worse_better: 'Worse / better', against: (a) => `against ${a}`,
    those_passed: (n) => `The ${n} that passed`,
    gate_note: '95 % intervals: paired by sample, clustered t. Worse and better count samples.',
    acquisition_title: 'What it acquired',
    acquisition_caption: 'Difference in differences (points)',
    acquisition_note: (b) => `Points gained over ${b} on questions about trained documents, less the points gained on control documents, which no training text holds: what rises on both is not knowledge. Forms of question that are taken together count alike, however many questions each has, but for one of only a few.`,
    twins_title: 'Twin worlds', world: (w) => `World ${w}`,
    other_world: (b, a) => `${b} learnt other values than ${a}: here its own world’s answers count as wrong.`,
    twins_note: 'Two checkpoints learnt the same questions with unlike values. A fact counts as acquired where each answers its own world’s value, as crossed over where each answers the other’s; the excess is what chance, leaks and lenient grading can’t explain.',
    before_title: 'Results by what the base knew before',
    before_note: 'Each fact is asked of the base in several wordings, greedily and by sampling: highly known is always right, maybe known sometimes, weakly known only by sampling, unknown never.',
    before_shares: 'How many facts the base knew (%)', before_accuracy: 'Accuracy on the trained questions (%)',
    outcomes_title: 'What became of the answers',
    outcomes_note: 'Per cent of the answers; the number below leads to the samples.',
    jsquad_f1: 'JSQuAD F1 (%)', marc_accuracy: 'MARC-ja accuracy (%)',
    intervals: (m, level) => `${level} % intervals: ${m}.`, charts: 'At a glance',
    chart_note: 'Bars are values, whiskers 95 % intervals.',
    relative_to: (b) => `The line at 1 is the baseline, ${b}.`,
    all: 'All results', confusion: 'MARC-ja: what was answered', gold_label: 'Gold',
    answered: 'Answered', other: 'other', gaps: 'Not measured', none_missing: 'Nothing is missing.',
    task: 'Suite', status: 'Status', reason: 'Reason', verdict: 'Verdict',
    items: 'Items', seconds: 'Seconds', asked: 'Asked', stored: 'From store', models: 'Models',
    released: 'Released', weights: 'Weights', engine: 'Engine', precision: 'Precision',
    note: 'Note', adapter: 'Adapter', fingerprint: 'Fingerprint', label: 'Label',
    licence: 'Licence', path: 'Path', checkpoints: 'Checkpoints', environment: 'Environment',
    command: 'Command', matrix: 'Matrix', started: 'Started', finished: 'Finished',
    search: 'Search', search_hint: 'prompt, answer, gold or id', any: 'any', outcome: 'Outcome',
    stratum: 'Stratum', lost: 'right in baseline, wrong here', gained: 'wrong in baseline, right here',
    found: (n, of) => `${n} of ${of} samples`, page: (p, of) => `Page ${p} of ${of}`,
    previous: 'Previous', next: 'Next', no_samples: 'No sample matches.', id: 'Id',
    prompt: 'Prompt', gold: 'Gold', answer: 'Answer', answers: 'Answers', back: 'Back to the list',
    no_answer: 'no answer', empty: 'empty answer', unknown: 'There is no such sample in this report.',
    samples_elsewhere: 'The samples of these suites lie in pages of their own, in the folder report_samples beside this file.',
    pages_of: 'Pages', all_questions: 'All questions', with_answers: 'All answers, in pages:',
    this_page: (n) => `Page ${n}`, page_before: (n) => `Page ${n}, before`, page_after: (n) => `Page ${n}, next`,
    questions_of: 'Questions',
    keys: 'Keys: j and k for the next and the previous sample, Esc for the list, / for the search.',
    judged_by: (a) => `judged by ${a}`, show: 'Show samples', file: 'Figures for programs: report.json',
    forms: { seen: 'seen', paraphrase: 'paraphrase', held_out: 'held out', untrained: 'untrained', reversed: 'reversed', near_miss: 'near miss', control: 'control', carried_over: 'carried over', greedy: 'greedy', sampled: 'sampled' },
    outcomes: { correct: 'correct', wrong: 'wrong', contradictory: 'contradictory', abstained: 'abstained', partial: 'partial', ungraded: 'ungraded' },
    verdicts: { passed: 'passed', regressed: 'regressed', inconclusive: 'inconclusive', incomparable: 'not comparable', measured: 'measured' },
    statuses: { 'not run': 'not run', skipped: 'skipped', error: 'error', crashed: 'crashed', 'no result': 'no result' },
    figure: 'Figure', units: { '%': '%', points: 'points', characters: 'characters' },
  },
  ja: {
    report: '評価レポート', overview: '概要', samples: 'サンプル', run: '実行',
    other_language: 'English', partial: '途中までの実行', complete: '完了', data: 'データ',
    unlabelled: 'ラベルなし', first: (n) => `最大${n}件`, baseline: '基準',
    accuracy_title: '何を習得したか', relative_title: '何を維持したか',
    accuracy_caption: '学習に使った質問での正解率', acquired_points: '習得分(ポイント)',
    relative_caption: '基準に対する相対スコアと、その元になる二つの値',
    checkpoint: 'チェックポイント', dataset: 'データセット', epochs: 'エポック', model: 'モデル',
    accuracy: '正解率(%)', interval: '95%区間', n: 'n', relative: '相対スコア',
    forms_title: '質問の形式別の正解率(%)',
    bleed_note: '混同：紛らわしい質問に、学習した類似商品の値で答えた割合。低いほど良い。',
    from_to: (low, high) => `${low}～${high}`, percent: (value) => `${value}%`, points: 'ポイント',
    gates: 'ゲート', gate: 'ゲート', difference: '差(ポイント)', margin: '許容幅(ポイント)',
    worse_better: '悪化/改善', against: (a) => `比較先：${a}`,
    those_passed: (n) => `合格した${n}件`,
    gate_note: '95%区間：サンプルごとの対応あり、クラスタt。悪化と改善はサンプルの数です。',
    acquisition_title: '新しく習得した分',
    acquisition_caption: '差の差(ポイント)',
    acquisition_note: (b) => `学習した文書についての質問での${b}からの伸びから、どの学習データにもない対照文書についての質問での伸びを引いた値です。両方で伸びた分は知識とはいえません。複数の形式をまとめるときは、質問の数によらず同じ重みで数えます(質問がごく少ない形式を除く)。`,
    twins_title: '双子の世界', world: (w) => `世界${w}`,
    other_world: (b, a) => `${b}は${a}とは別の値を学習しました。ここでは自分の世界の答えは不正解になります。`,
    twins_note: '二つのチェックポイントが、同じ質問を別の値で学習しました。それぞれが自分の世界の値を答えた事実を「習得」、互いに相手の世界の値を答えた事実を「取り違え」と数えます。超過は、偶然や漏れ、甘い採点では説明できない分です。',
    before_title: '元のモデルの既知度別の結果',
    before_note: '元のモデルに、各事実を複数の問い方で、貪欲法とサンプリングで質問します。常に正解なら「よく知っている」、時々正解なら「知っていることがある」、サンプリングでだけなら「かすかに知っている」、一度もなければ「知らない」です。',
    before_shares: '元のモデルが知っていた事実の割合(%)', before_accuracy: '学習した質問での正解率(%)',
    outcomes_title: '回答の内訳',
    outcomes_note: '回答に占める割合(%)。下の件数からサンプルを開けます。',
    jsquad_f1: 'JSQuAD F1(%)', marc_accuracy: 'MARC-ja正解率(%)',
    intervals: (m, level) => `${level}%区間：${m}。`, charts: 'グラフ',
    chart_note: '棒は値、ひげは95%区間です。',
    relative_to: (b) => `1の線が基準の${b}です。`,
    all: 'すべての結果', confusion: 'MARC-ja：回答の内訳', gold_label: '正解',
    answered: '回答', other: 'その他', gaps: '測っていないもの', none_missing: 'すべて測りました。',
    task: '評価項目', status: '状態', reason: '理由', verdict: '判定',
    items: '実行した評価項目', seconds: '秒', asked: '新たに質問', stored: '保存済みの回答', models: 'モデル',
    released: '公開日', weights: '重み', engine: 'エンジン', precision: '数値精度',
    note: '備考', adapter: 'アダプタ', fingerprint: 'フィンガープリント', label: 'ラベル',
    licence: 'ライセンス', path: 'パス', checkpoints: 'チェックポイント', environment: '環境',
    command: 'コマンド', matrix: 'マトリクス', started: '開始', finished: '終了',
    search: '検索', search_hint: '質問・回答・正解・ID', any: 'すべて', outcome: '採点結果',
    stratum: '区分', lost: '基準は正解、こちらは不正解', gained: '基準は不正解、こちらは正解',
    found: (n, of) => `${of}件中${n}件`, page: (p, of) => `${p} / ${of}ページ`,
    previous: '前へ', next: '次へ', no_samples: '当てはまるサンプルはありません。', id: 'ID',
    prompt: '質問', gold: '正解', answer: '回答', answers: '回答', back: '一覧に戻る',
    no_answer: '回答なし', empty: '空の回答', unknown: 'このレポートにそのサンプルはありません。',
    samples_elsewhere: '次の評価項目のサンプルは、このファイルの隣のフォルダreport_samplesにある別のページに分かれています。',
    pages_of: 'ページ', all_questions: '質問一覧', with_answers: '全回答（ページごと）：',
    this_page: (n) => `${n}ページ`, page_before: (n) => `前（${n}ページ）`, page_after: (n) => `次（${n}ページ）`,
    questions_of: '質問数',
    keys: 'キー操作：j・kで次・前のサンプル、Escで一覧、/で検索。',
    judged_by: (a) => `採点：${a}`, show: 'サンプルを見る', file: 'プログラム用の数値：report.json',
    forms: { seen: '学習した質問', paraphrase: '言い換え', held_out: '別の形式の質問', untrained: '未学習の事実', reversed: '逆向き', near_miss: '紛らわしい質問', control: '対照', carried_over: '継続商品', greedy: '貪欲法', sampled: 'サンプリング' },
    outcomes: { correct: '正解', wrong: '不正解', contradictory: '矛盾', abstained: '回答を控えた', partial: '部分正解', ungraded: '未採点' },
    verdicts: { passed: '合格', regressed: '悪化', inconclusive: '判定できない', incomparable: '比較できない', measured: '測定のみ' },
    statuses: { measured: '測定済み', passed: '合格', failed: '不合格', 'not run': '未実行', skipped: 'スキップ', error: 'エラー', crashed: '異常終了', 'no result': '結果なし' },
    figure: '値', units: { '%': '%', points: 'ポイント', characters: '文字' },
  },
};

const TASKS = {
  knowledge: { en: 'Knowledge', ja: '知識' }, known: { en: 'Known before', ja: '既知度' },
  jsquad: 'JSQuAD', marc_ja: 'MARC-ja', relative: { en: 'Relative', ja: '相対' },
  acquisition: { en: 'Acquisition', ja: '習得' }, twins: { en: 'Twin worlds', ja: '双子の世界' },
  known_before: { en: 'Accuracy by what was known before', ja: '既知度別の正解率' },
  dates: { en: 'Dates', ja: '日付' }, membership: { en: 'Membership', ja: '学習データの判別' },
  ranks: { en: 'Ranks of true values', ja: '真の値の順位' },
  trained: { en: 'Trained against held-out', ja: '学習した質問の判別' },
  verbatim: { en: 'Verbatim continuation', ja: '逐語的な再現' },
};
const categoriesOf = (prefix) => ({
  [`${prefix}_highly_known`]: { en: 'Highly known', ja: 'よく知っている' },
  [`${prefix}_maybe_known`]: { en: 'Maybe known', ja: '知っていることがある' },
  [`${prefix}_weakly_known`]: { en: 'Weakly known', ja: 'かすかに知っている' },
  [`${prefix}_unknown`]: { en: 'Unknown', ja: '知らない' },
});
const METRICS = {
  accuracy_seen: { en: 'Accuracy', ja: '正解率' },
  accuracy_paraphrase: { en: 'Paraphrase', ja: '言い換え' },
  accuracy_reversed: { en: 'Reversed', ja: '逆向き' },
  accuracy_control: { en: 'Control', ja: '対照' },
  accuracy_carried_over: { en: 'Carried over', ja: '継続商品' },
  accuracy_held_out: { en: 'Held out', ja: '別の形式の質問' },
  accuracy_untrained: { en: 'Untrained facts', ja: '未学習の事実' },
  accuracy_near_miss: { en: 'Near miss', ja: '紛らわしい質問' },
  bleed_near_miss: { en: 'Bleed', ja: '混同' },
  'acquisition/acquisition': { en: 'New wording', ja: '新しい問い方' },
  acquisition_seen: { en: 'Seen wording', ja: '学習した問い方' },
  acquisition_untrained: { en: 'Untrained facts', ja: '未学習の事実' },
  acquired: { en: 'Acquired', ja: '習得' }, crossed: { en: 'Crossed over', ja: '取り違え' },
  excess: { en: 'Excess', ja: '超過' },
  ...categoriesOf('known_before/accuracy'), ...categoriesOf('known/share'),
  'jsquad/f1': { en: 'F1 (JGLUE)', ja: 'F1(JGLUE)' }, 'jsquad/exact_match': { en: 'Exact match (JGLUE)', ja: '完全一致(JGLUE)' },
  'jsquad/exact_match_lm_eval': { en: 'Exact match (lm-evaluation-harness)', ja: '完全一致(lm-evaluation-harness)' },
  'jsquad/char_f1_llm_jp_eval': { en: 'Character F1 (llm-jp-eval)', ja: '文字F1(llm-jp-eval)' },
  'marc_ja/accuracy': { en: 'Accuracy', ja: '正解率' },
  balanced_accuracy: { en: 'Balanced accuracy', ja: 'バランス正解率' }, macro_f1: { en: 'Macro F1', ja: 'マクロF1' },
  relative_score: { en: 'Relative score', ja: '相対スコア' },
  relative_jsquad_f1: { en: 'of JSQuAD F1', ja: 'JSQuAD F1の比' },
  relative_marc_ja_accuracy: { en: 'of MARC-ja accuracy', ja: 'MARC-ja正解率の比' },
  share_after_release: { en: 'After the release', ja: '公開日より後' },
  share_with_evidence: { en: 'With evidence', ja: '根拠あり' },
};

let language = /^ja\b/i.test(navigator.language || '') ? 'ja' : 'en';
try { language = localStorage.getItem('michi-language') || language; } catch { /* private mode */ }
if (!TEXTS[language]) language = 'en';

function T(name, ...values) {
  const text = TEXTS[language][name];
  return typeof text === 'function' ? text(...values) : text;
}
// Own properties only: a task that is called "constructor" is shown as it is called.
const own = (object, name) => Object.hasOwn(object, name) ? object[name] : undefined;
const localised = (names, name, shown = name) => {
  const found = own(names, name);
  return typeof found === 'object' ? found[language] : found || shown;
};
const taskName = (task) => localised(TASKS, task);
// Metrics of lm-eval go by the names that its files and gates have for them.
const metricName = (task, metric) => FOREIGN.has(task) ? metric
  : localised(METRICS, `${task}/${metric}`, null) || localised(METRICS, metric, null) || composedName(task, metric);
const worded = (name) => name.replaceAll('_', ' ');

const outcomeName = (outcome) => own(T('outcomes'), outcome) || outcome;
const formName = (form) => own(T('forms'), form) || form;
const verdictName = (verdict) => own(T('verdicts'), verdict) || verdict;
const statusName = (status) => own(T('statuses'), status) || status;

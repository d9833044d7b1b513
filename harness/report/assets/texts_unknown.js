// What the interface says about what was unknown before; see texts.js.
// Questions need not name a data set.
const inBrackets = (name, before = language === 'ja' ? '' : ' ') => name ? `${before}(${name})` : '';

Object.assign(TEXTS.en, {
  unknown_title: 'Was it unknown before?',
  unknown_lead: 'The release date says what a model can’t have read. Likelihoods say what it seems to have read, but only in a language where they were shown to tell members from others better than a classifier that never sees the model.',
  terms: 'AUROC: area under the receiver operating characteristic (ROC) curve, the chance that a member (a text that was trained on) scores above a non-member; 0.5 is guessing. FPR and TPR: false-positive and true-positive rate, the shares of non-members and of members above a threshold.',
  colon: ': ', comma: ', ', semicolon: '; ', show_table: 'Show as table',
  findings: { works: 'works', 'no power': 'no power here', invalid: 'pair invalid', 'too few': 'too few texts', 'too few questions': 'too few questions', unknown: 'unknown',
    known: 'known', guessable: 'guessable', undecided: 'undecided', 'not exchangeable': 'not exchangeable', detected: 'detected',
    missed: 'not detected', after: 'after release', early: 'not after release' },
  dates_all: (n, date) => `all ${n} documents are dated after the release on ${date}`,
  dates_some: (part, n, date) => `${part} % of ${n} documents are dated after the release on ${date}`,
  dates_evidence: (part) => `; ${part} % of the dates carry evidence`,
  dates_failed: (id, names) => `${id}: not shown to be younger: ${names}`,
  pair_works: (method, found, blind, tokens) => `${method} tells members from others: AUROC ${found}, ${blind}, on ${tokens} tokens`,
  pair_powerless: (method, found, blind, tokens) => `the best, ${method}, has AUROC ${found}, ${blind}, on ${tokens} tokens; what it says of other documents is no evidence`,
  pair_open: (method, found, blind, tokens) => `open: the best, ${method}, has AUROC ${found}, ${blind}, on ${tokens} tokens`,
  not_run: (names) => `Not run: ${names}`,
  pair_invalid: (method, found, blind, tokens, name) => `${name} alone, without the model, tells members from others: ${blind}; nothing can be read off this pair`,
  blinds: { ngrams: 'n-grams', dates: 'dates', length: 'length' }, blind: 'blind', no_blind: 'no blind baseline',
  rank_found: (mean, facts) => `mean rank of the true values ${mean}, ${facts} facts`,
  rank_below: (p) => `; within the margin, yet a little below 0.5 (p ${p})`, rank_above: '; within the margin, yet a little above 0.5',
  trained_found: {
    detected: (dataset, ids) => `${ids}: likelihoods tell trained questions${inBrackets(dataset)} from held-out ones`,
    missed: (dataset, ids) => `${ids}: likelihoods don’t tell those questions${inBrackets(dataset)} from held-out ones`,
    'too few questions': (dataset, ids) => `${ids}: too few questions${inBrackets(dataset)} to tell`,
    invalid: (dataset, ids) => `${ids}: without the model trained questions${inBrackets(dataset)} are told from held-out ones`,
  },
  contrast_title: 'Does membership inference work here?',
  contrast_note: 'AUROC of members against others, with 95 % intervals. Dashed: chance.',
  contrast_blind: ' Shaded: the best blind baseline, which never sees the model. A dot in colour lies above its whole interval.',
  at_tokens: (n) => `${n} tokens`, tokens: 'Tokens', language: 'Language', method: 'Method',
  curves_title: 'Curves', roc_title: 'ROC curve', histogram_title: 'Scores', score: 'score (higher is more like a member)',
  fpr_tpr: 'false-positive rate → true-positive rate ↑', fpr: 'False-positive rate (%)', tpr: 'True-positive rate (%)', members: 'members', others: 'others',
  threshold_5: (at) => `threshold at 5 % FPR (${at})`, score_from_to: 'Score', members_share: 'Members (%)', others_share: 'Others (%)', k_title: 'Choice of K', k_axis: 'K: least likely tokens (%)',
  tpr_5: 'TPR at 5 % FPR (%)', tpr_1: 'TPR at 1 % FPR (%)', tpr_5_long: 'Members found at 5 % FPR', tpr_1_long: 'Members found at 1 % FPR',
  few_note: '* Too few non-members for that rate: the threshold hangs on a handful of them.',
  blind_note: 'Evidence: AUROC less the best blind AUROC, or less 0.5 where that is more, paired by text; its interval is wide enough for all methods at once.',
  methods_title: 'All methods and lengths', members_others: 'Members / others', evidence: 'Evidence',
  asked_found: (n, flagged, rate, part, span) => `Of ${n} documents asked about ${flagged} look like members at ${rate} % FPR (${part} %, ${span})`,
  asked_short: (n) => `${n} more are too short to be judged`,
  ranks_title: 'Ranks of true values',
  ranks_note: (margin) => `Each true value is ranked among exchangeable ones by its likelihood; 0 is the likeliest. Unknown facts have even ranks (dashed) and a mean of 0.5. Unknown: the whole 90 % interval lies ${margin ? `within ${margin}` : 'within a margin of 0.5 that this run does not tell'}. Random value: another value taken for the true one, as a control. p: one-sided, that the facts are known, adjusted for the number of sets (Holm).`,
  flagged_note: ' Flagged: documents whose facts rank too high for chance (Benjamini-Hochberg, q < 0.05).',
  none_flagged: ' Flagged, documents whose facts rank too high for chance (Benjamini-Hochberg, q < 0.05): none.',
  set: 'Set', facts: 'Facts', documents: 'Documents', mean_rank: 'Mean rank, 90 %', swapped: 'Random value, 90 %',
  rank_axis: 'rank: 0 is the likeliest', rank_share: 'Share of the facts at each rank (%)', rank: 'Rank', rank_table: 'Share of the facts at each rank, as a table', kinds: { release_date: 'release date' }, fact_kinds_title: 'By kind of fact', kind: 'Kind', document: 'Document', flagged: 'Flagged',
  flagged_title: (n) => `Documents whose facts look known (${n})`,
  unused: (names) => `Questions of other forms, not asked about: ${names}`,
  dropped: (names) => `Facts left out for want of exchangeable values: ${names}`,
  trained_title: 'Trained against held-out questions',
  trained_note: 'Trained and held-out questions come out of the same generator, so that only training can tell them apart. AUROC with 95 % intervals; dashed chance.',
  verbatim_title: 'Verbatim continuation',
  verbatim_note: 'Longest run of characters that the continuation has in common with the rest of the document.',
  prompting: 'Prompt', styles: { continue: 'continued', guided: 'guided', general: 'not guided' },
  too_short: (names) => `Texts too short to be asked about: ${names}`,
  longest_run: 'Longest run (characters)', run_share: (n) => `${n} or more (%)`,
  guided_found: (id, sets) => `${id}, run when guided by title and date less run when not, in characters: ${sets}`,
});
Object.assign(TEXTS.en.forms, { known: 'in training text', unseen: 'unseen', new: 'new', member: 'members',
  'non-member': 'non-members', asked: 'asked about' });

Object.assign(TEXTS.ja, {
  unknown_title: 'もともと知らなかったか',
  unknown_lead: '公開日からは、モデルが読めたはずのない文書が分かります。尤度から、読んだらしい文書が分かりますが、それは、学習済みの文書とそうでない文書を、モデルを見ない分類器よりよく見分けられると示せた言語に限られます。',
  terms: 'AUROC：受信者動作特性(ROC)曲線の下の面積。学習済みの文書のスコアが、そうでない文書より高い確率で、0.5は当て推量です。偽陽性率(FPR)と真陽性率(TPR)：未学習、学習済みの文書のうち、しきい値を超えるものの割合です。',
  colon: '：', comma: '、', semicolon: '。', show_table: '表で見る',
  findings: { works: '有効', 'no power': 'ここでは効かない', invalid: '比較対が不適', 'too few': '文書が足りない', 'too few questions': '質問が足りない', unknown: '未知',
    known: '既知', guessable: '推測できる', undecided: '判定できない', 'not exchangeable': '交換可能でない', detected: '検出',
    missed: '検出されず', after: '公開日より後', early: '公開日以前' },
  dates_all: (n, date) => `${n}件の文書の日付はすべて公開日(${date})より後です`,
  dates_some: (part, n, date) => `${n}件の文書のうち${part}%の日付が公開日(${date})より後です`,
  dates_evidence: (part) => `。日付の${part}%に根拠があります`,
  dates_failed: (id, names) => `${id}：新しいと示せない文書：${names}`,
  pair_works: (method, found, blind, tokens) => `${method}は学習済みの文書を見分けます。AUROC ${found}、${blind}、${tokens}トークン`,
  pair_powerless: (method, found, blind, tokens) => `最良の${method}でもAUROC ${found}、${blind}、${tokens}トークン。ほかの文書についての根拠にはなりません`,
  pair_open: (method, found, blind, tokens) => `どちらともいえません。最良は${method}で、AUROC ${found}、${blind}、${tokens}トークン`,
  not_run: (names) => `試していない手法：${names}`,
  pair_invalid: (method, found, blind, tokens, name) => `モデルを見ない${name}だけで見分けられます(${blind})。この比較対からは何もいえません`,
  blinds: { ngrams: '文字n-gram', dates: '日付', length: '長さ' }, blind: 'ブラインド', no_blind: 'ブラインド基準なし',
  rank_found: (mean, facts) => `真の値の平均順位 ${mean}、${facts}件の事実`,
  rank_below: (p) => `。許容幅の内ですが、0.5よりわずかに下です(p ${p})`, rank_above: '。許容幅の内ですが、0.5よりわずかに上です',
  trained_found: {
    detected: (dataset, ids) => `${ids}：学習した質問${inBrackets(dataset, '')}を、学習に使わなかった質問と尤度で見分けられます`,
    missed: (dataset, ids) => `${ids}：その質問${inBrackets(dataset, '')}を、学習に使わなかった質問と尤度では見分けられません`,
    'too few questions': (dataset, ids) => `${ids}：質問${inBrackets(dataset, '')}が足りず、判定できません`,
    invalid: (dataset, ids) => `${ids}：学習した質問${inBrackets(dataset, '')}を、モデルなしでも見分けられます`,
  },
  contrast_title: '学習データの判別(メンバーシップ推論)はここで有効か',
  contrast_note: '学習済みの文書とそうでない文書を見分けるAUROCと95%区間。破線は偶然です。',
  contrast_blind: '帯は、モデルを見ない最良のブラインド基準です。色のついた点は、その区間全体より上にあります。',
  at_tokens: (n) => `${n}トークン`, tokens: 'トークン数', language: '言語', method: '手法',
  curves_title: '曲線', roc_title: 'ROC曲線', histogram_title: 'スコアの分布', score: 'スコア(高いほど学習済みらしい)',
  fpr_tpr: '偽陽性率 → 真陽性率 ↑', fpr: '偽陽性率(%)', tpr: '真陽性率(%)', members: '学習済み', others: '未学習',
  threshold_5: (at) => `偽陽性率5%のしきい値(${at})`, score_from_to: 'スコア', members_share: '学習済み(%)', others_share: '未学習(%)', k_title: 'Kの選び方', k_axis: 'K：確率の低いトークンの割合(%)',
  tpr_5: '真陽性率(%)、偽陽性率5%', tpr_1: '真陽性率(%)、偽陽性率1%', tpr_5_long: '偽陽性率5%での真陽性率', tpr_1_long: '偽陽性率1%での真陽性率',
  few_note: '* その率には未学習の文書が少なすぎ、しきい値が数件で決まっています。',
  blind_note: 'ブラインドとの差：AUROCから、最良のブラインドのAUROC(0.5のほうが大きければ0.5)を引いた値(文書ごとの対応あり)。区間は、すべての手法に同時に成り立つ幅です。',
  methods_title: 'すべての手法と長さ', members_others: '学習済み/未学習', evidence: 'ブラインドとの差',
  asked_found: (n, flagged, rate, part, span) => `調べた文書${n}件のうち${flagged}件が、偽陽性率${rate}%で学習済みらしく見えます(${part}%、${span})`,
  asked_short: (n) => `ほかの${n}件は短すぎて判定できません`,
  ranks_title: '真の値の順位',
  ranks_note: (margin) => `真の値を、交換可能な値のなかで尤度の順に並べます。0が最も尤もらしい値です。知らない事実の順位は一様(破線)で、平均は0.5です。90%区間の全体が${margin || '0.5からの許容幅(この実行には記録がありません)'}に収まれば「未知」とします。「無作為の値」は、別の値を真とみなした対照です。pは、事実が既知かどうかの片側検定で、組の数について補正した値です(Holm法)。`,
  flagged_note: '「該当」は、事実の順位が偶然にしては高すぎる文書です(Benjamini-Hochberg法、q < 0.05)。',
  none_flagged: '「該当」、つまり事実の順位が偶然にしては高すぎる文書(Benjamini-Hochberg法、q < 0.05)はありません。',
  set: '組', facts: '事実', documents: '文書', mean_rank: '平均順位、90%', swapped: '無作為の値、90%',
  rank_axis: '順位：0が最も尤もらしい', rank_share: '順位ごとの事実の割合(%)', rank: '順位', rank_table: '順位ごとの事実の割合を表で見る',
  kinds: { price: '価格', diameter: '直径', thickness: '厚さ', width: '幅', height: '高さ', length: '長さ', weight: '重さ',
    material: '素材', materials: '素材', colour: '色', colours: '色', color: '色', size: 'サイズ', sizes: 'サイズ',
    release_date: '発売日', date: '日付', time: '時刻', year: '年', shop: '取り扱い店舗', telephone: '電話番号', address: '住所',
    quantity: '限定数', number: '数', designer: 'デザイナー', partner: 'コラボレーション相手', person: '人名', place: '地名',
    name: '名前', product: '商品名', title: '題名' }, fact_kinds_title: '事実の種類別', kind: '種類', document: '文書', flagged: '該当',
  flagged_title: (n) => `事実が既知らしい文書(${n}件)`,
  unused: (names) => `対象外の形式の質問：${names}`,
  dropped: (names) => `交換可能な値が足りず除いた事実：${names}`,
  trained_title: '学習した質問と学習に使わなかった質問',
  trained_note: 'どちらも同じ生成器の質問なので、違いは学習だけです。AUROCと95%区間。破線は偶然です。',
  verbatim_title: '逐語的な再現',
  verbatim_note: '続きの文と文書の残りとに共通する、最も長い文字列の長さです。',
  prompting: '問い方', styles: { continue: '続きを書かせる', guided: '出典を示す', general: '出典を示さない' },
  longest_run: '最長一致(文字)', run_share: (n) => `${n}文字以上(%)`, too_short: (names) => `短すぎて質問しなかった文書：${names}`,
  guided_found: (id, sets) => `${id}、題名と日付を示した場合と示さない場合との差(文字)：${sets}`,
});
Object.assign(TEXTS.ja.forms, { known: '学習文書', unseen: '未見', new: '新規', member: '学習済み',
  'non-member': '未学習', asked: '対象' });

// What names of metrics begin with that go on with a method, a language or a set.
const MEASURES = {
  auroc: 'AUROC', blind: { en: 'Blind AUROC', ja: 'ブラインドAUROC' },
  evidence: { en: 'Evidence', ja: 'ブラインドとの差' },
  tpr_5: { en: 'Found at 5 % FPR', ja: '偽陽性率5%での検出率' },
  tpr_1: { en: 'Found at 1 % FPR', ja: '偽陽性率1%での検出率' },
  flagged: { en: 'Flagged', ja: '該当' },
  by_rule: { en: 'By rule', ja: 'ルール' }, counted: { en: 'Counted', ja: '採点を反映' },
  corrected: { en: 'Corrected', ja: '補正後' }, agreement: { en: 'Agreement', ja: '一致' },
  ...categoriesOf('share'),
  mean_rank: { en: 'Mean rank', ja: '平均順位' }, share_verbatim: { en: 'Verbatim', ja: '逐語的な再現' },
};
const METHODS = {
  loss: { en: 'Loss', ja: '損失' }, zlib: 'zlib', dc_pdd: 'DC-PDD',
  reference: { en: 'Reference model', ja: '参照モデル' },
};
const kindName = (kind) => own(T('kinds'), kind) || worded(kind);
const colon = (...parts) => parts.join(T('colon'));

const MIN_K = /^min_k_(plus_plus_)?(\d+)$/;

function methodName(method) {
  const [, plus, k] = MIN_K.exec(method) || [];
  return k ? `Min-K%${plus ? '++' : ''} ${k}` : localised(METHODS, method);
}

// auroc_min_k_20_ja: AUROC Min-K% 20, Japanese.
function composedName(task, metric) {
  const begin = Object.keys(MEASURES).find((m) => metric === m || metric.startsWith(`${m}_`));
  if (!begin) return worded(metric);
  const rest = metric.slice(begin.length + 1);
  const [method] = /^(loss|zlib|reference|dc_pdd|min_k_(plus_plus_)?\d+)(?=_|$)/.exec(rest) || [''];
  const of = method ? rest.slice(method.length + 1) : rest;
  const measure = localised(MEASURES, begin);
  const gap = /[A-Za-z]$/.test(measure) ? ' ' : T('comma'); // no space between Japanese words
  const group = of && ({ membership: languageName, verbatim: runName, trained: datasetName, review: questionsName }[task] || formName)(of);
  return [[measure, method && methodName(method)].filter(Boolean).join(gap),
    group && worded(group)].filter(Boolean).join(T('comma'));
}

// ja_non_member_continue: Japanese, non-members, continued.
function runName(name) {
  const [, code, set, style] = /^([a-z]+)_(.+)_([a-z]+)$/.exec(name) || [];
  return code ? [languageName(code), formName(set.replace('_', '-')),
    own(T('styles'), style) || style].join(T('comma')) : name;
}

// own_qa: the data set "own QA", as the checkpoints have it.
const datasetName = (name) => RUN.checkpoints.map((c) => c.dataset)
  .find((d) => d && d.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '_') === name) || name;

// knowledge_near_miss: knowledge, near misses.
function questionsName(name) {
  const suite = Object.keys(TASKS).find((of) => name === of || name.startsWith(`${of}_`));
  return suite ? [taskName(suite), formName(name.slice(suite.length + 1))].filter(Boolean).join(' · ') : name;
}

function languageName(code) {
  try {
    return new Intl.DisplayNames([language], { type: 'language' }).of(code);
  } catch { // not the name of a language
    return code;
  }
}

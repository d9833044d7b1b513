// Reasons, notes, authors and methods of intervals are written where they arise, in English. Those of
// fixed shape are told in Japanese; what models, people and data wrote stays as it is.
const WORDS_JA = {
  'identical scores': '同一のスコア', 'delta method on log r': 'log rのデルタ法', Wilson: 'Wilson法',
  'clustered t': 'クラスタt', paired: '対応あり', 'difference in differences': '差の差',
  'clustered Wilson': 'クラスタ補正Wilson法', 'Wilson at 0': '0でのWilson法', 'by clusters': 'クラスタ単位',
  'one cluster: not estimable': 'クラスタが一つのため推定不能', 'too few others: not estimable': '未学習の文書が少なく推定不能',
  DeLong: 'DeLong法', 'DeLong on the logit': 'ロジットのDeLong法', 'bootstrap of both sides': '両側のブートストラップ',
  'cluster bootstrap': 'クラスタブートストラップ', 'double sampling': '二重抽出', 'Bonett and Price': 'Bonett-Price法',
  Fleiss: 'Fleiss', 'Cohen and Everitt': 'Cohen・Everittの方法', 'two answers added': '2件を加えて計算',
};
// "cluster bootstrap, 2000 resamples" in the page's language, phrase by phrase.
const methodText = (method) => language === 'en' ? method : method.split(', ').map((phrase) => own(WORDS_JA, phrase)
  || phrase.replace(/^(\d+) resamples$/, '再標本$1回').replace(/^([\d.]+) %$/, '$1%').replace(/^(\S+) × variance$/, '分散$1倍')).join('、');

const AUTHORS_JA = { 'longest common run': '最長一致', 'date rule': '日付のルール',
  'membership attacks': '学習データの判別', 'rank test': '順位検定' };
// "rule:typed-facts/1", "human:Aiko,Ken"
function authorText(author) {
  if (language === 'en') return author;
  const [kind, ...names] = author.split(':');
  const named = names.join(':');
  return kind === 'rule' ? `ルール(${named})` : kind === 'human' ? `採点者(${named})` : own(AUTHORS_JA, author) || author;
}

const someJa = (ids) => ids.replace(/ and (\d+) more$/, 'ほか$1件').replace(/, /g, '、');
const REASONS_JA = [
  [/^told apart without the model \(AUROC: (.+)\), so no attack's figure is evidence$/,
    (told) => `モデルなしで見分けられるので、どの手法の値も根拠になりません(AUROC：${told.replace(/[a-z]+/g, (name) => own(T('blinds'), name) || name)})`],
  [/^(\d+) documents on a side; (\d+) are needed to show that an attack works, (\d+) that none reaches an AUROC of (\S+)$/,
    (n, some, most, auroc) => `片側の文書が${n}件だけです。有効と示すには${some}件、どの手法もAUROCが${auroc}に届かないと示すには${most}件必要です`],
  [/^difference (\S+) \[(\S+), (\S+)\](?:; with (\d+) documents on a side an AUROC of (\S+?) is not ruled out)?(?:, about (\d+) would tell)?$/,
    (value, low, high, n, top, most) => `ブラインドとの差 ${value}(${low}～${high})${top ? `。片側${n}件の文書では、${top}のAUROCもありえます` : ''}${most ? `。約${most}件あれば判定できます` : ''}`],
  [/^(\d+) of (\d+) members and (\d+) of (\d+) non-members have (\d+) tokens; (\d+)% of either are needed$/,
    (m, ms, o, os, tokens, most) => `${tokens}トークンに達する文書は、学習済み${ms}件のうち${m}件、未学習${os}件のうち${o}件です(どちらも${most}%必要)`],
  [/^not run: no reference model$/, () => '参照モデルなし'],
  [/^not run: no text of this language with the label "(.+)"$/, (label) => `「${label}」の付いたこの言語の文章なし`],
  [/^no date$/, () => '日付なし'],
  [/^(.+) is no date \(YYYY-MM-DD\)$/, (text) => `${text}は日付(YYYY-MM-DD)ではありません`],
  [/^published (\S+), not after (\S+) by more than (\d+) days$/, (date, release, days) => `${date}公開、${release}の${days}日後まで`],
  [/^published (\S+), not after (\S+)$/, (date, release) => `${date}公開、${release}以前`],
  [/^(\d+) of (\d+) stated$/, (stated, gold) => `正解${gold}件のうち${stated}件を回答`],
  [/^also (.+)$/, (others) => `ほかの値：${someJa(others)}`],
  [/^should have abstained$/, () => '回答を控えるべき質問'],
  [/^abstained$/, () => '回答を控えた'],
  [/^not answered: (.+)$/s, (said) => `回答なし(サーバーの返答：${said})`],
  [/^answered (.+)$/, (answer) => `回答：${answer}`],
  [/^(\d+) characters in common$/, (n) => `一致${n}文字`],
  [/^(\S+) → (\S+) % against (.+): (\S+) points \[(\S+), (\S+)\], margin (\S+), n (\d+), (\d+) worse, (\d+) better, p (\S+)$/,
    (before, now, against, by, low, high, margin, n, worse, better, p) =>
      `${against}との比較：${before} → ${now}%、差 ${by}ポイント(区間 ${low}～${high})、許容幅 ${margin}、n ${n}、悪化${worse}、改善${better}、p ${p}`],
  [/^must not break, and broke: (.+)$/, (ids) => `正解を維持すべきなのに不正解：${someJa(ids)}`],
  [/^n ≈ (\S+) would tell$/, (n) => `約${n}件あれば判定できます`],
  [/^too near the margin to tell$/, () => '許容幅に近すぎて判定できません'],
  [/^([^:;]+) not as in the baseline$/, (keys) => `基準と異なる設定：${someJa(keys)}`],
  [/^([^:;]+) not as in ([^:;]+)$/, (keys, of) => `${of}と異なる設定：${someJa(keys)}`],
  [/^([^:;]+) holds no (\S+) of ([^:;]+)$/, (against, task, id) => `${against}には${id}の${taskName(task)}がありません`],
  [/^no sample of (\S+) has a score behind (\S+) here and in (.+)$/, (task, metric, against) =>
    `${taskName(task)}には、${against}と共通して${metricName(task, metric)}のもとになるサンプルがありません`],
  [/^(\d+) samples have no (\S+) on both sides, here and in ([^;]+)$/, (n, metric, against) =>
    `${n}件のサンプルで、${against}との両方に${metricName('', metric)}があるわけではありません`],
  [/^have both graded: by python -m harness review RUN, or by \[judge\] in the matrix$/, () =>
    'python -m harness review RUNか、マトリクスの[judge]で、両方を採点してください'],
  [/^only (\d+) of (\d+) questions were asked of both$/, (n, of) => `両方に質問したのは${of}件のうち${n}件だけです`],
  [/^only (\d+) samples are shared, of (\d+) here and (\d+) of the baseline$/, (n, here, there) =>
    `共通のサンプルは、こちらの${here}件と基準の${there}件のうち${n}件だけです`],
  [/^not comparable, no sample in common with (.+)\.$/, (id) => `${id}と共通のサンプルがないため比較できません。`],
  [/^no relative score, only (\S+) could be paired\.$/, (task) => `${taskName(task)}しか対応付けられないため、相対スコアはありません。`],
  [/^no relative score, (.+) scored 0 and a ratio to it is undefined\.$/, (id) => `${id}のスコアが0で比が定まらないため、相対スコアはありません。`],
  [/^Relative scores need a baseline; the matrix marks none\.$/, () => '相対スコアには基準が必要ですが、マトリクスに指定がありません。'],
  [/^No control questions: what rose is not shown to be knowledge of the documents\.$/, () =>
    '対照の質問がないため、伸びた分が文書の知識だとは示せません。'],
  [/^Acquisition leaves out (\d+) questions on carried-over facts: they are answered by analogy, and control questions have none\.$/, (n) =>
    `習得には、継続商品の事実についての質問${n}件を含めません。類推で答えられ、対照の質問にはないためです。`],
  [/^(\d+) control questions are about documents that have trained ones, too \(such as (.+)\): they are no controls and are left out\.$/, (n, id) =>
    `対照の質問${n}件は、学習した質問もある文書(${id}など)についてのものです。対照にならないため除きます。`],
  [/^(\d+) questions name no document and are counted as independent: where several share one, the intervals are too narrow\. Add "document" to the data\.$/, (n) =>
    `質問${n}件には文書の指定がなく、独立とみなします。同じ文書の質問があれば区間は狭すぎます。データにdocumentを加えてください。`],
  [/^acquired against crossed over, sign flips of whole documents: p (\S+)\.$/, (p) => `習得と取り違えの差、文書単位の符号反転検定：p ${p}。`],
  [/^no question with "twin" facts was asked of both\.$/, () => '双子の事実のある質問で、両方に質問したものがありません。'],
  [/^([^:;]+) not measured\.$/, (ids) => `測っていないもの：${ids.replace(/ and /, '、')}。`],
  [/^([^:;]+) is itself the twin of (.+), so which world is whose\? twin_of belongs .+$/, (first, second) =>
    `${first}も${second}の双子です。twin_ofは世界Bのチェックポイントだけに付け、世界Aのものを指定してください。`],
  [/^([^:;]+), twin of ([^:;]+)$/, (second, first) => `${second}(${first}の双子)`],
  [/^both gave every answer the verdict '(\w+)': kappa is undefined$/, (verdict) => `二人ともすべて${own(T('said'), verdict) || verdict}としたため、κは定まりません`],
  [/^no fact has (\d+) exchangeable values$/, (n) => `交換可能な値が${n}個ある事実がありません`],
  [/^Skipped: same (\S+) as (.+)$/, (error, first) => `スキップ：${first}と同じ${error}`],
  [/^its worker process died; finished samples are kept, run it again to go on$/, () =>
    'ワーカープロセスが異常終了しました。終わったサンプルは残っています。もう一度実行すると続きから始まります'],
];

function fixedText(text) {
  for (const [shape, say] of REASONS_JA) {
    const found = shape.exec(text);
    if (found) return say(...found.slice(1));
  }
  return null;
}

// "qa-e3, jsquad: not comparable, …": the names before it stay, but for the suite's.
function prefixedText(text) {
  const [, before, after] = /^(.+?): (.+)$/.exec(text) || [];
  const said = after && (fixedText(after) || prefixedText(after));
  return said ? `${fixedText(before) || before.split(', ').map(taskName).join('、')}：${said}` : null;
}

// Signs as everywhere on the page (cells.py: typeset).
const tidied = (reason) => reason
  .replace(/^difference .*|\S+ points \[.*?\]/g, (told) =>
    told.replace(/(?<![^ [])[+-]\d[\d.]*/g, (figure) => withSign(figure.replace('+', ''), figure[0] === '+' ? '+' : '')));

function reasonText(reason) {
  if (!reason) return reason;
  const told = tidied(reason);
  if (language !== 'ja') return told.replace(/^(\d.* members and .* tokens; \d+)%/, '$1 %');
  return fixedText(told) || prefixedText(told)
    || told.split('; ').map((part) => fixedText(part) || prefixedText(part) || part).join('。');
}

// What a run wrote in English (errors, settings) is marked as that on the Japanese page, for voices and fonts.
const foreign = (text) => language === 'ja' && /[a-z]{2}/i.test(text) && !/[\p{sc=Hira}\p{sc=Kana}\p{sc=Han}]/u.test(text);
const spoken = (text) => foreign(text) ? el('span', { lang: 'en' }, text) : text;
const reasonNode = (reason) => reason ? spoken(reasonText(reason)) : null;

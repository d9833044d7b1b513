// Everyday answers: how many are graded and right, and who won against the baseline.
Object.assign(TEXTS.en, {
  everyday_title: 'Everyday answers', everyday_note: 'A rule sees only what is damaged or refuses; whether the other answers are any good, a person or a calibrated judge says. Graded ones stand for those that are not.',
  everyday_beside: (b) => `Beside ${b}`, everyday_pairs: 'Won, tied and lost, of the questions whose two answers one kind of judge has judged. Won: right, and the baseline’s answer is not.',
  side_by_side: 'All answers to a question side by side', shares_of: (win, tie, loss) => `won ${win} %, tied ${tie} %, lost ${loss} %`,
});
Object.assign(TEXTS.ja, {
  everyday_title: '日常の質問への回答', everyday_note: 'ルールで分かるのは、壊れた回答と回答の拒否だけです。ほかの回答の良し悪しは、人か、較正された採点モデルが判定します。未採点の回答は、採点済みのものと同じ割合で正しいとみなします。',
  everyday_beside: (b) => `${b}との比較`, everyday_pairs: '両方の回答を同じ種類の採点者が判定した質問のうち、勝ち・引き分け・負けの割合です。勝ちは、こちらだけが正解の質問です。',
  side_by_side: '質問ごとに全回答を並べて見る', shares_of: (win, tie, loss) => `勝ち${win}%、引き分け${tie}%、負け${loss}%`,
});
Object.assign(TASKS, { qualitative: { en: 'Everyday questions', ja: '日常の質問' } });
Object.assign(METRICS, {
  'qualitative/accuracy': { en: 'Accuracy', ja: '正解率' }, 'qualitative/graded': { en: 'Graded', ja: '採点済み' },
  'qualitative/win': { en: 'Won', ja: '勝ち' }, 'qualitative/tie': { en: 'Tied', ja: '引き分け' },
  'qualitative/loss': { en: 'Lost', ja: '負け' }, 'qualitative/net': { en: 'Won less lost', ja: '勝ち−負け' },
});
const SIGNS_JA = { unfinished: '途中で打ち切り', empty: '空', looping: '繰り返し', foreign: '別の言語', leaked: 'テンプレートの記号' };
const SIGNS_SHAPE = Object.keys(SIGNS_JA).join('|');
REASONS_JA.push(
  [new RegExp(`^((?:${SIGNS_SHAPE})(?:, (?:${SIGNS_SHAPE}))*)$`), (signs) => signs.split(', ').map((sign) => own(SIGNS_JA, sign)).join('、')],
  [/^refused$/, () => '回答を拒否'],
  [/^(\d+) pairs not judged yet\. The rule judges damaged answers at once, so until then figures lean against whoever has more of them\.$/,
    (n) => `${n}組はまだ判定されていません。壊れた回答はルールですぐに誤りとなるため、それまでの値は、壊れた回答の多い方に不利に偏ります。`],
  [/^pairs judged (\d+) by people, (\d+) by a model, (\d+) by the rule alone\.$/, (people, model, rule) =>
    `採点の内訳は、人${people}組、モデル${model}組、ルールのみ${rule}組です。`],
  [/^nobody has judged both answers to any question\.$/, () => '両方の回答を同じ種類の採点者が判定した質問がまだありません。'],
  [/^Nobody has graded enough yet to tell which answers are good\. Grade .+$/, () =>
    '回答の良し悪しを示すには、採点が足りません。目で採点するか(python -m harness review RUN)、マトリックスの[judge]で採点モデルを指定して、もう一度実行してください。'],
);
const SIDES = ['win', 'tie', 'loss'];

function qualitativeSection() {
  if (!DATA.tasks.includes('qualitative')) return null;
  const columns = [{ name: T('checkpoint') }, ...['graded', 'accuracy'].map((m) =>
    ({ name: withUnit(metricName('qualitative', m), '%'), ...NUMBER })), { name: T('n'), ...NUMBER }];
  const asked = DATA.checkpoints.filter((id) => result(id, 'qualitative', 'graded'));
  const of = (m) => asked.map((id) => result(id, 'qualitative', m)).filter(Boolean);
  const rows = asked.map((id) => [named(id), ...['graded', 'accuracy'].map((m) => stacked(result(id, 'qualitative', m))),
    result(id, 'qualitative', 'graded').n]);
  const shown = [...of('graded'), ...of('accuracy')];
  return section('qualitative', T('everyday_title'), label(['qualitative']), el('p', { class: 'lead' }, T('everyday_note')),
    rows.length ? table(T('everyday_title'), columns, rows) : null,
    askedTasks().includes('qualitative') ? el('p', null, el('a', { href: listHash({ task: 'qualitative' }) }, T('side_by_side'))) : null,
    notes([...methods(shown), ...reasons(shown), ...(REPORT.notes.qualitative || []).map(reasonNode), ...gapLines(['qualitative'])]),
    besidePart(asked.filter((id) => result(id, 'qualitative', 'net'))));
}

// Bars of three parts that fill the whole width, and the same in figures with intervals.
function besidePart(ids) {
  if (!ids.length) return null;
  const metrics = [...SIDES, 'net'];
  const scale = scaleOf(0, 1, [0, 0.25, 0.5, 0.75, 1], null, (at) => at * 100);
  const bars = rowsOf(ids.map(sidesOf), scale, ({ parts }) => ({ under: parts.map(([side, from, to]) => svg('rect',
    { class: side, x: scale.x(from), y: 6, width: scale.width(from, to), height: 16 })) }));
  const columns = [{ name: T('checkpoint') }, ...metrics.map((m) =>
    ({ name: withUnit(metricName('qualitative', m), unitOf('qualitative', m)), ...NUMBER })), { name: T('n'), ...NUMBER }];
  const shown = ids.flatMap((id) => metrics.map((m) => result(id, 'qualitative', m)));
  const rows = ids.map((id) => [named(id), ...metrics.map((m) => stacked(result(id, 'qualitative', m))), result(id, 'qualitative', 'net').n]);
  return el('div', { class: 'under' }, el('h3', null, T('everyday_beside', BASELINE)), el('p', { class: 'quiet' }, T('everyday_pairs')),
    el('figure', { class: 'chart dots' }, el('figcaption', { class: 'legend' }, SIDES.map((side) =>
      el('span', { class: `key ${side}` }, metricName('qualitative', side)))), bars),
    table(T('everyday_beside', BASELINE), columns, rows), notes([...methods(shown), ...reasons(shown)]));
}

function sidesOf(id) {
  const found = SIDES.map((side) => result(id, 'qualitative', side));
  let from = 0;
  const parts = found.map((r) => [r.metric, from, from += r.value]);
  const net = result(id, 'qualitative', 'net');
  return { name: id, parts, text: figure(net, net.value), said: T('shares_of', ...found.map((r) => share(r.value))) };
}

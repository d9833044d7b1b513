// Whether checkpoints still speak as their base does: signs of damage in every answer that was written.
Object.assign(TEXTS.en, {
  voice_title: 'Voice: damaged answers (%)', what_rose: 'What rose (points)', voice_broken: 'broken',
  voice_note: 'Damaged: an answer that did not end within its limit, is empty, repeats itself, is in another language than its question, or holds marks of a chat template. It may be right all the same.',
  voice_beside: (b) => `Broken: against ${b} on the same questions damage rose for certain, by 2.5 points or more, and 5 can’t be ruled out.`,
  voice_signs: { unfinished: 'never ends', empty: 'says nothing', looping: 'repeats itself', foreign: 'another language', leaked: 'template marks' },
  voice_some: 'several signs', voice_more: (n) => ` and ${n} more`,
  voice_told: (id, signs, value, suite, more, by, range) => `The voice of ${id} is damaged (${signs}): ${value} % of its answers in ${suite}${more}, ${by} points ${range}.`,
});
Object.assign(TEXTS.ja, {
  voice_title: '話し方：破損した回答(%)', what_rose: '増えたもの(ポイント)', voice_broken: '破損',
  voice_note: '次のどれかに当てはまる回答を「破損した回答」とします：上限までに終わらない、空、繰り返し、質問と別の言語、チャットテンプレートの記号の混入。答えの正誤とは別です。',
  voice_beside: (b) => `同じ質問への${b}の回答と比べて、破損した回答が偶然とはいえないほど増え、増分が2.5ポイント以上で、5ポイントに達する可能性が残るとき、話し方が「破損」したとします。`,
  voice_signs: { unfinished: '途中で打ち切り', empty: '空', looping: '繰り返し', foreign: '別の言語', leaked: 'テンプレートの記号' },
  voice_some: '複数の兆候', voice_more: (n) => `ほか${n}項目`,
  voice_told: (id, signs, value, suite, more, by, range) => `${id}は話し方が破損しています(${signs})。${suite}${more}では回答の${value}%が破損し、基準との差は${by}ポイントです(${range})。`,
});
Object.assign(METRICS, {
  damaged: { en: 'Damaged', ja: '破損した回答' }, unfinished: { en: 'Never ends', ja: '途中で打ち切り' },
  empty: { en: 'Says nothing', ja: '空の回答' }, looping: { en: 'Repeats itself', ja: '繰り返し' },
  foreign: { en: 'Another language', ja: '別の言語' }, leaked: { en: 'Template marks', ja: 'テンプレートの記号' },
  refused: { en: 'Refused', ja: '回答の拒否' }, length_ratio: { en: 'Length, of the reference', ja: '正解に対する長さの比' },
});
Object.assign(WORDS_JA, { 'of logarithms': '対数で計算' });
REASONS_JA.push([/^no question in common with (.+)$/, (id) => `${id}と共通の質問がありません`]);
// Of every suite that writes answers.
const VOICE_METRICS = ['damaged', 'unfinished', 'empty', 'looping', 'foreign', 'leaked', 'refused', 'length_ratio'];
const VOICES = REPORT.voice || [];

const signName = (sign) => own(T('voice_signs'), sign);
// The signs that damage consists of and that rose for certain, most of all first (comparison/voice.py).
const worstSigns = ({ rises }) => rises.filter((r) => signName(r.sign) && r.low > 0).sort((a, b) => b.difference - a.difference);
const brokenVoices = (id) => VOICES.filter((s) => s.checkpoint === id && s.broken)
  .sort((a, b) => b.rises[0].difference - a.rises[0].difference);

// "The voice of X is damaged (never ends): …", a sentence for each; they stand in the verdict.
const voiceSentences = () => DATA.checkpoints.map((id) => [id, brokenVoices(id)]).filter(([, found]) => found.length)
  .map(([id, [first, ...others]]) => {
    const signs = worstSigns(first).map((r) => signName(r.sign)).join(T('comma')) || T('voice_some');
    const { now, difference, low, high } = first.rises[0];
    return T('voice_told', id, signs, share(now), taskName(first.task), others.length ? T('voice_more', others.length) : '',
      signed(difference), T('bounds', signed(low), signed(high)));
  });

function voiceSection() {
  const written = resultTasks().filter((task) => DATA.checkpoints.some((id) => result(id, task, 'damaged')));
  if (!written.length) return null;
  const ids = DATA.checkpoints.filter((id) => written.some((task) => result(id, task, 'damaged')));
  const shown = ids.flatMap((id) => written.map((task) => result(id, task, 'damaged'))).filter(Boolean);
  const columns = [{ name: T('checkpoint') }, ...written.map((task) => ({ name: sized(taskName(task), task, 'damaged'), ...NUMBER })),
    ...(VOICES.length ? [{ name: T('what_rose'), class: 'text rose' }] : [])];
  const rows = ids.map((id) => [named(id), ...written.map((task) => voiceCell(id, task)), ...(VOICES.length ? [roseCell(id)] : [])]);
  return section('voice', T('voice_title'), label([...new Set(written.flatMap(sources))]),
    el('p', { class: 'lead' }, [T('voice_note'), ...(VOICES.length ? [T('voice_beside', BASELINE)] : [])].join(T('sentences'))),
    table(T('voice_title'), columns, rows),
    notes([voiceMethods(shown), ...reasons(shown), ...VOICES.filter((s) => s.problem).map((s) =>
      [colon([s.checkpoint, taskName(s.task)].join(T('comma')), ''), reasonNode(s.problem)])]));
}

// Of one metric by suites, where `methods` tells metrics apart.
function voiceMethods(shown) {
  const used = new Map();
  for (const r of shown) used.set(r.interval, (used.get(r.interval) || new Set()).add(taskName(r.task)));
  return T('intervals', [...used].map(([method, names]) => methodText(method)
    + (used.size > 1 ? inBrackets([...names].join(T('comma'))) : '')).join(T('semicolon')), share(DATA.percent.level, 0));
}

const brokenWord = () => el('span', { class: 'verdict regressed' }, T('voice_broken'));

function voiceCell(id, task) {
  const cell = stacked(result(id, task, 'damaged'));
  if (brokenVoices(id).some((s) => s.task === task)) cell.append(brokenWord());
  return cell;
}

// A line for each suite in which a sign is seen more often than in the baseline.
function roseCell(id) {
  const rose = VOICES.filter((s) => s.checkpoint === id && worstSigns(s).length);
  return rose.length ? rose.map((s) => el('div', null, colon(taskName(s.task), ''), worstSigns(s).map((r, i) =>
    [i ? T('comma') : '', `${signName(r.sign)} ${signed(r.difference)}`,
      el('span', { class: 'interval' }, inBrackets(T('from_to', signed(r.low), signed(r.high))))]))) : NONE;
}

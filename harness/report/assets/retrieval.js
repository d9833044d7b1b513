// What checkpoints that look passages up were shown, and what it was worth.
Object.assign(TEXTS.en, {
  retrieval_title: 'What looking it up was worth', asked_with: 'Asked with', gained_points: 'Gained (points)',
  closed_book: 'closed-book', gold_passage: 'gold passage', bm25_top: (k) => `BM25, top ${k}`, embeddings_top: (k) => `embeddings, top ${k}`, hybrid_top: (k) => `hybrid (BM25 and embeddings), top ${k}`,
  retrieval_note: 'Found: a passage that was shown states the fact (recall). Right: of the questions that the retriever’s documents can answer. Gained: over the same weights closed-book, paired by question.',
  used_title: 'Was what was found used?', used_note: 'Right if found: below 100 %, what was found was not used. Right, and cited: of the right answers to what was found, those that cite passages which state the fact. Citations right: of what these answers cite, passages that state the fact.',
  passages: (n) => n === 1 ? '1 passage' : `${n} passages`, states_fact: 'states the fact', cited_here: 'cited', cited_not_shown: (numbers) => `Cites what was not shown: ${numbers}.`, says_so: 'says what the answer says',
  passage_score: (score) => `score ${score}`, passages_place: (document, number) => `${document}, passage ${number}`,
  looked_up: 'Looked up', searched: (documents, size) => `Documents: ${documents}, in passages of at most ${size} characters.`,
});
Object.assign(TEXTS.ja, {
  retrieval_title: '検索の効果', asked_with: '参照したもの', gained_points: '向上(ポイント)',
  closed_book: '検索なし', gold_passage: '正解の文章', bm25_top: (k) => `BM25、上位${k}件`, embeddings_top: (k) => `埋め込み、上位${k}件`, hybrid_top: (k) => `BM25と埋め込み、上位${k}件`,
  retrieval_note: '「発見」は、示した文章に正解が書かれていた割合(再現率)です。正解率は、検索対象の文書から答えられる質問についての値です。「向上」は、同じ重みで検索しない場合との、質問ごとに対応させた差です。',
  used_title: '見つけた文章は使われたか', used_note: '見つかった質問の正解率が100%に届かない分は、見つけたのに使われなかったものです。「正解で出典あり」は、見つかった質問への正解のうち、正解の書かれた文章を出典に挙げた割合です。「出典の適合率」は、それらの正解が挙げた出典のうち、正解の書かれた文章の割合です。',
  passages: (n) => `文章${n}件`, states_fact: '正解あり', cited_here: '出典', cited_not_shown: (numbers) => `示していない${numbers}を出典に挙げています。`, says_so: '回答どおりの記述あり',
  passage_score: (score) => `スコア${score}`, passages_place: (document, number) => `${document}、${number}番目の文章`,
  looked_up: '検索', searched: (documents, size) => `検索対象：${documents}、文章は最大${size}文字。`,
});
Object.assign(TASKS, { retrieval: { en: 'Retrieval', ja: '検索' } });
Object.assign(METRICS, {
  'retrieval/right': { en: 'Right', ja: '正解率' }, 'retrieval/gained': { en: 'Gained', ja: '向上' },
  found: { en: 'Found', ja: '発見' }, right_if_found: { en: 'Right if found', ja: '見つかった質問の正解率' },
  right_if_not_found: { en: 'Right if not found', ja: '見つからない質問の正解率' },
  right_and_cited: { en: 'Right, and cited', ja: '正解で出典あり' },
  citation_precision: { en: 'Citations right', ja: '出典の適合率' },
});
SOURCES.retrieval = ['knowledge'];
REASONS_JA.push(
  [/^(.+): the same weights were not asked closed-book\.$/, (id) => `${id}：同じ重みで検索しない場合を測っていません。`],
  [/^(.+): answers that cite a passage which was not shown: (\d+) \(such citations: (\d+)\)\.$/,
    (id, n, all) => `${id}：示していない文章の番号を出典に挙げた回答が${n}件あります(出典としては計${all}個)。`],
  [/^Acquisition leaves out (.+): they don't look up what (.+) does, and what is found was not acquired\.$/,
    (ids, base) => `${someJa(ids)}は、${base}とは異なるものを検索するため、習得の値がありません(見つけたことは習得ではありません)。`],
  [/^nothing found: no passage has a word of the question$/, () => '質問の語を含む文章がありません'],
  [/^nothing found: the question's vector is zero$/, () => '質問のベクトルが零のため、何も見つかりません'],
  [/^a near miss: no document is about it$/, () => '紛らわしい質問のため、対応する文書がありません'],
  [/^the question names no document$/, () => '質問に文書の指定がありません'],
  [/^no document (\S+) in (.+)$/, (id, file) => `${file}に文書${id}がありません`],
);
// Of a knowledge suite: what was found, and what became of it.
const FOUND_METRICS = ['found', 'right_if_found', 'right_if_not_found', 'right_and_cited', 'citation_precision'];

// What a checkpoint may look up, in words.
function askedWith(id) {
  const { retrieval } = BY_ID.get(id);
  if (!retrieval) return T('closed_book');
  return retrieval.kind === 'gold' ? T('gold_passage') : T(`${retrieval.kind}_top`, retrieval.top_k);
}
const retrievalTag = (id) => BY_ID.get(id).retrieval ? el('span', { class: 'tag' }, askedWith(id)) : null;

function retrievalSection() {
  const results = REPORT.results.filter((r) => r.task === 'retrieval');
  if (!results.length) return null;
  const ids = DATA.checkpoints.filter((id) => result(id, 'retrieval', 'right'));
  const found = ids.map((id) => result(id, 'knowledge', 'found'));
  const rows = ids.map((id, i) => [named(id), askedWith(id), stacked(found[i]),
    ...['right', 'gained'].map((m) => stacked(result(id, 'retrieval', m))), result(id, 'retrieval', 'right').n]);
  const columns = [{ name: T('checkpoint') }, { name: T('asked_with'), class: 'text' },
    ...[withUnit(metricName('knowledge', 'found'), '%'), withUnit(metricName('retrieval', 'right'), '%'), T('gained_points'), T('n')].map((name) => ({ name, ...NUMBER }))];
  return section('retrieval', T('retrieval_title'), label(['knowledge']), el('p', { class: 'lead' }, T('retrieval_note')),
    table(T('retrieval_title'), columns, rows),
    notes([...methods([...found, ...results]), ...reasons(results), ...searched(ids), ...(REPORT.notes.retrieval || []).map(reasonNode)]),
    usedPart(ids.filter((id) => BY_ID.get(id).retrieval)));
}

const searched = (ids) => ids.map((id) => BY_ID.get(id).retrieval).filter(Boolean)
  .map(({ documents, passage_size: size }) => T('searched', documents, size));

function usedPart(ids) {
  const metrics = FOUND_METRICS.slice(1);
  const shown = ids.flatMap((id) => metrics.map((m) => result(id, 'knowledge', m)));
  const cell = (r) => r ? el('span', { class: 'stacked' }, bold(r), span(r), el('span', { class: 'quiet' }, `n ${r.n}`)) : NONE;
  const columns = [{ name: T('checkpoint') }, ...metrics.map((m) => ({ name: withUnit(metricName('knowledge', m), '%'), ...NUMBER }))];
  return [el('h3', null, T('used_title')), el('p', { class: 'quiet' }, T('used_note')),
    table(T('used_title'), columns, ids.map((id) => [named(id), ...metrics.map((m) => cell(result(id, 'knowledge', m)))])),
    notes([...methods(shown), ...reasons(shown.filter(Boolean))])];
}

// The passages that one answer was given with; null where there were none.
function passagesPart(question, id) {
  const { texts, shown } = DATA.passages || { texts: [], shown: {} };
  const found = question.task === 'knowledge' && own(shown, id) && own(shown[id], question.id);
  if (!found) return null;
  const [passages, note, cited, supporting] = found;
  if (!passages.length) return el('p', { class: 'quiet' }, colon(T('looked_up'), ''), reasonNode(note));
  const items = passages.map(([place, score, states], i) => {
    const [document, number, title, text] = texts[place];
    const marks = [states && T('states_fact'), !states && supporting.includes(i + 1) && T('says_so'), cited.includes(i + 1) && T('cited_here')];
    return el('li', null, el('bdi', { class: 'name' }, title || document), ' ',
      marks.filter(Boolean).map((name) => el('span', { class: 'tag' }, name)),
      el('div', { class: 'quiet' }, el('bdi', null, T('passages_place', document, number)), ' · ', T('passage_score', score.toPrecision(3))),
      el('div', { class: 'said' }, text));
  });
  const hits = passages.some(([, , states]) => states);
  const madeUp = cited.filter((n) => n < 1 || n > passages.length).map((n) => `[${n}]`).join(' ');
  return el('details', { class: 'folded' }, el('summary', null, T('passages', passages.length),
    hits ? [' · ', T('states_fact')] : null), el('ol', { class: 'passages' }, items),
  madeUp ? el('p', { class: 'quiet' }, T('cited_not_shown', madeUp)) : null);
}

// What answers from APIs cost, and what must be borne in mind when they are read.
Object.assign(TEXTS.en, {
  costs: 'Costs of APIs', answered_by: 'Answered by', answer_count: 'Answers', tokens_in: 'Tokens in',
  tokens_out: 'Tokens out', usd: 'US $', served_as: (name) => `served as ${name}`,
  cost_total: (usd, without) => `Together $${usd}${without ? ` without ${without} (no price in the matrix)` : ''}. Answers from the store cost nothing and are not in this table.`,
  cost_untold: 'The matrix names no price, so no cost can be told.',
  cost_guessed: (n) => `The server did not count the tokens of ${n} answers: those are guessed, mostly too high.`,
  api_caution: (ids) => `${ids.join(', ')}: behind an API, never trained on these documents, which were not public: what is right there is reached by analogy and guessing, or the documents are not as private as thought.`,
});
Object.assign(TEXTS.ja, {
  costs: 'APIの費用', answered_by: '回答したモデル', answer_count: '回答数', tokens_in: '入力トークン',
  tokens_out: '出力トークン', usd: '米ドル', served_as: (name) => `サーバー上の名前：${name}`,
  cost_total: (usd, without) => `合計${usd}ドル${without ? `(マトリックスに単価のない${without}を除く)` : ''}。保存済みの回答には費用がかからず、この表に含まれません。`,
  cost_untold: 'マトリックスに単価がないため、費用は分かりません。',
  cost_guessed: (n) => `${n}件の回答ではサーバーがトークン数を返さなかったため、多めの推定値です。`,
  api_caution: (ids) => `${ids.join('、')}はAPIのモデルで、非公開のこれらの文書を学習していません。正解は類推や推測によるものか、文書が実は公開されていたことを示します。`,
});

function costsSection() {
  const found = REPORT.costs || [];
  if (!found.length) return null;
  const columns = [...['checkpoint', 'task', 'answered_by'].map((name) => ({ name: T(name), class: 'text' })),
    ...['answer_count', 'tokens_in', 'tokens_out', 'usd'].map((name) => ({ name: T(name), ...NUMBER }))];
  const rows = found.map((c) => [c.checkpoint, taskName(c.task), c.snapshot || NONE,
    ...[c.answers, c.prompt_tokens, c.answer_tokens].map((n) => n.toLocaleString('en')),
    known(c.usd) ? c.usd.toFixed(4) : NONE]);
  const priced = found.filter((c) => known(c.usd));
  const unpriced = [...new Set(found.filter((c) => !known(c.usd)).map((c) => c.model))].join(T('comma'));
  const total = found.reduce((sum, c) => sum + (c.usd || 0), 0);
  const guessed = found.reduce((sum, c) => sum + (c.guessed || 0), 0);
  return section('costs', T('costs'), table(T('costs'), columns, rows, true),
    notes([priced.length ? T('cost_total', total.toFixed(4), unpriced) : T('cost_untold'),
      ...(guessed ? [T('cost_guessed', guessed.toLocaleString('en'))] : [])]));
}

// A model that its owner serves himself may well have been trained on the documents; one with a
// retriever reads them.
function apiCautions() {
  const apis = new Set(RUN.models.filter((m) => m.engine === 'api').map((m) => m.id));
  const measured = new Set(REPORT.results.filter((r) => r.task === 'knowledge').map((r) => r.checkpoint));
  const ids = DATA.checkpoints.filter((id) => measured.has(id)
    && apis.has(BY_ID.get(id).model) && !BY_ID.get(id).served_as && !BY_ID.get(id).retrieval);
  return ids.length ? [T('api_caution', ids)] : [];
}

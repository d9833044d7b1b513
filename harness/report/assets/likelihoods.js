// The likelihoods of an answer's tokens as shades of its text, where they were recorded.
const UNLIKELY = [0.5, 0.1, 0.01, 0.001]; // each the upper end of the next shade

const shadeOf = (logprob) => UNLIKELY.filter((p) => Math.exp(logprob) < p).length;
const meanLikelihood = (answer) => answer && answer.reading && answer.reading.logprobs.length
  ? answer.reading.logprobs.reduce((sum, p) => sum + p, 0) / answer.reading.logprobs.length : null;
const minus = (value, digits) => withSign(fixed(value, digits), '');

// reading: {ends: characters up to each token's end, logprobs: aligned natural logarithms}.
function shaded(text, { ends, logprobs }) {
  const points = Array.from(text);
  let from = 0;
  const tokens = ends.map((end, i) => {
    const piece = points.slice(from, end).join('');
    from = Math.max(from, end);
    // Tokens that are part of a character end where the one before them does.
    return piece ? el('span', { class: `token shade-${shadeOf(logprobs[i])}`,
      title: T('token_said', minus(logprobs[i], 2)) }, piece) : null;
  });
  return [tokens, points.slice(from).join('')];
}

const shadedLegend = () => el('p', { class: 'quiet legend' }, el('span', null, T('shaded_note'), ' ',
  [0, 1, 2, 3, 4].map((shade) => el('span', { class: `token swatch shade-${shade}`, 'aria-hidden': 'true' }, '\u00a0')),
  ' ', T('shaded_end')));

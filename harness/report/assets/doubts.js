// How far stated confidence can be believed, and what each share of questions answered would cost.
const CALIBRATION = ['confidently_wrong', 'ece', 'brier'];
const PER_CENT = { range: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], text: (at) => String(at * 100) };

function calibrationPart(task, studied) {
  const metrics = CALIBRATION.filter((m) => studied.some(([id]) => result(id, task, m)));
  if (!metrics.length) return null;
  const shown = studied.flatMap(([id]) => metrics.map((m) => result(id, task, m))).filter(Boolean);
  const binned = studied.filter(([, found]) => (found.reliability || []).length);
  return el('div', { class: 'under' }, el('h3', null, T('calibration_title')), label(sources(task)), el('p', { class: 'quiet' }, T('calibration_note')),
    el('div', { class: 'small-plots' }, binned.map(([id, { reliability }]) => el('figure', { class: 'chart plot' },
      captioned(id, eceText(result(id, task, 'ece'))), reliabilityPlot(id, reliability), binsTable(id, reliability)))),
    table(colon(taskName(task), T('calibration_title')), ...byCheckpoint(task, metrics, true)),
    notes([...spoiled(task, studied.map(([id]) => id)), ...methods(shown), ...reasons(shown)]));
}

const eceText = (r) => r ? `${metricName(r.task, r.metric)} ${figure(r, r.value)}${inBrackets(interval(r))}` : '';

// Fine-tunes by what happened to their ECE; intervals that overlap tell nothing.
function spoiled(task, ids) {
  const before = BASELINE && result(BASELINE, task, 'ece');
  if (!before) return [];
  const after = ids.filter((id) => id !== BASELINE).map((id) => result(id, task, 'ece')).filter(Boolean);
  const groups = { ece_higher: after.filter((r) => r.low > before.high), ece_lower: after.filter((r) => r.high < before.low),
    ece_open: after.filter((r) => r.low <= before.high && r.high >= before.low) };
  return Object.entries(groups).filter(([, found]) => found.length)
    .map(([said, found]) => T(said, found.map((r) => r.checkpoint).join(T('comma')), BASELINE));
}

const binText = (bin) => T('bin_said', told(bin.confidence, THREE), share(bin.right), bin.n);

function reliabilityPlot(id, bins) {
  const roomy = { ...PER_CENT, range: [-0.05, 1.05] }; // for dots at the ends
  const { x, y, grid } = plane(300, 300, roomy, roomy, T('calibration_axes'));
  const most = Math.max(...bins.map((bin) => bin.n));
  return drawing(300, 300, colon([T('calibration_title'), id].join(T('comma')), bins.map(binText).join(T('semicolon'))), grid,
    line([[x(0), y(0)], [x(1), y(1)]], 'grid reference'), bins.map((bin) => {
      const radius = Number((3 + 8 * Math.sqrt(bin.n / most)).toFixed(1));
      const [cx, cy] = [x(bin.confidence), y(bin.right)];
      const under = cy - radius < 22;
      return [svg('circle', { class: 'bin', cx, cy, r: radius }, svg('title', null, binText(bin))),
        svg('text', { class: 'marked', x: cx, y: under ? cy + radius + 12 : cy - radius - 4, 'text-anchor': 'middle' }, bin.n)];
    }));
}

function binsTable(id, bins) {
  const columns = [{ name: T('confidence') }, ...[T('n'), T('right_share')].map((name) => ({ name, ...NUMBER }))];
  const rows = bins.map((bin) => [T('from_to', told(bin.low, { ...THREE, digits: 1 }), told(bin.high, { ...THREE, digits: 1 })), bin.n, share(bin.right)]);
  return tableOf([T('calibration_title'), id].join(T('comma')), columns, rows);
}

function answeredPart(task, studied) {
  const chosen = studied.map(([id, found]) => [id, found.selection]).filter(([, s]) => s && s.signal);
  if (!chosen.length) return null;
  const plotted = chosen.filter(([, s]) => own(s.curves || {}, s.signal));
  const controls = Object.keys(CONTROLS).filter((name) => plotted.some(([, s]) => own(s.curves, name)));
  return el('div', { class: 'under' }, el('h3', null, T('answered_title')), label(sources(task)), el('p', { class: 'quiet' }, T('answered_note')),
    el('ul', { class: 'told' }, chosen.map(([id, s]) => el('li', null, named(id), colon('', ''), mayAnswer(s)))),
    plotted.length ? [el('p', { class: 'legend' }, el('span', { class: 'key line' }, T('signal')),
      controls.map((name) => el('span', { class: `key line control ${name}` }, signalName(name))),
      el('span', { class: 'key line risk' }, T('risk_line', riskOf(plotted[0][1])))),
    el('div', { class: 'small-plots' }, plotted.map(([id, s]) => el('figure', { class: 'chart plot' },
      captioned(id, signalName(s.signal)), riskPlot(id, s, controls), riskTable(id, s, controls))))] : null);
}

const riskOf = ({ target }) => Number((target * 100).toFixed(2));

function mayAnswer(s) {
  const signal = signalName(s.signal);
  if (!known(s.threshold)) return T('no_threshold', riskOf(s), signal);
  const range = (e) => T('bounds', share(e.low), share(e.high));
  const withheld = s.withheld ? T('withheld_too', share(s.withheld.value), range(s.withheld.interval)) : '';
  return (known(s.risk) ? T('may_answer', riskOf(s), share(s.coverage), range(s.coverage_interval), signal, share(s.risk), range(s.risk_interval))
    : T('may_answer_none', riskOf(s), share(s.coverage), range(s.coverage_interval), signal)) + withheld;
}

function riskPlot(id, s, controls) {
  const { x, y, grid } = plane(300, 300, PER_CENT, PER_CENT, T('risk_axes'));
  const curve = (name, of) => own(s.curves, name) ? line(s.curves[name].map(([coverage, risk]) => [x(coverage), y(risk)]), of) : null;
  const { coverage, coverage_interval: across, risk, risk_interval: down } = s;
  return drawing(300, 300, colon([T('answered_title'), id].join(T('comma')), mayAnswer(s)), grid,
    svg('line', { class: 'threshold', x1: x(0), x2: x(1), y1: y(s.target), y2: y(s.target) }),
    controls.map((name) => curve(name, `curve control ${name}`)), curve(s.signal, 'curve'),
    known(risk) ? [svg('line', { class: 'whisker', x1: x(across.low), x2: x(across.high), y1: y(risk), y2: y(risk) }),
      svg('line', { class: 'whisker', x1: x(coverage), x2: x(coverage), y1: y(down.low), y2: y(down.high) }),
      svg('circle', { class: 'dot', cx: x(coverage), cy: y(risk), r: 4.5 }, svg('title', null, mayAnswer(s)))] : null);
}

// The curves at ten shares of the questions: what answering at least so many would cost.
function riskTable(id, s, controls) {
  const names = [s.signal, ...controls.filter((name) => own(s.curves, name))];
  const columns = [{ name: T('coverage'), ...NUMBER }, ...names.map((name) => ({ name: signalName(name), ...NUMBER }))];
  const tenths = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);
  const at = (name, least) => s.curves[name].find(([coverage]) => coverage >= least - 1e-6);
  return tableOf(colon(T('risk_share'), id), columns, tenths.map((least) => [share(least, 0), ...names.map((name) => {
    const found = at(name, least);
    return found ? share(found[1]) : NONE;
  })]), T('risk_table'));
}

// Elements made of text nodes only: nothing here ever parses HTML.
const SVG = 'http://www.w3.org/2000/svg';

function fill(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

function assign(node, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  return node;
}

const el = (tag, attributes, ...children) =>
  fill(assign(document.createElement(tag), attributes), children);
const svg = (tag, attributes, ...children) =>
  fill(assign(document.createElementNS(SVG, tag), attributes), children);

const WIDE_TABLE = 9; // columns; of more the cells wrap on paper

// A real table: column heads with scope, and the row's head in the first column that is no place.
// The caption is for those who hear the page where a heading already says it (`seen` false).
function table(caption, columns, rows, seen = false) {
  const headed = columns.findIndex((c) => !c.place);
  const head = columns.map((c) => el('th', { scope: 'col', class: c.class }, c.name));
  const body = rows.map((cells) => el('tr', null, cells.map((cell, i) =>
    el(i === headed ? 'th' : 'td',
      { scope: i === headed ? 'row' : null, class: columns[i].class }, cell))));
  const made = el('table', { class: columns.length > WIDE_TABLE ? 'many' : null }, el('caption', { class: seen ? null : 'unseen' }, caption),
    el('thead', null, el('tr', null, head)), el('tbody', null, body));
  return el('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption }, made);
}

// A line is a text, or texts and elements in a row.
function notes(lines) {
  const items = new Map(lines.map((line) => el('li', null, line)).map((item) => [item.textContent, item]));
  return items.size ? el('ul', { class: 'notes' }, [...items.values()]) : null;
}

const section = (id, title, ...children) =>
  el('section', { 'aria-labelledby': id }, el('h2', { id }, title), children);

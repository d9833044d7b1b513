// The inverse of columns.py: gathered.
function spread(value) {
  if (Array.isArray(value)) return value.map(spread);
  if (value === null || typeof value !== 'object') return value;
  if (value['§plain']) return Object.fromEntries(value['§plain'].map(([k, v]) => [k, spread(v)]));
  if (value['§map']) {
    const records = spread(value.of);
    return Object.fromEntries(value['§map'].map((k, i) => [k, records[i]]));
  }
  if (value['§pool']) {
    const pool = spread(value['§pool']);
    return value.at.map((place) => pool[place]); // shared by all that have it: nobody changes a record
  }
  if (value['§table']) {
    const columns = value.of.map(spread);
    return columns[0].map((_, i) => Object.fromEntries(value['§table'].map((name, c) => [name, columns[c][i]])));
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, spread(v)]));
}

// Joins the messages that a page shows with those that the server remembers. Messages carry no number.
// Order and content suffice, because everyone sees the stored order.

export const historyLimit = 256; // messages that the server keeps

const same = (a, b) => a.author === b.author && a.text === b.text;

const key = (message) => JSON.stringify([message.author, message.text]);

// overlap is the largest k for which the last k of a are the first k of b.
export function overlap(a, b) {
  for (let k = Math.min(a.length, b.length); k > 0; k--) {
    if (b.slice(0, k).every((m, i) => same(m, a[a.length - k + i]))) return k;
  }
  return 0;
}

// resync says what to show behind shown, the messages since the server started as far as this page knows.
// remembered is the server's history, and live has the pushes since that was asked for. past is of the
// history, next is behind that. gap is "" if nothing is missing, "restart" if the server has begun anew,
// "missed" if it has forgotten some; lost says that some were pushed behind those that are shown.
export function resync(shown, remembered, live, lost = false) {
  const next = live.slice(overlap(remembered, live));
  const known = overlap(shown, remembered);
  // Below its limit the history is everything since the start, so it must begin with all that is shown.
  const whole = remembered.length < historyLimit;
  if (whole && known < shown.length) return { gap: "restart", past: remembered, next };
  const gap = !whole && known === 0 && (shown.length > 0 || lost) ? "missed" : "";
  return { gap, past: remembered.slice(known), next };
}

// lacking is how many of the messages that the server remembers are not among shown.
export function lacking(shown, remembered) {
  const left = new Map();
  for (const m of shown) left.set(key(m), (left.get(key(m)) ?? 0) + 1);
  let count = 0;
  for (const m of remembered) {
    const n = left.get(key(m)) ?? 0;
    if (n === 0) count++;
    else left.set(key(m), n - 1);
  }
  return count;
}

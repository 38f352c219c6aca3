// Joins the messages that a page shows with those that the server remembers. Messages carry no number.
// Order and content suffice, because everyone sees the stored order.

const historyLimit = 256; // messages that the server keeps

const same = (a, b) => a.author === b.author && a.text === b.text;

// overlap is the largest k for which the last k of a are the first k of b.
export function overlap(a, b) {
  for (let k = Math.min(a.length, b.length); k > 0; k--) {
    if (b.slice(0, k).every((m, i) => same(m, a[a.length - k + i]))) return k;
  }
  return 0;
}

// resync says what to add to shown, the messages since the server started as far as this page knows.
// remembered is the server's history, and live has the pushes since that was asked for. gap is "" if
// nothing was missed, "restart" if the server has begun anew, "missed" if it has forgotten some.
export function resync(shown, remembered, live) {
  const tail = live.slice(overlap(remembered, live));
  const known = overlap(shown, remembered);
  // Below its limit the history is everything since the start, so it must begin with all that is shown.
  const whole = remembered.length < historyLimit;
  if (whole && known < shown.length) return { gap: "restart", add: [...remembered, ...tail] };
  const gap = shown.length > 0 && known === 0 && remembered.length > 0 ? "missed" : "";
  return { gap, add: [...remembered.slice(known), ...tail] };
}

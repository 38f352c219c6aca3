// Bringing what a page shows and what a server remembers together. Messages carry no number: order
// and content are all there is, and they suffice because everyone sees the stored order.

const historyLimit = 256; // what the server keeps

const same = (a, b) => a.author === b.author && a.text === b.text;

// overlap is the largest k for which the last k of a are the first k of b.
export function overlap(a, b) {
  for (let k = Math.min(a.length, b.length); k > 0; k--) {
    if (b.slice(0, k).every((m, i) => same(m, a[a.length - k + i]))) return k;
  }
  return 0;
}

// resync says what to add to shown, the messages since the server started as far as this page knows:
// remembered is the server's history, live what was pushed since it was asked for. gap is "" when
// nothing was missed, "restart" when the server has begun anew, "missed" when it has forgotten some.
export function resync(shown, remembered, live) {
  const tail = live.slice(overlap(remembered, live));
  const known = overlap(shown, remembered);
  // Below its limit the history is everything since the start, so it must begin with all that is shown.
  const whole = remembered.length < historyLimit;
  if (whole && known < shown.length) return { gap: "restart", add: [...remembered, ...tail] };
  const gap = shown.length > 0 && known === 0 && remembered.length > 0 ? "missed" : "";
  return { gap, add: [...remembered.slice(known), ...tail] };
}

// Evaluates to the faults of the page as it stands, one sentence each: parts that do not fit, controls
// that are too small, covered or overlapped, and text that does not stand out.
(() => {
  const least = 40; // px, of what can be pressed
  const contrast = 4.5;
  const found = new Set();
  const say = (what) => found.add(what);
  const visible = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const hiddenAway = (e) => e.closest(".hidden, .skip") !== null;
  const name = (e) => {
    const own = e.id ? `#${e.id}` : `${e.tagName.toLowerCase()}.${[...e.classList].join(".")}`;
    return `${own} “${(e.getAttribute("aria-label") ?? e.textContent).trim().slice(0, 20)}”`;
  };
  const all = [...document.body.querySelectorAll("*")].filter((e) => visible(e) && !hiddenAway(e));
  const round = (r) => `${Math.round(r.left)},${Math.round(r.top)} ${Math.round(r.width)}×${Math.round(r.height)}`;

  // Nothing is wider than the window, and only lists scroll, downwards.
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) say(`the page is ${root.scrollWidth} px wide, the window ${root.clientWidth}`);
  if (root.scrollHeight > root.clientHeight) say(`the page is ${root.scrollHeight} px high, the window ${root.clientHeight}`);
  for (const e of all) {
    const style = getComputedStyle(e);
    const cut = style.textOverflow === "ellipsis" || style.display.includes("box") || e.matches("input, select, textarea");
    if (e.scrollWidth > e.clientWidth + 1 && style.overflowX !== "visible" && !cut) say(`${name(e)} is cut at its side: ${e.scrollWidth} in ${e.clientWidth} px`);
    const box = e.getBoundingClientRect();
    if (box.width > 0 && (box.left < -1 || box.right > innerWidth + 1)) say(`${name(e)} leaves the window: ${round(box)}`);
  }

  // The parts of the page stand beside each other.
  for (const parent of [document.body, ...document.querySelectorAll(".layout, .side, .inspect, .chat, .bar, .facts, .composer, .inline, .wire-head, .chat-head, .channels li, .views")]) {
    const parts = [...parent.children].filter((e) => all.includes(e)).map((e) => [e, e.getBoundingClientRect()]);
    for (const [i, [a, x]] of parts.entries()) {
      for (const [b, y] of parts.slice(i + 1)) {
        if (x.left + 1 < y.right && y.left + 1 < x.right && x.top + 1 < y.bottom && y.top + 1 < x.bottom) say(`${name(a)} and ${name(b)} overlap: ${round(x)} and ${round(y)}`);
      }
    }
  }

  // A control is large enough, can be scrolled to, and then nothing lies over it.
  const frames = [...document.querySelectorAll("#frames button")];
  const controls = all.filter((e) => e.matches("button, input, select, textarea, summary, a[href]") && (!frames.includes(e) || frames.indexOf(e) > frames.length - 8));
  for (const control of controls) {
    const target = control.type === "checkbox" ? control.closest("label") : control;
    target.scrollIntoView({ block: "nearest" });
    const box = target.getBoundingClientRect();
    if (box.width < least || box.height < least) say(`${name(target)} is ${Math.round(box.width)}×${Math.round(box.height)} px`);
    for (const [across, down] of [[0.5, 0.5], [0.15, 0.2], [0.85, 0.2], [0.15, 0.8], [0.85, 0.8]]) {
      const there = document.elementFromPoint(box.left + box.width * across, box.top + box.height * down);
      if (!there || !target.contains(there)) {
        say(`${name(target)} is covered by ${there ? name(there) : "the edge of the window"}: ${round(box)}`);
        break;
      }
    }
  }

  // Text stands out from what is behind it.
  const channels = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
  const behind = (e) => {
    if (!e) return [255, 255, 255, 1];
    const color = channels(getComputedStyle(e).backgroundColor);
    return color[3] === 1 ? color : over(color, behind(e.parentElement));
  };
  const light = (color) => {
    const [r, g, b] = color.slice(0, 3).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (color, ground) => {
    const [a, b] = [light(over(channels(color), ground)), light(ground)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const judge = (e, what, color) => {
    const stands = ratio(color, behind(e));
    if (stands < contrast) say(`${what} ${name(e)} has contrast ${stands.toFixed(2)}`);
  };
  for (const e of all) {
    if (e.matches(":disabled, option") || e.closest("svg")) continue;
    const text = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    if (text || e.matches("input, select, textarea")) judge(e, "the text of", getComputedStyle(e).color);
    if (e.placeholder) judge(e, "the placeholder of", getComputedStyle(e, "::placeholder").color);
  }

  // What can be used has a name.
  for (const control of controls) {
    const named = control.textContent.trim() || control.getAttribute("aria-label") || [...(control.labels ?? [])].some((l) => l.textContent.trim());
    if (!named) say(`${name(control)} has no name for who cannot see it`);
  }
  return [...found];
})()

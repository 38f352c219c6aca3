// The few helpers the page needs. Text only ever becomes text, never markup.

export const $ = (id) => document.getElementById(id);

// make("p", {className: "hint", hidden: true}, "text", node) builds an element.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// capped removes the oldest children above limit.
export function capped(list, limit) {
  while (list.childElementCount > limit) list.firstElementChild.remove();
}

// followed keeps a list at its end while it grows or changes size, unless the reader has scrolled up.
// It returns a function that goes to the end.
export function followed(list) {
  let atEnd = true;
  const toEnd = () => (list.scrollTop = list.scrollHeight);
  const follow = () => atEnd && toEnd();
  list.addEventListener("scroll", () => (atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40), { passive: true });
  new ResizeObserver(follow).observe(list);
  new MutationObserver(follow).observe(list, { childList: true });
  return () => {
    atEnd = true;
    toEnd();
  };
}

// answered puts an outcome beside its control. An element with a hint has its line from the start.
export function answered(id, text, tone = "") {
  $(id).textContent = text;
  $(id).dataset.tone = tone;
}

// failed does the same with an error; an empty text is no code.
export function failed(id, what, error) {
  answered(id, `${what}: ${error.message}${error.code ? ` (${error.code})` : ""}`, "bad");
}

// tell says what went wrong in the conversation, until it is dismissed or something works again.
export function tell(text) {
  $("told-text").textContent = text;
  $("told").hidden = false;
}

export function untell() {
  $("told").hidden = true;
}

// clock shows a time of day.
export function clock(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

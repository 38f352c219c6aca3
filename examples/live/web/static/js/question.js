// Questions: this tab is asked by the server, and an admin has another tab asked.
import { $, answered, failed } from "./dom.js";

const personWithin = 40000; // ms, for an answer: more than the server waits for a person

let open = false;

// confirm shows a question until somebody presses Yes or No, which it returns, or nobody waits any more.
export function confirm({ by, text }, signal) {
  if (open) throw Object.assign(new Error("another question is open here"), { code: "busy" });
  open = true;
  $("question-by").textContent = `${by} asks:`;
  $("question-text").textContent = text;
  $("question").hidden = $("asked").hidden = false; // a narrow screen may show another view
  return new Promise((resolve) => {
    const done = (yes) => {
      open = false;
      $("question").hidden = $("asked").hidden = true;
      $("question-yes").onclick = $("question-no").onclick = null;
      resolve(yes);
    };
    $("question-yes").onclick = () => done(true);
    $("question-no").onclick = () => done(false);
    signal.addEventListener("abort", () => open && done(false));
  });
}

export function startAsking(session) {
  $("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = $("ask-name").value.trim();
    $("ask-go").disabled = true;
    answered("ask-result", `Asking ${name}…`);
    try {
      const yes = await session.request("may_close", { name }, personWithin);
      answered("ask-result", yes ? `${name} says yes, and is closed.` : `${name} says no.`);
    } catch (error) {
      failed("ask-result", "No answer", error);
    }
    $("ask-go").disabled = false;
  });
}

// Questions: this tab is asked by the server, and an admin has another tab asked.
import { $, answered, failed } from "./dom.js";
import { WsError } from "./live.gen.js";

const timeoutMs = 40000; // for an answer: more than the server waits for a person

let open = false;

// confirm shows a question until somebody presses Yes or No, which it returns, or nobody waits any more.
function confirm({ by, text }, { signal }) {
  if (open) throw new WsError("busy", "another question is open here");
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
  session.each((client) => client.handle("confirm", confirm));
  $("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = $("ask-name").value.trim();
    $("ask-go").disabled = true;
    answered("ask-result", `Asking ${name}…`);
    try {
      const yes = await session.client.mayClose({ name }, { timeoutMs });
      answered("ask-result", yes ? `${name} says yes, and is closed.` : `${name} says no.`);
    } catch (error) {
      failed("ask-result", "No answer", error);
    }
    $("ask-go").disabled = false;
  });
}

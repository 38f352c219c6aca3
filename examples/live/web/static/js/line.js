// The panel of the session: its line is cut for a while, and it goes on; the server is restarted, and there is
// another.
import { $, answered, failed } from "./dom.js";
import { at } from "./nodes.js";

const cutFor = 5000; // ms
const napFor = 2500; // ms: a call that is under way when the server goes

const plural = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

// startLine tells what becomes of the session. missing returns how many messages the page does not have that the
// server has.
export function startLine(session, missing) {
  let call = ""; // what became of the call that was under way at a restart
  let restarts = 0; // so that a call of one that was refused says nothing
  let openings = 0; // so that one which is over says nothing

  $("line-cut").addEventListener("click", () => {
    session.cut(cutFor);
    answered("line-result", `Cut for ${cutFor / 1000} s. Speak in another tab meanwhile.`);
  });

  $("restart").addEventListener("click", async () => {
    const current = ++restarts;
    const became = (what) => current === restarts && (call = what);
    became("");
    session.client.nap({ ms: napFor }).then(
      () => became("Call answered. "),
      (error) => became(`Call failed (${error.code}). `),
    );
    try {
      const response = await fetch(at("/restart"), { method: "POST" });
      if (!response.ok) throw new Error((await response.text()).trim());
      answered("line-result", "It goes away, and a call is under way…");
    } catch (error) {
      restarts++;
      call = "";
      failed("line-result", "Not restarted", error);
    }
  });

  // wentOn counts what came before the answer to a call: that is behind all that waited for this session. What is kept
  // may come a moment later.
  async function wentOn() {
    const opening = openings;
    const before = session.had();
    try {
      await session.client.me();
      const what = `Your session went on: ${plural(session.had() - before - 1, "frame")} came meanwhile, `;
      const lacks = await missing();
      if (opening !== openings) return;
      answered("line-result", `${what}${lacks === 0 ? "nothing" : lacks} missing.`, lacks === 0 ? "" : "bad");
    } catch (error) {
      failed("line-result", "Not compared", error);
    }
  }

  session.onState((name) => {
    $("line-cut").disabled = $("restart").disabled = name !== "open";
    $("line-state").textContent = name === "open" ? "has a line" : "has no line";
  });
  session.onOpen(({ resumed, why }) => {
    openings++;
    if (resumed) return wentOn();
    // Without a reason no session was to go on.
    if (why) answered("line-result", `${call}A new session (${why}): all is loaded anew.`);
    call = "";
  });
}

// What was said to everyone. This page follows it as a kept push, recorded: each message comes once and in order, also
// what was said while the page was away. The event history has the past, which following does not bring, and what is
// left when something is lost. Where nothing is kept there is the event message, and the history after every gap.
import { tell } from "./dom.js";
import { historyLimit, lacking, resync } from "./history.js";
import { gone } from "./session.js";

const mostKnown = 1000; // messages kept to compare with the server's history
const patience = 5000; // ms: what was missed comes without such a gap

const gaps = {
  restart: "The server has started anew",
  missed: `Some messages are lost: the server keeps the last ${historyLimit}`,
};

const meanwhile = (n) => `${n} ${n === 1 ? "message" : "messages"} came while you were away`;

// startLines calls show with each message in its order, and with when it was said: "now", in the "past" before this
// page was there, or while it was "away". It calls note with what is to be said between messages, and how: "loud" or
// "away". begin is for a session that is new, goOn for one that goes on.
export function startLines(session, show, note) {
  let known = []; // messages since the server's start, as far as this page has seen them
  let pushed = null; // what is pushed while the history is on its way
  let asked = 0; // how often that was asked for: the last answer counts
  let needs = {}; // what the answer is for; load: what it has is shown, lost: something is missing
  let missed = 0; // how many of the messages that come next were said while this page was away
  let waits = 0; // the timer of the next of them
  let visited = false; // the past was loaded
  let follows = true; // unless the server refuses
  let begins = false; // nobody has said yet where following begins
  let placed = false; // this client was told so before, and says itself where it was
  const waiting = []; // for nothing to be missed

  function add(message, when) {
    known.push(message);
    if (known.length > mostKnown) known = known.slice(-mostKnown);
    show(message, when);
  }

  function arrive(message) {
    const late = missed > 0;
    add(message, late ? "away" : "now");
    if (late) expectNext(missed - 1);
    settle();
  }

  function heard(message) {
    if (pushed) pushed.push(message);
    else arrive(message);
  }

  function settle() {
    if (pushed || missed > 0) return;
    for (const done of waiting.splice(0)) done();
  }

  // catchUp asks for the history. Of several the last answer is for what all of them needed, and pushes wait for it.
  async function catchUp(need = {}) {
    const turn = ++asked;
    needs = { ...needs, ...need };
    pushed ??= [];
    let remembered = null;
    try {
      remembered = await session.client.history();
    } catch (error) {
      if (turn !== asked || gone(error)) return; // the next connection asks anew
      tell(`Could not catch up: ${error.message} (${error.code})`);
    }
    if (turn === asked) answered(remembered);
  }

  function answered(remembered) {
    const came = pushed;
    const { load, lost } = needs;
    pushed = null;
    needs = {};
    expectNext(0);
    if (remembered && load) return loaded(remembered, came, lost);
    if (remembered) expect(lacking(known, remembered));
    for (const message of came) arrive(message);
    settle();
  }

  // loaded shows the messages that the server remembers, and behind them what was pushed since it was asked.
  function loaded(remembered, came, lost) {
    const { gap, past, next } = resync(known, remembered, came, lost);
    if (gap === "restart") known = [];
    if (gap) note(gaps[gap], "loud");
    if (visited && past.length > 0) note(meanwhile(past.length), "away");
    for (const message of past) add(message, visited ? "away" : "past");
    visited ||= !begins; // else the past is loaded once more
    for (const message of next) add(message, "now");
    settle();
  }

  // expect has the next n messages be what was missed. They are pushes like all others: by nothing but their number are
  // they told apart.
  function expect(n) {
    if (n > 0) note(meanwhile(n), "away");
    expectNext(n);
  }

  // expectNext waits for the next of n, but not for ever.
  function expectNext(n) {
    missed = n;
    clearTimeout(waits);
    if (n === 0) return;
    const turn = asked;
    waits = setTimeout(() => {
      if (turn !== asked) return;
      missed = 0;
      settle();
    }, patience);
  }

  async function begin() {
    follows = begins = true;
    try {
      await session.client.follow();
      if (begins && !placed) catchUp({ load: true }); // and once more when it is known
    } catch (error) {
      if (gone(error)) return;
      follows = begins = false;
      if (error.code !== "unavailable") tell(`Not followed: ${error.message} (${error.code})`);
      catchUp({ load: true });
    }
  }

  const cameBack = () => catchUp(visited ? {} : { load: true });

  session.onJoined(({ recovered }) => {
    if (!begins) return; // it is said again when a session goes on
    begins = false;
    placed = true;
    if (recovered === undefined) catchUp({ load: true });
  });
  session.each((client) => {
    placed = false;
    client.on("recorded", (message) => follows && !begins && heard(message));
    client.on("message", (message) => follows || heard(message));
    client.onRecovered(cameBack);
    client.onLost(() => catchUp({ load: true, lost: true }));
    client.onShed(() => follows || catchUp({ load: true }));
  });

  // missing returns how many of the messages that the server remembers this page does not show, once it has caught up.
  // Both may have one more at the moment, so it looks twice.
  async function missing() {
    await new Promise((done) => {
      waiting.push(done);
      settle();
    });
    const lacks = async () => lacking(known, await session.client.history());
    return (await lacks()) && lacks();
  }

  return { begin, goOn: () => begins || cameBack(), missing };
}

// The visitor as the server knows them: a guest, or a demo user with a token that expires.
import { $, answered, failed, tell } from "./dom.js";
import { at } from "./nodes.js";
import { gone } from "./session.js";

const userKey = "wsgen-live-user";
const renewBefore = 20; // seconds before the end, if the page renews by itself

let user = sessionStorage.getItem(userKey); // each tab has its own; null is a guest

async function mint() {
  const response = await fetch(at("/token"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user }),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()).token;
}

// token makes the token that the next connection shows, a new one each time; null for a guest.
export const token = () => (user === null ? null : mint());

function become(name) {
  user = name;
  if (name === null) sessionStorage.removeItem(userKey);
  else sessionStorage.setItem(userKey, name);
}

// startUser calls is with whom the server takes this page for, and lost when that ends.
export function startUser(session, { is, lost }) {
  let expires = 0; // ms; 0 is never
  let renewing = false;

  async function ask() {
    const who = await session.client.whoami();
    expires = who.expires ? Date.parse(who.expires) : 0;
    const guest = who.user === "";
    if (!guest && $("user").dataset.user !== who.user) answered("sign-out-result", "Every tab of a user; for admins.");
    $("user").dataset.user = who.user;
    $("user-name").textContent = guest ? "a guest" : who.user;
    $("user-scopes").textContent = guest ? "" : `may ${who.scopes.join(", ")}`;
    $("user-in").hidden = !guest; // the one stands where the other was
    $("user-is").hidden = guest;
    $("user-token").hidden = guest || !expires;
    is(who);
    show();
  }

  function show() {
    const left = Math.max(0, Math.ceil((expires - Date.now()) / 1000));
    $("user-left").textContent = `Token: ${left} s left`;
    if (expires && left <= renewBefore && $("user-auto").checked && !renewing) renew();
  }

  // $refresh runs the guards again, with the new token, and the connection lives as long as that.
  async function renew() {
    renewing = true;
    try {
      await session.client.refresh();
      await ask();
    } catch (error) {
      if (!gone(error)) failed("sign-out-result", "Not renewed", error);
    }
    renewing = false;
  }

  const sign = (name) => {
    become(name);
    session.again();
  };
  $("user-in").addEventListener("submit", (event) => {
    event.preventDefault();
    sign($("user-pick").value);
  });
  $("user-leave").addEventListener("click", () => sign(null));
  $("user-renew").addEventListener("click", renew);
  $("sign-out").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const closed = await session.client.signOut({ user: $("sign-out-user").value });
      answered("sign-out-result", `${closed} ${closed === 1 ? "connection" : "connections"} closed.`);
    } catch (error) {
      if (!gone(error)) answered("sign-out-result", `${error.code}: ${error.message}`, "bad");
    }
  });
  setInterval(() => session.isOpen() && show(), 500);

  session.onOpen(() => ask().catch((error) => gone(error) || tell(`${error.message} (${error.code})`)));
  session.onState((name, cause) => {
    if (name !== "waiting" && name !== "closed") return;
    expires = 0;
    if (cause.code !== 4401) return;
    const why = `You are a guest now: ${cause.reason || `the token of ${user} is no longer good`}`;
    answered("sign-out-result", why, "bad");
    lost(why);
    become(null);
  });
}

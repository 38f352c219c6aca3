package main

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
)

// TestWhatIsFollowed checks, step by step and without a server, what a page shows of what it follows: each
// message once and in order whenever the history is answered, what came late as late, and what is missing.
func TestWhatIsFollowed(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	page, err := b.Page(p.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	for _, c := range []struct{ what, steps, shows string }{
		{
			"a first visit", `await opens(); joined({}); says("c"); await answer("ab"); says("d");`,
			"(a) (b) c d",
		},
		{
			"a first visit, and one said before the history was read", `await opens(); joined({}); says("b"); await answer("ab"); says("c");`,
			"(a) (b) c",
		},
		{
			"the engine is late", `await opens(); await answer("a"); says("b"); joined({}); await answer("ab"); says("c");`,
			"(a) (b) c",
		},
		{
			"away, in a session", here + `goesOn(); says("b"); says("c"); await answer("abc"); says("d");`,
			"(a) [2 messages came while you were away] <b> <c> d",
		},
		{
			"away, and what is kept comes behind the answer", here + `goesOn(); await answer("abc"); says("b"); says("c"); says("d");`,
			"(a) [2 messages came while you were away] <b> <c> d",
		},
		{
			"away, and what is kept comes slowly", here + `goesOn(); await answer("abc"); says("b"); passes(0); says("c"); says("d");`,
			"(a) [2 messages came while you were away] <b> <c> d",
		},
		{
			"away, and nothing comes for too long", here + `goesOn(); await answer("abc"); says("b"); passes(1); says("d");`,
			"(a) [2 messages came while you were away] <b> d",
		},
		{
			"away, and it is told again where it followed", here + `goesOn(); joined({}); says("b"); await answer("ab"); says("c");`,
			"(a) [1 message came while you were away] <b> c",
		},
		{
			"not away for long", here + `goesOn(); await answer("a"); says("b");`,
			"(a) b",
		},
		{
			"away, without a session", here + `await opens(); joined({ recovered: true }); recovered(); says("b"); await answer("ab"); says("c");`,
			"(a) [1 message came while you were away] <b> c",
		},
		{
			"away, and the engine is late", here + `await opens(); says("b"); joined({ recovered: true }); recovered(); says("b"); await answer("ab"); says("c");`,
			"(a) [1 message came while you were away] <b> c",
		},
		{
			"away for too long", here + `await opens(); joined({ recovered: false }); lost(); says("z"); await answer(full + "z"); says("c");`,
			"(a) {Some messages are lost: the server keeps the last 256} [256 messages came while you were away] <x> … <z> c",
		},
		{
			"away for too long, in a session", here + `goesOn(); lost(); await answer("nothing of it", 0); await answer(full + "y", 1); says("c");`,
			"(a) {Some messages are lost: the server keeps the last 256} [256 messages came while you were away] <x> … <y> c",
		},
		{
			"away for too long, and nothing was shown", `await opens(); joined({}); await answer(""); await opens(); joined({ recovered: false }); lost(); await answer(full + "z");`,
			"{Some messages are lost: the server keeps the last 256} [256 messages came while you were away] <x> … <z>",
		},
		{
			"lost, and the history has all of it", here + `goesOn(); await answer("a"); lost(); await answer("abc"); says("d");`,
			"(a) [2 messages came while you were away] <b> <c> d",
		},
		{
			"the server has started anew", here + `await opens(); joined({ recovered: false }); lost(); await answer("b"); says("c");`,
			"(a) {The server has started anew} [1 message came while you were away] <b> c",
		},
		{
			"a claim that came to nothing", here + `await opens(); joined({}); lost(); await answer("no", 0); await answer("ab", 1); says("c");`,
			"(a) [1 message came while you were away] <b> c",
		},
		{
			"nothing is kept", `await opens("unavailable"); announces("b"); await answer("ab"); announces("c"); says("no");`,
			"(a) (b) c",
		},
		{
			"nothing is kept, and away", `await opens("unavailable"); await answer("a"); goesOn(); announces("b"); await answer("ab"); announces("c");`,
			"(a) [1 message came while you were away] <b> c",
		},
		{
			"nothing is kept, and some was shed", `await opens("unavailable"); await answer("a"); shed(); await answer("ab"); announces("c");`,
			"(a) [1 message came while you were away] <b> c",
		},
		{
			"asked twice", here + `goesOn(); says("b"); goesOn(); says("c"); await answer("no", 0); await answer("abc", 1); says("d");`,
			"(a) [2 messages came while you were away] <b> <c> d",
		},
		{
			"asked twice, and the first answer is late", here + `goesOn(); says("b"); goesOn(); says("c"); await answer("abc", 1); await answer("no", 0); says("d");`,
			"(a) [2 messages came while you were away] <b> <c> d",
		},
		{
			"lost in the middle of it", here + `goesOn(); says("b"); await fail("disconnected"); says("c"); goesOn(); says("d"); await answer("abcd"); says("e");`,
			"(a) [3 messages came while you were away] <b> <c> <d> e",
		},
		{
			"the history is refused", here + `goesOn(); says("b"); await fail("internal"); says("c");`,
			"(a) b c Could not catch up: no (internal)",
		},
		{
			"it is announced and followed", here + `says("b"); announces("b"); announces("c"); says("c");`,
			"(a) b c",
		},
	} {
		got, err := browser.Eval[string](page, follows+c.steps+shown)
		if err != nil || got != c.shows {
			t.Errorf("%s:\nshows %s\nwant  %s (%v)", c.what, got, c.shows, err)
		}
	}
	visitor{page, t}.hasNoFaults()
}

// here is a page that has followed, and shows one message.
const here = `await opens(); joined({}); await answer("a"); `

// follows has a page that follows by a client that does what each step says.
const follows = `import("/static/js/lines.js").then(async ({ startLines }) => {
	document.querySelector("#told").hidden = true;
	const turn = () => new Promise((done) => setTimeout(done));
	const late = []; // timers of 5 s, of which each passes when the test says so, if it was not cleared
	window.setTimeout = ((set) => (fn, ms, ...rest) => (ms >= 5000 ? -late.push(fn) : set(fn, ms, ...rest)))(window.setTimeout);
	window.clearTimeout = ((clear) => (timer) => (timer < 0 ? delete late[-timer - 1] : clear(timer)))(window.clearTimeout);
	const passes = (n) => late[n]?.();
	const full = "x".repeat(255);
	const refused = (code) => Object.assign(new Error("no"), { code });
	const message = (text) => ({ author: "Bob", text });
	const asked = [];
	const told = {};
	const list = [];
	let refusal = "";
	let joined;
	const client = {
		on: (name, listener) => (told[name] = listener),
		onRecovered: (listener) => (told.recovered = listener),
		onLost: (listener) => (told.lost = listener),
		onShed: (listener) => (told.shed = listener),
		follow: () => (refusal ? Promise.reject(refused(refusal)) : turn()),
		history: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
	};
	const session = { client, each: (wire) => wire(client), onJoined: (listener) => (joined = listener) };
	const lines = startLines(
		session,
		({ text }, when) => list.push({ now: text, past: "(" + text + ")", away: "<" + text + ">" }[when]),
		(text, kind) => list.push(kind === "loud" ? "{" + text + "}" : "[" + text + "]"),
	);
	const opens = (code = "") => ((refusal = code), lines.begin(), code && turn());
	const goesOn = () => lines.goOn();
	const says = (text) => told.recorded(message(text));
	const announces = (text) => told.message(message(text));
	const [recovered, lost, shed] = ["recovered", "lost", "shed"].map((what) => () => told[what]({}));
	const ends = async (how, value, which) => {
		await turn();
		const call = which === undefined ? asked.pop() : asked[which];
		call[how](value);
		await turn();
	};
	const answer = (letters, which) => ends("resolve", [...letters].map(message), which);
	const fail = (code) => ends("reject", refused(code));
`

// shown is what it shows then; of many late ones in a row the first and the last.
const shown = `
	await turn();
	const said = document.querySelector("#told").hidden ? [] : [document.querySelector("#told-text").textContent];
	return [...list, ...said].join(" ").replace(/<x>( <x>)+/, "<x> …");
})`

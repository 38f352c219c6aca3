package main

import (
	"testing"

	"github.com/wsgen/wsgen/examples/live/internal/browser"
)

// TestCatchingUpTwice checks that a page which asks for the history again, before it has the first answer or
// when that was an error, shows all that was said, once.
func TestCatchingUpTwice(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	page, err := b.Page(p.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	v := visitor{page, t}
	for what, c := range map[string]struct{ answers, says string }{
		"both are answered": {`first.resolve([one, two]); second.resolve([one, two, three]);`, "one two three four"},
		"the first is late": {`second.resolve([one, two, three]); await turn(); first.resolve([one, two]);`, "one two three four"},
		"both are errors":   {`first.reject(refused); second.reject(refused);`, "three four"}, // not what nobody told
	} {
		got, err := browser.Eval[string](v.Page, `import("/static/js/chat.js").then(async ({ startChat }) => {
			document.querySelector("#channels").replaceChildren();
			document.querySelector("#told").hidden = true;
			const turn = () => new Promise((done) => setTimeout(done));
			const asked = [];
			const refused = Object.assign(new Error("no"), { code: "internal" });
			const [one, two, three, four] = ["one", "two", "three", "four"].map((text) => ({ author: "Bob", text }));
			const pushed = {};
			const client = {
				on: (name, listener) => (pushed[name] = listener),
				onShed() {},
				history: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
			};
			const chat = startChat("Ada", { client, each: (wire) => wire(client), onOpen() {}, excess: () => 0, isOpen: () => true });
			chat.catchUp();
			if (asked.length !== 1) return "asked " + asked.length + " times";
			pushed.message(two);
			chat.catchUp();
			pushed.message(three);
			const [first, second] = asked;
			`+c.answers+`
			await turn();
			pushed.message(four);
			return [...document.querySelectorAll(".msg .text")].map((e) => e.textContent).join(" ");
		})`)
		if err != nil || got != c.says {
			t.Errorf("%s: shown %q, want %q (%v)", what, got, c.says, err)
		}
	}
	v.hasNoFaults()
}

package main

import (
	"fmt"
	"testing"
)

// person is a line of the list of people, as it is shown: name, user, "you", tabs.
const person = `[...document.querySelectorAll("#people li")].map((row) => [...row.children].slice(1).map((e) => e.textContent).join(" ")).join(", ")`

// TestPeopleAndTheirTabs checks that each tab is told who is there: a user once, with the number of their tabs, also
// while one of them is loaded anew.
func TestPeopleAndTheirTabs(t *testing.T) {
	b := startBrowser(t)
	p := launch(t, "127.0.0.1:0")
	bob, ann := visit(t, b, p.url, "Bob"), visit(t, b, p.url, "Ann")
	shows := func(v visitor, want string) {
		t.Helper()
		v.waits(fmt.Sprintf("%s === %q", person, want))
	}
	shows(bob, "Bob you 1 tab, Ann 1 tab")
	shows(ann, "Ann you 1 tab, Bob 1 tab")
	ann.signsIn("ann")
	shows(bob, "Bob you 1 tab, Ann ann ✓ 1 tab") // the guest has gone
	second := visit(t, b, p.url, "Ann at work")
	second.signsIn("ann")
	shows(bob, "Bob you 1 tab, Ann, Ann at work ann ✓ 2 tabs")
	bob.sees("#people-title", "Here now: 2")
	bob.sees("#presence", "3") // connections
	shows(ann, "Ann, Ann at work ann ✓ you 2 tabs, Bob 1 tab")

	// Whoever is back soon was never gone.
	bob.clicks("#wire-clear")
	ann.reloads()
	shows(ann, "Ann, Ann at work ann ✓ you 2 tabs, Bob 1 tab")
	bob.waits(`![...document.querySelectorAll("#frames .in .json")].some(e => e.textContent.includes('"left"'))`)
	second.clicks("#user-leave")
	shows(bob, "Bob you 1 tab, Ann ann ✓ 1 tab, Ann at work 1 tab")
	for _, v := range []visitor{bob, ann, second} {
		v.hasNoFaults()
	}
}

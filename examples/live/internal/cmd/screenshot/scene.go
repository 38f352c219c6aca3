package main

import "github.com/wsgen/wsgen/examples/live/internal/browser"

var pictures = [...]picture{
	{"live.png", 1, talk},
	{"nodes.png", 3, cutLine},
}

type step func() error

func says(by, at *browser.Page, text string) step {
	return func() error {
		if err := by.Type("#draft", text+"\n"); err != nil {
			return err
		}
		return at.WaitText(".msg .text", text)
	}
}

func types(p *browser.Page, selector, text string) step {
	return func() error { return p.Type(selector, text) }
}

func waits(p *browser.Page, selector, text string) step {
	return func() error { return p.WaitText(selector, text) }
}

func clicks(p *browser.Page, selector string) step {
	return func() error { return p.Click(selector) }
}

func enters(p *browser.Page, name string) step {
	return func() error {
		if err := p.Type("#name", name+"\n"); err != nil {
			return err
		}
		return p.WaitText("#state-text", "Connected")
	}
}

// talk is a short conversation that shows every part of the page.
func talk(ada, grace *browser.Page) []step {
	return []step{
		enters(ada, "Ada"), enters(grace, "Grace Hopper"),
		says(ada, grace, "Good morning! The new build is up."),
		says(ada, grace, "Every handler is a plain Go method, the dispatch is generated."),
		says(grace, ada, "Nice. So the types on the wire are my own structs?"),
		says(ada, grace, "Yes – and a push is a method call on an interface you own."),
		types(ada, "#room", "release\n"), waits(ada, "#channel-title", "#release"),
		types(grace, "#room", "release\n"), waits(grace, "#channel-title", "#release"),
		clicks(ada, "#channels li:first-child .open"),
		types(grace, "#draft", "notes are in the CHANGELOG\n"), waits(ada, ".count", "1"),
		clicks(grace, "#channels li:first-child .open"),
		says(grace, ada, "And that on the right is what really goes over the wire?"),
		says(ada, grace, "Frame by frame. Click one to see all of it."),
		clicks(ada, "#user summary"), clicks(ada, "#ordering summary"), clicks(ada, "#flooding summary"),
		clicks(grace, "#announcing summary"),
		types(ada, "#order-text", "flat white\n"), waits(ada, "#orders", "ready"),
		clicks(ada, "#user-go"), waits(ada, "#user-scopes", "admin"), waits(ada, "#state-text", "Connected"), clicks(ada, "#user summary"),
		clicks(ada, "#flood-go"), waits(ada, "#flood-result", "That makes"),
		clicks(ada, "#channel-title"),
		types(grace, "#announce-text", "Doors open at nine, bring a laptop.\n"),
		waits(ada, "#banner-text", "Doors open at nine"),
		waits(ada, "#heartbeat", "UTC"), waits(ada, "#presence", "2"),
		types(grace, "#draft", "One more thing"), waits(ada, "#typing", "is typing"),
	}
}

// cutLine has one of two people, at two of the nodes, lose her line and miss nothing.
func cutLine(ada, grace *browser.Page) []step {
	return []step{
		enters(ada, "Ada"), enters(grace, "Grace Hopper"),
		waits(ada, "#people-title", "Here now: 2"), waits(ada, "#nodes-self", "one of 3"),
		clicks(ada, "#nodes summary"), clicks(ada, "#session summary"),
		says(ada, grace, "We are at two nodes. Do you see me?"),
		says(grace, ada, "Among the people, and as somebody who types."),
		says(ada, grace, "I drive into a tunnel now."),
		clicks(ada, "#wire-quiet"),
		clicks(ada, "#line-cut"), waits(ada, "#line-state", "has no line"),
		says(grace, grace, "Nobody here saw you go, and this waits for you."),
		says(grace, grace, "So does this: each once, and in order."),
		clicks(ada, "#retry"), waits(ada, "#line-result", "nothing missing"),
		waits(ada, ".note.away", "2 messages came while you were away"), waits(ada, ".msg.late .text", "in order"),
		waits(ada, "#nodes-list", "yours too"), waits(ada, "#heartbeat", "UTC"), waits(ada, "#presence", "2"),
	}
}

package ws_test

import (
	"encoding/json"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestOwnTexts: an application cannot send a text that its client would take for one
// of the protocol's, whatever the client speaks, so both ends count the same.
func TestOwnTexts(t *testing.T) {
	clients := make(chan *ws.Client, 1)
	s := serve(t, ws.Options{}, gateway{on: map[string]handler{"here": inline(func(c *ws.Call) error { clients <- c.Client(); return nil })}})
	for name, p := range map[string]*peer{"plain": s.dial(t, "/ws"), "a session": s.session(t, "/ws")} {
		t.Run(name, func(t *testing.T) {
			p.send(`{"event":"here"}`)
			sender := await(t, "the client", clients).Sender()
			type event struct {
				Event string `json:"event"`
			}
			for what, err := range map[string]error{
				"Send":            sender.Send(`{"event":"$goaway","data":{"reason":"forged"}}`),
				"Send, no JSON":   sender.Send(`{"event":"$`),
				"SendJSON":        sender.SendJSON(event{"$shed"}),
				"SendJSON, raw":   sender.SendJSON(json.RawMessage(`{"event":"$pong","data":{"seq":9}}`)),
				"Emit":            sender.Emit("$connected", 1),
				"Emit of nothing": sender.Emit("$", 1),
			} {
				if err == nil || !strings.Contains(err.Error(), "$") {
					t.Errorf("%s: %v", what, err)
				}
			}
			for _, text := range []string{`{"event":"ok"}`, ` {"event":"$cancel"}`, `{"event": "$cancel"}`, `{"event":"`} {
				if err := sender.Send(text); err != nil {
					t.Error(text, err)
				}
				p.want(text)
			}
			if err := (ws.Sender{}).Send("x"); err != ws.ErrClosed {
				t.Error(err)
			}
		})
	}
}

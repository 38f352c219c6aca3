package ws

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// TestProtocolOf: a gateway has the protocol that its Spec names. One that this
// runtime does not speak is not served as another.
func TestProtocolOf(t *testing.T) {
	for name, want := range map[string]string{"": "", "events": "", "jsonrpc": `chat.Chat wants the protocol "jsonrpc"`, "Events": `wants the protocol "Events"`} {
		said := func() (said string) {
			defer func() {
				if v := recover(); v != nil {
					said = fmt.Sprint(v)
				}
			}()
			if p := protocolOf(&Spec{Gateway: "chat.Chat", Protocol: name}); p != protocolEvents {
				t.Errorf("%q: %v", name, p)
			}
			return ""
		}()
		if (said == "") != (want == "") || !bytes.Contains([]byte(said), []byte(want)) {
			t.Errorf("%q: it says %q, want %q", name, said, want)
		}
	}
}

// TestProtocolIsClosed: a protocol outside of the set is a bug, and nothing on
// the wire.
func TestProtocolIsClosed(t *testing.T) {
	other := protocolEvents + 1
	for name, call := range map[string]func(){
		"parse":       func() { _ = other.parse(new(envelope.Frame), nil) },
		"appendFront": func() { other.appendFront(nil, "e") },
		"beginData":   func() { other.beginData(nil, nil) },
		"tail":        func() { other.tail(false) },
		"refusal":     func() { other.refusal("e", NewError(CodeInternal, "")) },
		"command":     func() { other.command(new(envelope.Frame)) },
	} {
		func() {
			defer func() {
				if recover() != errNoProtocol {
					t.Errorf("%s of no protocol goes on", name)
				}
			}()
			call()
		}()
	}
}

package ws_test

import (
	"fmt"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestContract: a gateway that says what its clients were generated of tells each one
// that opens a session, and that comes back. One that does not says nothing.
func TestContract(t *testing.T) {
	s := serve(t, ws.Options{}, gateway{contract: "k3v9q2m1xw7d", on: map[string]handler{"echo": inline(echo)}}, gateway{path: "/other"})
	const says = `{"event":"$connected","data":{"resumed":%t,"seq":0,"schema":"k3v9q2m1xw7d","heartbeatMs":25000,"maxBytes":65536}}`
	p := s.dial(t, "/ws", v1)
	p.send(`{"event":"$connect","data":{"schema":"another"}}`)
	p.want(fmt.Sprintf(says, false))
	again := s.dial(t, "/ws", v1)
	again.send(`{"event":"$connect","data":{"resume":{"sid":%q,"seq":0}}}`, p.sid)
	again.want(fmt.Sprintf(says, true))
	s.session(t, "/other") // where it has no such member
}

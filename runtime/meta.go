package ws

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// deadlineMember is the member of meta that the runtime itself understands.
const deadlineMember = "deadlineMs"

const errMeta envelope.Fault = `the member "meta" must be an object of strings, its "deadlineMs" a number of milliseconds`

type metaKey struct{}

// Meta returns what accompanied the message whose handler or guard has ctx: the
// members of "meta", such as traceparent and tracestate (W3C Trace Context) and
// deadlineMs, which has shortened ctx's deadline already. It is nil if there is
// none, and must not be changed. A client can write anything there.
func Meta(ctx context.Context) map[string]string {
	meta, _ := ctx.Value(metaKey{}).(map[string]string)
	return meta
}

// accompany takes the message's meta. The time in it runs from now: it is how
// long the client will wait.
func (t *task) accompany(raw []byte) error {
	if raw == nil {
		return nil
	}
	if err := json.Unmarshal(raw, &t.meta); err != nil {
		return errMeta
	}
	text, ok := t.meta[deadlineMember]
	if !ok {
		return nil
	}
	ms, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return errMeta
	}
	if ms <= uint64(noLimit/time.Millisecond) {
		t.deadline = time.Now().Add(time.Duration(ms) * time.Millisecond)
	}
	return nil
}

package ws

import (
	"context"

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

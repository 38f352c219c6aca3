package ws

import (
	"context"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// deadlineMember is the member of every meta that the runtime itself understands.
const deadlineMember = "deadlineMs"

const errMeta envelope.Fault = `the member "meta" must be an object of strings, its "deadlineMs" a number of milliseconds`

type metaKey struct{}

// Meta returns the members of "meta" of the message whose handler or guard
// has ctx, such as traceparent and tracestate (W3C Trace Context). deadlineMs
// has shortened ctx's deadline already. The map is nil if there is none, and
// must not be changed. A client can write anything there
// (docs/reference/protocol.md, "Meta").
func Meta(ctx context.Context) map[string]string {
	meta, _ := ctx.Value(metaKey{}).(map[string]string)
	return meta
}

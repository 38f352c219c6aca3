package ws

import "github.com/wsgen/wsgen/runtime/internal/kit"

// DecodeData has a handler's decoder read the data of a message, for package
// wstest; nobody else can name the type of its first parameter. The message is
// taken apart as one that came from a client. If that fails, its error is returned
// and read is not called. There is neither a connection nor a Validator behind the
// Call, and a panic of read is the caller's.
func DecodeData(d *kit.Data, read func(*Call) error) error {
	text := []byte(`{"event":"fuzz"`)
	if len(d.JSON) > 0 {
		text = append(append(text, `,"data":`...), d.JSON...)
	}
	call := &Call{conn: &conn{endpoint: &Endpoint{handlers: []Handler{{Params: d.Params}}}}}
	if err := protocolEvents.parse(&call.frame, append(text, '}')); err != nil {
		return err
	}
	if d.Named {
		call.named()
	}
	return read(call)
}

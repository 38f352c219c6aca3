package wsclient

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
	"github.com/wsgen/wsgen/runtime/internal/steady"
)

// encode returns the text of a message. id is nil for none, and meta "". It refuses
// what a server would close the connection for.
func encode(event string, id []byte, data any, meta string) ([]byte, error) {
	if event != "" && event[0] == '$' {
		return nil, errors.New("wsclient: " + event + `: events that begin with "$" are the protocol's own`)
	}
	encoded, err := marshal(data)
	if err != nil {
		return nil, steady.Wrap("wsclient: "+event+": the data does not encode", err)
	}
	const around = len(`{"event":"","id":18446744073709551615,"data":,"meta":}`)
	text := make([]byte, 0, around+len(event)+len(encoded)+len(meta))
	text = append(envelope.BeginData(envelope.BeginEvent(text, event), id), encoded...)
	if meta != "" {
		text = append(append(text, `,"meta":`...), meta...)
	}
	return envelope.End(text), nil
}

// marshal returns the JSON of data. A json.RawMessage may be no UTF-8, which a server
// would close the connection for.
func marshal(data any) ([]byte, error) {
	encoded, err := json.Marshal(data)
	if err == nil && !utf8.Valid(encoded) {
		err = errors.New("it is not UTF-8")
	}
	return encoded, err
}

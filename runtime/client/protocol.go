package wsclient

import (
	"encoding/json"
	"strconv"
)

// This file has the protocol's own messages (docs/reference/protocol.md, "Sessions").

// protocol is the subprotocol that a client speaks.
const protocol = "wsgen.v1.json"

// connectData is the data of $connect.
type connectData struct {
	Token  string  `json:"token,omitempty"`
	Schema string  `json:"schema,omitempty"`
	Client string  `json:"client"`
	Resume *resume `json:"resume,omitempty"`
	// At is what was had of histories, for a session that begins.
	At map[string]string `json:"at,omitempty"`
}

// resume names the session that is to go on.
type resume struct {
	SID string `json:"sid"`
	Seq uint64 `json:"seq"`
}

// connectedData is the data of $connected.
type connectedData struct {
	SID         string `json:"sid"`
	Resumed     bool   `json:"resumed"`
	Why         string `json:"why"`
	Seq         uint64 `json:"seq"`
	Schema      string `json:"schema"`
	HeartbeatMs int64  `json:"heartbeatMs"`
	MaxBytes    int    `json:"maxBytes"`
}

// seqData is the data of $ping and $pong.
type seqData struct {
	Seq uint64 `json:"seq"`
}

// own returns a message of the protocol's own. Its data always encodes.
func own(event string, data any) []byte {
	encoded, _ := json.Marshal(data)
	return []byte(`{"event":"` + event + `","data":` + string(encoded) + `}`)
}

// ownOf is own for a message about the call of an id.
func ownOf(event string, id uint64, data string) []byte {
	return []byte(`{"event":"` + event + `","id":` + strconv.FormatUint(id, 10) + `,"data":` + data + `}`)
}

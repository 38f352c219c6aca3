package envelope

import "bytes"

// OwnPrefix begins each message that does not count in a session
// (docs/reference/protocol.md, "Counting"): those of the protocol's own. It is a
// rule about bytes, so that neither end has to parse.
const OwnPrefix = `{"event":"$`

// Counts reports whether a text message counts.
func Counts(text []byte) bool { return !bytes.HasPrefix(text, []byte(OwnPrefix)) }

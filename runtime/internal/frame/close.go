package frame

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// CloseCode is a WebSocket close code (RFC 6455, section 7.4).
type CloseCode uint16

// The codes that follow from bytes on the wire, and the two that only describe
// how a connection ended.
const (
	CloseProtocol CloseCode = 1002
	CloseNoStatus CloseCode = 1005 // never sent: the peer's Close had no code
	CloseAbnormal CloseCode = 1006 // never sent: no Close was received
	CloseInvalid  CloseCode = 1007 // text that is not UTF-8
	ClosePolicy   CloseCode = 1008
	CloseTooLarge CloseCode = 1009
	CloseInternal CloseCode = 1011
)

// maxReason is how many bytes of a control frame are left for the reason: 125
// less the code (RFC 6455, section 5.5).
const maxReason = 123

// Sendable reports whether a code may stand in a Close frame (RFC 6455, section
// 7.4, and the registry that it founded).
func Sendable(c CloseCode) bool {
	switch {
	case c >= 1000 && c <= 1003, c >= 1007 && c <= 1014, c >= 3000 && c <= 4999:
		return true
	}
	return false
}

// Close returns a Close frame: without a payload if the code must not be sent,
// and with as much of the reason as fits (CutReason).
func Close(code CloseCode, reason string) []byte {
	if !Sendable(code) {
		return Control(OpClose, nil)
	}
	reason = CutReason(reason)
	payload := make([]byte, 2, 2+len(reason))
	binary.BigEndian.PutUint16(payload, uint16(code))
	return Control(OpClose, append(payload, reason...))
}

// CutReason returns the part of a reason that may be sent: UTF-8, 123 bytes at
// most, cut at the end of a rune.
func CutReason(reason string) string {
	reason = strings.ToValidUTF8(reason, "\ufffd")
	if len(reason) <= maxReason {
		return reason
	}
	n := maxReason
	for n > 0 && !utf8.RuneStart(reason[n]) {
		n--
	}
	return reason[:n]
}

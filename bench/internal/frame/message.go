package frame

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/bench/internal/clock"
)

// Peek is how much of a payload's front is enough to find its stamp and its
// sender in.
const Peek = 96

// Stamp finds the member "at" in the front of a message.
func Stamp(payload []byte) (int64, bool) {
	_, digits, ok := bytes.Cut(payload[:min(Peek, len(payload))], []byte(`"at":`))
	if !ok {
		return 0, false
	}
	return clock.Parse(digits)
}

// Sender finds the member "by" in the front of a message.
func Sender(payload []byte) (int, bool) {
	_, number, ok := bytes.Cut(payload[:min(Peek, len(payload))], []byte(`"by":`))
	if !ok {
		return 0, false
	}
	n, digits := 0, 0
	for _, c := range number {
		if c < '0' || c > '9' {
			break
		}
		n, digits = n*10+int(c-'0'), digits+1
	}
	return n, digits > 0
}

// Message writes an event as the raw client sends it, padded to size bytes:
// {"event":…,"data":{"at":…,"by":…,"text":…}}, or the same in socket.io's
// form. It returns where the stamp's digits begin.
func Message(socket bool, event string, by, size int) (payload []byte, digits int) {
	front, end := `{"event":"`+event+`","data":`, `}`
	if socket {
		front, end = `42["`+event+`",`, `]`
	}
	front += `{"at":`
	digits = len(front)
	front += strings.Repeat("0", clock.Digits) + `,"by":` + strconv.Itoa(by) + `,"text":"`
	end = `"}` + end
	return []byte(front + strings.Repeat("x", max(0, size-len(front)-len(end))) + end), digits
}

// Join writes the message that enters a room.
func Join(socket bool, room string) []byte {
	if socket {
		return []byte(`42["join",{"room":"` + room + `"}]`)
	}
	return []byte(`{"event":"join","data":{"room":"` + room + `"}}`)
}

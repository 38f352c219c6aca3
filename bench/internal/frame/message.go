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

// Mark ends the text of a kept message, and stands nowhere else in what a server sends:
// so such messages can be counted wherever they are in a frame.
const Mark = '#'

// at stands in front of a stamp.
const at = `"at":`

// Finder finds stamps. Messages of one kind have theirs at the same place,
// where it looks first: to search anew costs more than all else a client does
// with a message. The zero value is ready.
type Finder struct{ last int }

// Stamp finds the member "at" in the front of a message.
func (f *Finder) Stamp(payload []byte) (int64, bool) {
	if end := f.last + len(at); end <= len(payload) && string(payload[f.last:end]) == at {
		return clock.Parse(payload[end:])
	}
	f.last = 0
	i := bytes.Index(payload[:min(Peek, len(payload))], []byte(at))
	if i < 0 {
		return 0, false
	}
	f.last = i
	return clock.Parse(payload[i+len(at):])
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

// Enter writes the message that enters a room, and wants a reply.
func Enter(room string, id int) []byte {
	return []byte(`{"event":"join","id":` + strconv.Itoa(id) + `,"data":{"room":"` + room + `"}}`)
}

// Entered tells whether a message is the reply to Enter that says yes.
func Entered(payload []byte) bool { return bytes.HasPrefix(payload, []byte(`{"event":"join","id":`)) }

// Follow writes the messages that follow a room from a place in its history, for a
// client that has connected anew: log is what the server calls that history. Without
// an epoch it follows from the end on.
func Follow(room, log, epoch string, offset uint64) (messages [][]byte) {
	if epoch != "" {
		at := epoch + "." + strconv.FormatUint(offset, 10)
		messages = append(messages, []byte(`{"event":"$resume","id":1,"data":{"`+log+`":"`+at+`"}}`))
	}
	return append(messages, Enter(room, followID))
}

// followID is the id of the message by which a client follows.
const followID = 2

// Followed tells whether a message is the reply to the last message of Follow.
func Followed(payload []byte) bool {
	return bytes.HasPrefix(payload, []byte(`{"event":"join","id":2,`))
}

// SubscribeFrom writes centrifuge's messages that open a connection and follow a room,
// as Follow does. They are of one frame.
func SubscribeFrom(room, epoch string, offset uint64) []byte {
	claim := ""
	if epoch != "" {
		claim = `,"recover":true,"epoch":"` + epoch + `","offset":` + strconv.FormatUint(offset, 10)
	}
	return []byte(`{"id":1,"connect":{}}` + "\n" + `{"id":2,"subscribe":{"channel":"` + room + `"` + claim + `}}`)
}

// Subscribe writes centrifuge's message that enters a room.
func Subscribe(room string) []byte {
	return []byte(`{"id":2,"subscribe":{"channel":"` + room + `"}}`)
}

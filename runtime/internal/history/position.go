package history

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// Position is a place in one history: behind the message of this offset. Positions
// of different epochs cannot be compared, since the store has lost what it had.
type Position struct {
	Epoch  string // 1 to 16 of a-z A-Z 0-9
	Offset uint64
}

// MaxPosition is how long the text of a Position can be.
const MaxPosition = maxEpoch + len(".18446744073709551615")

const maxEpoch = 16

// Append appends p as clients are told it: the epoch, a dot, the offset.
func (p Position) Append(to []byte) []byte {
	to = append(append(to, p.Epoch...), '.')
	return strconv.AppendUint(to, p.Offset, 10)
}

// String returns what Append appends.
func (p Position) String() string { return string(p.Append(nil)) }

// ParsePosition reads what Append has written, and nothing else: each Position has
// one text.
func ParsePosition(text string) (p Position, ok bool) {
	if len(text) > MaxPosition {
		return Position{}, false
	}
	epoch, digits, ok := strings.Cut(text, ".")
	if !ok || epoch == "" || len(epoch) > maxEpoch {
		return Position{}, false
	}
	for i := range len(epoch) {
		if c := epoch[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return Position{}, false
		}
	}
	if digits == "" || digits[0] == '+' || digits[0] == '0' && digits != "0" {
		return Position{}, false
	}
	offset, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return Position{}, false
	}
	return Position{epoch, offset}, true
}

// IDBytes is how long the id of a history is.
const IDBytes = 11

// ID returns by what clients know a history: it names log and room, and tells
// neither.
func (k Key) ID() string {
	kind := "r"
	if k.User {
		kind = "u"
	}
	sum := sha256.Sum256([]byte(k.Log.Name + "\x00" + kind + "\x00" + k.Name))
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}

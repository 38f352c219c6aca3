package wsclient

// State says how far a client's connection is.
type State uint8

// The states. A client begins in Connecting, of which OnState is not told.
const (
	Connecting State = iota // an attempt is under way
	Open                    // the session is open
	Waiting                 // until the next attempt
	Closed                  // for good
)

// String returns the state's name in lower case.
func (s State) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Open:
		return "open"
	case Waiting:
		return "waiting"
	default:
		return "closed"
	}
}

package wsclient

import (
	"bytes"
	"strconv"

	ws "github.com/wsgen/wsgen/runtime"
)

// window is how many values of a stream may come before one of them is taken.
const window = 64

// items are the values of a stream that wait for its loop.
type items struct {
	values chan []byte
	over   chan struct{} // closed when no other value comes
	err    error         // why; nil: these are all. Read it when over is closed

	taken  int // of all values. The loop's only
	credit int // how many the server may send in all; guarded by Client.mu
}

func newItems() *items {
	return &items{values: make(chan []byte, window), over: make(chan struct{}), credit: window}
}

// end says that no other value comes. It is called once.
func (s *items) end(err error) {
	s.err = err
	close(s.over)
}

// item takes a value. The caller holds mu.
func (c *Client) item(x *call, data []byte) {
	if x.items == nil || x.gone {
		return
	}
	select {
	case x.items.values <- bytes.Clone(data):
	default: // it was not allowed
		if l := c.link; l != nil {
			l.put(ownOf("$cancel", x.id, "null"))
		}
		c.settle(x, nil, ws.NewError(CodeOverflow, "the server sends more than it may"))
	}
}

// anew returns what the server must be told of a call once more behind a resume; nil
// is nothing. The caller holds mu.
func (x *call) anew() []byte {
	switch {
	case x.sent == 0:
		return nil
	case x.gone:
		return ownOf("$cancel", x.id, "null")
	case x.items != nil && x.items.credit > window:
		return ownOf("$credit", x.id, strconv.Itoa(x.items.credit))
	}
	return nil
}

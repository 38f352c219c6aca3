package socket

import "sync"

// message has the memory of a message that gws did not bring. It may wait for its
// turn while others are read, so it has left the block.
type message struct{ bytes []byte }

// Close gives the memory back, of which nothing may be used afterwards.
func (m *message) Close() error {
	messagesFor(cap(m.bytes)).Put(m)
	return nil
}

// How many bytes messages have room for. One that waits holds at most some times as
// much as it has, beside what the smallest have.
const (
	smallMessage  = 128
	middleMessage = 512
	longestTaken  = 2048
)

var (
	smallMessages  = sync.Pool{New: func() any { return newMessage(smallMessage) }}
	middleMessages = sync.Pool{New: func() any { return newMessage(middleMessage) }}
	largeMessages  = sync.Pool{New: func() any { return newMessage(longestTaken) }}
)

func newMessage(room int) *message { return &message{make([]byte, 0, room)} }

// messagesFor returns the messages that have room for so many bytes.
func messagesFor(n int) *sync.Pool {
	switch {
	case n <= smallMessage:
		return &smallMessages
	case n <= middleMessage:
		return &middleMessages
	default:
		return &largeMessages
	}
}

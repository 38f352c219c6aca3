package ws

import (
	"context"
	"sync"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// This file is for generated code that reads and writes types itself. What that
// leaves to encoding/json goes there in functions that take or return the value: a
// pointer that reaches encoding/json would put the value on the heap in every
// case.

// ReadJSON reads data with a function that wsgen generated. It returns false
// if data is not written plainly, and has to be decoded with encoding/json.
func ReadJSON[T any](c *Call, read func(*wsjson.Reader) T) (T, bool) {
	c.readData()
	v := read(&c.reader)
	return v, c.reader.Plain()
}

// DecodeJSON is Call.Decode for a type that wsgen generated a function for.
func DecodeJSON[T any](c *Call, read func(*wsjson.Reader) T) (v T, err error) {
	// It does not call ReadJSON: to copy v right after it was written costs 10 ns.
	c.readData()
	v = read(&c.reader)
	if c.reader.Plain() {
		return v, nil
	}
	return decodeStd[T](c)
}

// readData has the reader begin with the data.
func (c *Call) readData() {
	switch {
	case !c.utf8:
		c.reader.Reset(c.frame.Data)
	case c.owned:
		c.reader.ResetOwned(c.frame.Data)
	default:
		c.reader.ResetUTF8(c.frame.Data)
	}
}

// decodeStd decodes with encoding/json.
func decodeStd[T any](c *Call) (v T, err error) {
	err = c.Decode(&v)
	return v, err
}

// ReplyJSON is Call.Reply for a type that wsgen generated a function for.
func ReplyJSON[T any](c *Call, v T, write func(*wsjson.Writer, T)) error {
	w := &c.writer
	p := c.conn.endpoint.protocol
	w.Reset(p.beginData(append(w.AvailableBuffer(), c.front()...), c.frame.ID))
	write(w, v)
	frame, ok := p.endFrame(w)
	if !ok {
		return replyStd(c, v)
	}
	if !c.lends() {
		c.send(ownFrame(w, frame), false)
	} else if taken := c.send(frame, true); taken {
		w.Reset(nil)
	}
	return nil
}

// replyStd replies with encoding/json.
func replyStd[T any](c *Call, v T) error { return c.Reply(&v) }

// EmitJSON is Target.Emit for a type that wsgen generated a function for.
func EmitJSON[T any](t Target, event string, v T, write func(*wsjson.Writer, T)) (int, error) {
	if checkEvent(event) == nil {
		w := writers.Get().(*wsjson.Writer)
		w.Reset(protocolEvents.beginData(protocolEvents.appendFront(w.AvailableBuffer(), event), nil))
		write(w, v)
		frame, ok := protocolEvents.endFrame(w)
		if ok {
			frame = ownFrame(w, frame)
		}
		writers.Put(w)
		if ok {
			return t.push(event, frame)
		}
	}
	return emitStd(t, event, v)
}

// emitStd emits with encoding/json.
func emitStd[T any](t Target, event string, v T) (int, error) { return t.Emit(event, &v) }

// AskJSON is AskOne for an answer of a type that wsgen generated a function for.
func AskJSON[R any](ctx context.Context, to Asked, event string, data any, read func(*wsjson.Reader) R) (R, error) {
	raw, err := to.ask(ctx, event, data)
	if err != nil {
		var none R
		return none, err
	}
	if raw != nil && string(raw) != "null" { // else decodeAnswer says whether that is an answer
		r := readers.Get().(*wsjson.Reader)
		r.ResetUTF8(raw) // as the message was that it came in
		answer := read(r)
		plain := r.Plain()
		r.Release()
		readers.Put(r)
		if plain {
			return answer, nil
		}
	}
	return answerStd[R](raw)
}

var (
	readers = sync.Pool{New: func() any { return new(wsjson.Reader) }}
	writers = sync.Pool{New: func() any { return new(wsjson.Writer) }}
)

// endFrame ends the frame that w was Reset with the front of, and returns it
// in w's buffer. It returns false if the value has no JSON.
func (p protocol) endFrame(w *wsjson.Writer) (sealed []byte, ok bool) { return p.endMember(w, false) }

// endMember is endFrame; more says that others follow the frame.
func (p protocol) endMember(w *wsjson.Writer, more bool) (sealed []byte, ok bool) {
	if !w.Valid() {
		w.Release()
		return nil, false
	}
	w.Reset(append(w.Bytes(), p.tail(more)...))
	return frame.Seal(w.Bytes()), true
}

// ownFrame returns a frame of endFrame's in memory that w does not use again.
func ownFrame(w *wsjson.Writer, sealed []byte) (frame []byte) {
	if len(sealed) > maxCopied && len(sealed) > cap(w.Bytes())/4*3 {
		w.Reset(nil)
		return sealed
	}
	frame = make([]byte, len(sealed)) // the buffer is used again
	copy(frame, sealed)
	w.Release()
	return frame
}

// maxCopied is how long a frame is copied, so that the buffer is used again. A
// longer one takes the buffer with it, unless that is much too large.
const maxCopied = 16 << 10

package ws

import "github.com/wsgen/wsgen/runtime/internal/outbox"

// This file is how generated code reads and writes flat types itself: structs
// of strings, numbers and booleans. What it cannot do it leaves to
// encoding/json, in functions that take or return the value: a pointer that
// reaches encoding/json would put the value on the heap in every case.

// ReadPlain reads data with a function that wsgen generated; false says that
// data is not written plainly, and is to be decoded with encoding/json.
func ReadPlain[T any](c *Call, read func(*Reader) T) (T, bool) {
	c.reader = Reader{data: c.frame.Data}
	v := read(&c.reader)
	return v, c.reader.plain()
}

// DecodeWith is Call.Decode for a type that wsgen generated a function for.
func DecodeWith[T any](c *Call, read func(*Reader) T) (v T, err error) {
	// Not by ReadPlain: a copy of v right after it was written costs 10 ns.
	c.reader = Reader{data: c.frame.Data}
	v = read(&c.reader)
	if c.reader.plain() {
		return v, nil
	}
	return decodeStd[T](c)
}

func decodeStd[T any](c *Call) (v T, err error) {
	err = c.Decode(&v)
	return v, err
}

// ReplyWith is Call.Reply for a type that wsgen generated a function for.
func ReplyWith[T any](c *Call, v T, write func(*Writer, T)) error {
	c.writer.begin(append(c.writer.buf[:0], c.front()...), c.frame.ID)
	write(&c.writer, v)
	frame, ok := c.writer.end()
	switch {
	case !ok:
		return replyStd(c, v)
	case len(frame) <= outbox.Block && c.copies():
		c.send(frame, true)
	default:
		c.send(c.writer.own(frame), false)
	}
	return nil
}

func replyStd[T any](c *Call, v T) error { return c.Reply(&v) }

// EmitWith is Target.Emit for a type that wsgen generated a function for.
func EmitWith[T any](t Target, event string, v T, write func(*Writer, T)) (int, error) {
	if checkEvent(event) == nil {
		w := writers.Get().(*Writer)
		w.begin(appendFront(w.buf[:0], event), nil)
		write(w, v)
		frame, ok := w.end()
		if ok {
			frame = w.own(frame)
		}
		writers.Put(w)
		if ok {
			return t.push(event, frame)
		}
	}
	return emitStd(t, event, v)
}

func emitStd[T any](t Target, event string, v T) (int, error) { return t.Emit(event, &v) }

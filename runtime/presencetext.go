package ws

import (
	"encoding/json"
	"slices"
	"sync"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"github.com/wsgen/wsgen/runtime/internal/presence"
	"github.com/wsgen/wsgen/runtime/internal/stdjson"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

// This file makes frames of what those who watch a room are told. What is told of a
// connection was encoded once, by the node that has it, and is a part of each frame as
// it is.

var (
	presenceReaders = sync.Pool{New: func() any { return new(wsjson.Reader) }}
	presenceWriters = sync.Pool{New: func() any { return new(wsjson.Writer) }}
)

// frame returns the frame of a Present: byte for byte what a push of it would be.
func (k *presenceKind) frame(room string, d *presence.Delta) []byte {
	w := presenceWriters.Get().(*wsjson.Writer)
	w.Reset(protocolEvents.beginData(protocolEvents.appendFront(w.AvailableBuffer(), k.spec.Event), nil))
	w.Begin()
	if k.spec.Room && room != "" {
		w.Name("room")
		wsjson.WriteString(w, room)
	}
	if d.Full {
		w.Name("full")
		wsjson.WriteBool(w, true)
	}
	if len(d.Joined) > 0 {
		w.Name("joined")
		wsjson.WriteSlice(w, d.Joined, writePerson)
	}
	if len(d.Left) > 0 {
		w.Name("left")
		wsjson.WriteSlice(w, d.Left, wsjson.WriteString[string])
	}
	w.Name("count")
	wsjson.WriteInt(w, d.Count)
	w.End()
	w.Reset(append(w.Bytes(), protocolEvents.tail(false)...))
	text := slices.Clone(frame.Seal(w.Bytes())) // the buffer is used again
	w.Release()
	presenceWriters.Put(w)
	return text
}

// writePerson writes a Person.
func writePerson(w *wsjson.Writer, p presence.Person) {
	w.Begin()
	w.Name("key")
	wsjson.WriteString(w, p.Key)
	w.Name("metas")
	wsjson.WriteSlice(w, p.Metas, func(w *wsjson.Writer, meta string) { w.Lit(meta) })
	w.End()
}

// encodeMeta returns what is told of a connection, by encoding/json.
func encodeMeta(meta any) ([]byte, error) {
	e := stdjson.NewEncoder()
	defer e.Release()
	return e.Encode(e.AvailableBuffer(), meta, "")
}

// decodeMeta reads what is told of a connection, by encoding/json.
func decodeMeta(text []byte, meta any) error { return json.Unmarshal(text, meta) }

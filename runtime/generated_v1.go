package ws

import "github.com/wsgen/wsgen/runtime/wsjson"

// This file has the names that only files generated for GeneratedV1 call. They
// stay, so that such a file compiles with this runtime and does what it did.

// GeneratedV1 is named by files that wsgen generated before there was package
// wsjson. They need not be generated again.
//
// Deprecated: wsgen writes [GeneratedV3].
const GeneratedV1 = true

// Reader reads JSON that is written plainly.
//
// Deprecated: use [wsjson.Reader].
type Reader = wsjson.Reader

// Writer writes JSON.
//
// Deprecated: use [wsjson.Writer].
type Writer = wsjson.Writer

// ReadPlain reads data with a function that wsgen generated.
//
// Deprecated: use [ReadJSON].
func ReadPlain[T any](c *Call, read func(*Reader) T) (T, bool) { return ReadJSON(c, read) }

// DecodeWith is Call.Decode for a type that wsgen generated a function for.
//
// Deprecated: use [DecodeJSON].
func DecodeWith[T any](c *Call, read func(*Reader) T) (T, error) { return DecodeJSON(c, read) }

// ReplyWith is Call.Reply for a type that wsgen generated a function for.
//
// Deprecated: use [ReplyJSON].
func ReplyWith[T any](c *Call, v T, write func(*Writer, T)) error { return ReplyJSON(c, v, write) }

// EmitWith is Target.Emit for a type that wsgen generated a function for.
//
// Deprecated: use [EmitJSON].
func EmitWith[T any](t Target, event string, v T, write func(*Writer, T)) (int, error) {
	return EmitJSON(t, event, v, write)
}

// ReadString reads a string.
//
// Deprecated: use [wsjson.ReadString].
func ReadString[T ~string](r *Reader, to *T) { wsjson.ReadString(r, to) }

// ReadBool reads true or false.
//
// Deprecated: use [wsjson.ReadBool].
func ReadBool[T ~bool](r *Reader, to *T) { wsjson.ReadBool(r, to) }

// ReadInt reads an integer.
//
// Deprecated: use [wsjson.ReadInt].
func ReadInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64](r *Reader, to *T) { wsjson.ReadInt(r, to) }

// ReadUint reads an integer.
//
// Deprecated: use [wsjson.ReadUint].
func ReadUint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](r *Reader, to *T) {
	wsjson.ReadUint(r, to)
}

// ReadFloat32 reads a number.
//
// Deprecated: use [wsjson.ReadFloat32].
func ReadFloat32[T ~float32](r *Reader, to *T) { wsjson.ReadFloat32(r, to) }

// ReadFloat64 reads a number.
//
// Deprecated: use [wsjson.ReadFloat64].
func ReadFloat64[T ~float64](r *Reader, to *T) { wsjson.ReadFloat64(r, to) }

// WriteString writes a string.
//
// Deprecated: use [wsjson.WriteString].
func WriteString[T ~string](w *Writer, v T) { wsjson.WriteString(w, v) }

// WriteBool writes true or false.
//
// Deprecated: use [wsjson.WriteBool].
func WriteBool[T ~bool](w *Writer, v T) { wsjson.WriteBool(w, v) }

// WriteInt writes an integer.
//
// Deprecated: use [wsjson.WriteInt].
func WriteInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64](w *Writer, v T) { wsjson.WriteInt(w, v) }

// WriteUint writes an integer.
//
// Deprecated: use [wsjson.WriteUint].
func WriteUint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](w *Writer, v T) {
	wsjson.WriteUint(w, v)
}

// WriteFloat32 writes a number.
//
// Deprecated: use [wsjson.WriteFloat32].
func WriteFloat32[T ~float32](w *Writer, v T) { wsjson.WriteFloat32(w, v) }

// WriteFloat64 writes a number.
//
// Deprecated: use [wsjson.WriteFloat64].
func WriteFloat64[T ~float64](w *Writer, v T) { wsjson.WriteFloat64(w, v) }

// WriteSlice writes an array, or null for a nil slice.
//
// Deprecated: use [wsjson.WriteSlice].
func WriteSlice[S ~[]T, T any](w *Writer, v S, write func(*Writer, T)) {
	wsjson.WriteSlice(w, v, write)
}

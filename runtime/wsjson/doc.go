// Package wsjson reads and writes JSON for the code that wsgen generates: flat
// types, field by field, without reflection. Nobody else needs it.
//
// It does not replace encoding/json. A Reader reads what is written plainly, and
// leaves the rest to encoding/json; a Writer writes the same bytes as
// encoding/json, and leaves it the values that have no JSON. So a type means the
// same on the wire whether wsgen generates functions for it or not.
//
// A generated function reads a type like this:
//
//	func wsReadPoint(r *wsjson.Reader) (v Point) {
//		for r.Next() {
//			switch string(r.Name()) {
//			case "x":
//				wsjson.ReadInt(r, &v.X)
//			default:
//				r.Odd()
//			}
//		}
//		return v
//	}
//
// and writes it like this:
//
//	func wsWritePoint(w *wsjson.Writer, v Point) {
//		w.Begin()
//		w.Name("x")
//		wsjson.WriteInt(w, v.X)
//		w.End()
//	}
//
// Functions of package ws take these two: DecodeJSON and ReadJSON the first,
// ReplyJSON and EmitJSON the second.
package wsjson

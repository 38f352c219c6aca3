// Package wsjson reads and writes JSON for the code that wsgen generates, field by
// field, without reflection. Nobody else needs it.
//
// It does not replace encoding/json. A Reader reads what programs write, and
// leaves the rest to encoding/json; a Writer writes the same bytes as
// encoding/json, and leaves it the values that have no JSON. So a type means the
// same on the wire whether wsgen generates functions for it or not.
//
// A generated function reads a type like this:
//
//	func wsReadLine(r *wsjson.Reader, v *Line) {
//		for more := r.Object(); more; more = r.More() {
//			switch string(r.Name()) {
//			case "from":
//				wsReadPoint(r, &v.From)
//			case "width":
//				wsjson.ReadInt(r, &v.Width)
//			default:
//				r.Skip("from", "width")
//			}
//		}
//	}
//
// and writes it like this:
//
//	func wsWriteLine(w *wsjson.Writer, v *Line) {
//		w.Lit(`{"from":`)
//		wsWritePoint(w, &v.From)
//		w.Lit(`,"width":`)
//		wsjson.WriteInt(w, v.Width)
//		w.Lit("}")
//	}
//
// Functions of package ws take these two: DecodeJSON and ReadJSON the first,
// ReplyJSON and EmitJSON the second.
//
// A pointer, slice or map asks for null first. A slice is read only if it is nil:
// encoding/json reads into the elements that are there, as those of a member that
// comes twice.
package wsjson

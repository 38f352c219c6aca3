package wsjson_test

import (
	"github.com/wsgen/wsgen/runtime/internal/payload"
	"github.com/wsgen/wsgen/runtime/wsjson"
)

func readPage(r *wsjson.Reader, v *payload.Page) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "room":
			wsjson.ReadString(r, &v.Room)
		case "messages":
			readMessages(r, &v.Messages)
		case "next":
			wsjson.ReadString(r, &v.Next)
		case "total":
			wsjson.ReadInt(r, &v.Total)
		default:
			r.Skip("room", "messages", "next", "total")
		}
	}
}

func readMessages(r *wsjson.Reader, v *[]payload.Message) {
	if r.Null() {
		*v = nil
		return
	}
	r.Require(*v == nil)
	s := []payload.Message{}
	for more, start := r.Array(), r.Pos(); more; more = r.Elem() {
		if cap(s) == 0 {
			var e payload.Message
			readMessage(r, &e)
			s = append(make([]payload.Message, 0, r.Guess(start, 120)), e)
			continue
		}
		s = append(s, payload.Message{})
		readMessage(r, &s[len(s)-1])
	}
	*v = s
}

func readMessage(r *wsjson.Reader, v *payload.Message) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "id":
			wsjson.ReadUint(r, &v.ID)
		case "author":
			readAuthor(r, &v.Author)
		case "text":
			wsjson.ReadString(r, &v.Text)
		case "at":
			wsjson.ReadTime(r, &v.At)
		case "edited":
			readTime(r, &v.Edited)
		case "tags":
			readStrings(r, &v.Tags)
		case "likes":
			readLikes(r, &v.Likes)
		default:
			r.Skip("id", "author", "text", "at", "edited", "tags", "likes")
		}
	}
}

func readAuthor(r *wsjson.Reader, v *payload.Author) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "id":
			wsjson.ReadString(r, &v.ID)
		case "name":
			wsjson.ReadString(r, &v.Name)
		default:
			r.Skip("id", "name")
		}
	}
}

func readLikes(r *wsjson.Reader, v *map[string]int) {
	if r.Null() {
		*v = nil
		return
	}
	if *v == nil {
		*v = make(map[string]int)
	}
	for more := r.Object(); more; more = r.More() {
		key := r.Key()
		var e int
		wsjson.ReadInt(r, &e)
		(*v)[key] = e
	}
}

func writePage(w *wsjson.Writer, v *payload.Page) {
	w.Lit(`{"room":`)
	wsjson.WriteString(w, v.Room)
	w.Lit(`,"messages":`)
	writeMessages(w, v.Messages)
	if v.Next != "" {
		w.Lit(`,"next":`)
		wsjson.WriteString(w, v.Next)
	}
	w.Lit(`,"total":`)
	wsjson.WriteInt(w, v.Total)
	w.Lit("}")
}

func writeMessages(w *wsjson.Writer, v []payload.Message) {
	if v == nil {
		w.Null()
		return
	}
	w.Lit("[")
	for i := range v {
		if i > 0 {
			w.Lit(",")
		}
		e := &v[i]
		w.Lit(`{"id":`)
		wsjson.WriteUint(w, e.ID)
		w.Lit(`,"author":{"id":`)
		wsjson.WriteString(w, e.Author.ID)
		w.Lit(`,"name":`)
		wsjson.WriteString(w, e.Author.Name)
		w.Lit(`},"text":`)
		wsjson.WriteString(w, e.Text)
		w.Lit(`,"at":`)
		wsjson.WriteTime(w, e.At)
		if e.Edited != nil {
			w.Lit(`,"edited":`)
			wsjson.WriteTime(w, *e.Edited)
		}
		if len(e.Tags) != 0 {
			w.Lit(`,"tags":`)
			writeStrings(w, e.Tags)
		}
		if len(e.Likes) != 0 {
			w.Lit(`,"likes":`)
			writeLikes(w, e.Likes)
		}
		w.Lit("}")
	}
	w.Lit("]")
}

func writeLikes(w *wsjson.Writer, v map[string]int) {
	if v == nil {
		w.Null()
		return
	}
	w.Lit("{")
	keys := wsjson.Keys(w, v)
	for _, key := range keys {
		wsjson.WriteKey(w, key)
		wsjson.WriteInt(w, v[key])
	}
	w.Done(keys)
	w.Lit("}")
}

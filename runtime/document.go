package ws

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

// Document returns a handler that serves a document of JSON which wsgen wrote and the
// program embeds: an AsyncAPI document, or a bundle of JSON Schema.
//
//	//go:embed asyncapi.json
//	var contract []byte
//
//	mux.Handle("GET /asyncapi.json", ws.Document(contract))
//
// It answers GET and HEAD (RFC 9110, section 9.3), and any other method with 405. The
// answer has a type, a length and a strong ETag (section 8.8.3), which a client sends
// back in If-None-Match and is answered 304 while the document is the same; it is to
// ask each time (Cache-Control: no-cache, RFC 9111, section 5.2.2.4). A Range is
// answered with 206. The handler asks nobody whether they may: put it behind what
// does, if the document is not for everybody.
//
// The document must not be changed afterwards. Document panics if it is no JSON, as an
// empty file is none. The handler is safe for concurrent use.
func Document(document []byte) http.Handler {
	if !json.Valid(document) {
		panic("ws: Document: this is no JSON; embed the file that wsgen writes by the setting asyncapi or jsonschema")
	}
	sum := sha256.Sum256(document)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "this is a document: GET it", http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", "application/json")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		h.Set("Etag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(document))
	})
}

package steady

import "net/http"

// Innermost returns the first ResponseWriter that can be hijacked, of w and
// those that it wraps (http.ResponseController). Without one it returns the
// last. It is called on net/http's goroutine, which expects such code.
func Innermost(w http.ResponseWriter) (inner http.ResponseWriter, hijacks bool) {
	for range maxNodes {
		if _, hijacks = w.(http.Hijacker); hijacks {
			break
		}
		over, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = over.Unwrap()
	}
	return w, hijacks
}

// Bottom returns the last of the ResponseWriters that w wraps.
func Bottom(w http.ResponseWriter) http.ResponseWriter {
	for range maxNodes {
		over, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = over.Unwrap()
	}
	return w
}

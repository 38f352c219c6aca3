// Package web is the page: plain files, served as they are.
package web

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
)

//go:embed static
var files embed.FS

// plain are hosts that a policy can name: no IPv6.
var plain = regexp.MustCompile(`^[a-zA-Z0-9.-]+$`)

// policy lets the page load and talk to its own origin only, and run no inline code.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'%s; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Page serves the HTML document. With nodes it may talk to all ports of its host: a page whose node is
// gone goes on at another.
func Page(nodes bool) http.Handler {
	return secured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if own, err := url.Parse("http://" + r.Host); nodes && err == nil && plain.MatchString(own.Hostname()) {
			w.Header().Set("Content-Security-Policy", fmt.Sprintf(policy, fmt.Sprintf(" http://%[1]s:* ws://%[1]s:*", own.Hostname())))
		}
		http.ServeFileFS(w, r, files, "static/page.html")
	}))
}

// Assets serves the files that the page loads, below /static/.
func Assets() http.Handler { return secured(http.FileServerFS(filesOnly{files})) }

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", fmt.Sprintf(policy, ""))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache") // a new binary brings a new page
		next.ServeHTTP(w, r)
	})
}

// filesOnly hides folders, so that nothing is listed.
type filesOnly struct{ fs.FS }

func (f filesOnly) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

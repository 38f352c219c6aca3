package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgress checks that a short run says nothing, and that a long one says what
// it does and removes the line in the end.
func TestProgress(t *testing.T) {
	for name, tc := range map[string]struct {
		takes time.Duration
		want  string
	}{
		"short": {patience - time.Millisecond, ""},
		"long": {
			patience*3 + time.Millisecond,
			"\r\x1b[Kwsgen: reading packages, 1 s\r\x1b[Kwsgen: writing, 2 s\r\x1b[Kwsgen: writing, 3 s\r\x1b[K",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				p := newProgress(&out)
				p.step("reading packages")
				begun := time.Now()
				time.AfterFunc(patience*3/2, func() { p.step("writing") })
				<-time.After(tc.takes - time.Since(begun))
				p.stop()
				if out.String() != tc.want {
					t.Errorf("%q, want %q", &out, tc.want)
				}
			})
		})
	}
}

// TestNoProgressWithoutTerminal checks that there is no line if standard error is
// no terminal.
func TestNoProgressWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	j := &job{streams: streams{err: &out}, flags: generateFlags()}
	p := j.progress()
	p.step("reading packages")
	p.stop()
	if p != nil || out.Len() > 0 {
		t.Errorf("%q", &out)
	}
}

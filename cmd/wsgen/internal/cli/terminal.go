package cli

import (
	"io"
	"os"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/bidi"
)

// isTerminal reports whether w is a screen that can do more than print.
func isTerminal(w io.Writer) bool {
	if shown, ok := w.(bidi.Writer); ok {
		w = shown.To
	}
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// colors reports whether to write to w in colors, by the convention of NO_COLOR.
func colors(w io.Writer) bool { return os.Getenv("NO_COLOR") == "" && isTerminal(w) }

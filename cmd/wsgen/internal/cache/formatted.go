package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"sync"
)

// Formatted remembers which files hold what formatting their source makes, so
// that what is written anew but comes out the same need not be formatted again.
// It remembers digests alone, and the text is the file's: whatever anyone did to
// that, what Format returns is what formatting would.
//
// Format may be called by several goroutines.
type Formatted struct {
	path    string
	mu      sync.Mutex
	known   map[string]formatted // by path of the file
	changed bool
}

// formatted are digests of a file.
type formatted struct {
	Source string `json:"source"` // as it was written
	Text   string `json:"text"`   // as it is formatted
}

// OpenFormatted reads what is remembered of the module at root. Only this build
// of wsgen wrote it: another may format otherwise.
func OpenFormatted(root string) (*Formatted, error) {
	folder, err := Folder()
	if err != nil {
		return nil, err
	}
	w := &world{}
	if err := w.self(); err != nil {
		return nil, err
	}
	name := sha256.Sum256(fmt.Appendf(nil, "%q %q", root, w.identity))
	f := &Formatted{path: filepath.Join(folder, "formatted", hex.EncodeToString(name[:])[:40]+".json")}
	data, err := os.ReadFile(f.path)
	if err != nil || json.Unmarshal(data, &f.known) != nil || f.known == nil {
		f.known = map[string]formatted{} // not there, or damaged
	}
	return f, nil
}

// Format formats the source of the file at path.
func (f *Formatted) Format(path string, source []byte) ([]byte, error) {
	was := digest(source)
	f.mu.Lock()
	known := f.known[path]
	f.mu.Unlock()
	if known.Source == was {
		if text, err := os.ReadFile(path); err == nil && digest(text) == known.Text {
			return text, nil
		}
	}
	text, err := format.Source(source)
	if err != nil {
		return nil, err
	}
	if now := (formatted{was, digest(text)}); now != known {
		f.mu.Lock()
		f.known[path], f.changed = now, true
		f.mu.Unlock()
	}
	return text, nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Save remembers what was formatted since OpenFormatted.
func (f *Formatted) Save() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.changed {
		return nil
	}
	data, err := json.Marshal(f.known)
	if err != nil {
		return err
	}
	f.changed = false
	return write(f.path, data)
}

package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Made remembers which generated files hold what is made of which model, so
// that the file of an unchanged model is not made and formatted again. It keeps
// digests only, and Recall reads the text from the file. So Recall returns what a
// new file would be, or nothing, whatever anyone did to the file.
//
// Recall and Keep may be called by several goroutines.
type Made struct {
	path    string
	mu      sync.Mutex
	known   map[string]made // by path of the file; guarded by mu
	changed bool            // known differs from the file at path; guarded by mu
}

// made are digests of a file.
type made struct {
	Model string `json:"model"`
	Text  string `json:"text"`
}

// OpenMade reads what is remembered of the module at root. Only this build of
// wsgen wrote it: another may make other files of the same model.
func OpenMade(root string) (*Made, error) {
	folder, err := Folder()
	if err != nil {
		return nil, err
	}
	w := &world{}
	if err := w.self(); err != nil {
		return nil, err
	}
	name := sha256.Sum256(fmt.Appendf(nil, "%q %q", root, w.identity))
	m := &Made{path: filepath.Join(folder, "made", hex.EncodeToString(name[:])[:40]+".json")}
	data, err := os.ReadFile(m.path)
	if err != nil || json.Unmarshal(data, &m.known) != nil || m.known == nil {
		m.known = map[string]made{} // not there, or damaged
	}
	return m, nil
}

// Recall returns the text of the file at path, if that is what was made of the
// model with this digest.
func (m *Made) Recall(path, model string) (text []byte, ok bool) {
	m.mu.Lock()
	known := m.known[path]
	m.mu.Unlock()
	if known.Model != model {
		return nil, false
	}
	text, err := os.ReadFile(path)
	return text, err == nil && digest(text) == known.Text
}

// Keep remembers what was made of a model.
func (m *Made) Keep(path, model string, text []byte) {
	now := made{model, digest(text)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known[path] != now {
		m.known[path], m.changed = now, true
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Save writes to disk what was kept since OpenMade.
func (m *Made) Save() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.changed {
		return nil
	}
	data, err := json.Marshal(m.known)
	if err != nil {
		return err
	}
	m.changed = false
	return write(m.path, data)
}

package ws

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/wsgen/wsgen/runtime/internal/envelope"
)

// metaText is a message's meta. As long as nobody asks for all of its members they
// are kept as they were written: a map costs more than all else that meta does.
type metaText struct {
	plain []byte            // an object of strings without escapes; nil: all is in the map
	own   bool              // of plain: there may be a member that the runtime understands
	made  map[string]string // nil: not made, or there are none
}

// readMeta reads raw, which may be used again afterwards.
func readMeta(raw []byte) (m metaText, err error) {
	if utf8.Valid(raw) && envelope.PlainStrings(raw, func(name, _ []byte) {
		m.own = m.own || string(name) == deadlineMember || string(name) == creditMember
	}) {
		m.plain = bytes.Clone(raw)
		return m, nil
	}
	m.own = false
	if json.Unmarshal(raw, &m.made) != nil {
		return m, errMeta
	}
	return m, nil
}

// none reports whether there was no meta, or null.
func (m *metaText) none() bool { return m.plain == nil && m.made == nil }

// named returns a member that the runtime understands. It must be called before
// others can call all.
func (m *metaText) named(name string) (text string, ok bool) {
	if m.plain != nil && !m.own {
		return "", false
	}
	text, ok = m.all()[name]
	return text, ok
}

// all returns the members by name; of a name that comes twice the last counts.
func (m *metaText) all() map[string]string {
	if m.plain != nil {
		m.made = make(map[string]string)
		envelope.PlainStrings(m.plain, func(name, text []byte) { m.made[string(name)] = string(text) })
		m.plain = nil
	}
	return m.made
}

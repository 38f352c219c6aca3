package payload

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Mutator makes inputs of a text in JSON for tests that compare two readers: most
// of them are JSON still, and where they are odd they are odd in the ways in which
// readers differ. It must not be used by two goroutines at a time.
type Mutator struct {
	Random *rand.Rand

	values []value
	out    []byte
	text   []byte // what is inserted
}

// value is where a value stands in a text.
type value struct {
	name     int // where the quote in front of its name is; -1: it has none
	from, to int
}

// begin is where the member or element begins.
func (v value) begin() int {
	if v.name >= 0 {
		return v.name
	}
	return v.from
}

// Mutate returns data with one to four changes, in memory that the next call uses
// again.
func (m *Mutator) Mutate(data []byte) []byte {
	m.out = append(m.out[:0], data...)
	for range 1 + m.Random.IntN(4) {
		m.change()
	}
	return m.out
}

// change makes one change.
func (m *Mutator) change() {
	m.find()
	if len(m.values) == 0 || len(m.out) > 64<<10 {
		m.anyByte()
		return
	}
	v := m.values[m.Random.IntN(len(m.values))]
	switch m.Random.IntN(12) {
	case 0:
		m.anyByte()
	case 1: // a stretch comes twice, wherever it begins and ends
		from := m.Random.IntN(len(m.out))
		m.insert(m.Random.IntN(len(m.out)), m.out[from:min(len(m.out), from+m.Random.IntN(40))])
	case 2, 3: // a member or element comes twice
		m.double(v)
	case 4: // it is missing
		end := v.to
		if end < len(m.out) && m.out[end] == ',' {
			end++
		}
		m.replace(v.begin(), end, nil)
	case 5, 6:
		m.replace(v.from, v.to, []byte(oneOf(m.Random, scalars)))
	case 7: // it is another one's
		other := m.values[m.Random.IntN(len(m.values))]
		m.replace(v.from, v.to, m.out[other.from:other.to])
	case 8:
		m.rename(v)
	case 9:
		m.insert(v.begin(), []byte(oneOf(m.Random, members)+","))
	case 10:
		m.insert([]int{v.begin(), v.from, v.to}[m.Random.IntN(3)], []byte(oneOf(m.Random, spaces)))
	case 11: // somewhere in a text
		if v.to-v.from > 1 && m.out[v.from] == '"' {
			m.insert(v.from+1+m.Random.IntN(v.to-v.from-1), []byte(oneOf(m.Random, letters)))
		}
	}
}

// double inserts a member or element a second time, at itself or somewhere else.
func (m *Mutator) double(v value) {
	at := v.begin()
	if m.Random.IntN(2) == 0 {
		at = m.values[m.Random.IntN(len(m.values))].begin()
	}
	m.insert(at, append(bytes.Clone(m.out[v.begin():v.to]), ','))
}

// rename writes the name of v in another case, or with an escape.
func (m *Mutator) rename(v value) {
	end := -1
	if v.name >= 0 {
		end = bytes.IndexByte(m.out[v.name+1:v.from], '"')
	}
	if end < 1 {
		return
	}
	name := bytes.Clone(m.out[v.name+1 : v.name+1+end])
	switch m.Random.IntN(5) {
	case 0:
		name = bytes.ToUpper(name)
	case 1:
		name[0] &^= 0x20
	case 2: // long s and the sign of the Kelvin, which are s and k in another case
		name = bytes.ReplaceAll(bytes.ReplaceAll(name, []byte("s"), []byte("\u017f")), []byte("k"), []byte("\u212a"))
	case 3:
		name = fmt.Appendf(nil, `\u%04x%s`, name[0], name[1:])
	case 4:
		name[m.Random.IntN(len(name))] ^= 0x20
	}
	m.replace(v.name+1, v.name+1+end, name)
}

// anyByte changes, removes or inserts one byte, or cuts off what is behind it.
func (m *Mutator) anyByte() {
	if len(m.out) == 0 {
		return
	}
	const odd = "\"\\{}[],:0123456789-+.eEtrufalsn /\n\t\x00\x1f\x7f\x80\xc3\xa4\xe2\xff"
	at, c := m.Random.IntN(len(m.out)), odd[m.Random.IntN(len(odd))]
	switch m.Random.IntN(8) {
	case 0:
		m.replace(at, at+1, nil)
	case 1:
		m.insert(at, []byte{c})
	case 2:
		m.out = m.out[:at]
	default:
		m.out[at] = c
	}
}

func (m *Mutator) insert(at int, text []byte) { m.replace(at, at, text) }

// replace writes text, which may be a part of the input, in place of what is there.
func (m *Mutator) replace(from, to int, text []byte) {
	m.text = append(m.text[:0], text...)
	m.out = slices.Replace(m.out, from, to, m.text...)
}

func oneOf(random *rand.Rand, texts []string) string { return texts[random.IntN(len(texts))] }

package payload

// These are what a Mutator inserts.
var (
	scalars = []string{
		`null`, `null`, `null`, `true`, `false`, `0`, `-0`, `-0.0`, `1`, `-1`, `255`, `256`, `1e3`, `1E-7`, `0.1`, `0.125`, `01`, `1.`, `16777217`,
		`9007199254740993`, `9223372036854775807`, `9223372036854775808`, `18446744073709551615`, `18446744073709551616`, `123456789012345678901`,
		`3.4028235e38`, `3.4028236e38`, `1e400`, `5e-324`, `123456789.125`, `0.3333333333333333`, `1.0000000000000002`,
		`""`, `"x"`, `"12"`, `"-7"`, `"1.5"`, `"true"`, `"null"`, `"aGk="`, `"aGk"`, `"aG\nk="`, `"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.678+02:00"`, `"2026-13-02T03:04:05Z"`,
		`"\ud800"`, `"\udc00"`, `"\ud83d\ude00"`, `"\ud83d\u0041"`, `"\ud83d\ud83d\ude00"`, `"\u00e4"`, `"\u0000"`, "\"\u2028\"", `"\u2029"`, "\"\xff\"", "\"a\xc3\"",
		`[]`, `{}`, `[null]`, `{"a":null}`, `[[[]]]`, `[1,2,3,4]`, `[{"a":[{}]}]`, `{"a":{"a":{"a":1}}}`, `[1 , 2]`, "[\"\u2028\"]", `["\ud800"]`,
	}
	members = []string{
		`"unknown":1`, `"unknown":[{"a":[]},"\ud800",1e400]`, `"unknown":{"a":01}`, `"":null`, `"größe":1`, `"un\u006bnown":2`, `"a":"b"`, `"k":null`, `"ä":{}`, "\"\xff\":1", `"id" : 5`, `"name":"n"`,
	}
	spaces  = []string{" ", "\n", "\t ", "\r\n", "\v", "\u00a0", ""}
	letters = []string{
		`\n`, `\"`, `\\`, `\/`, `\b\f\r\t`, `\u0041`, `\u00E4`, `\uD83D\uDE00`, `\ud800`, `\udfff`, `\uffff`, `\u12`, `\x`, `\`, "ä", "日本", "😀", "\u2028", "\xff", "\xe2\x80", "\x7f", "\x01", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	}
)

// maxValues bounds what is found in a text.
const maxValues = 1 << 10

// find finds the values in the text, as far as it is JSON.
func (m *Mutator) find() {
	m.values = m.values[:0]
	if at := m.space(0); at < len(m.out) {
		m.value(-1, at, 0)
	}
}

// value notes the value at i, and those in it, and returns where it ends; -1 if
// nowhere.
func (m *Mutator) value(name, i, depth int) int {
	if i >= len(m.out) || depth > 100 || len(m.values) >= maxValues {
		return -1
	}
	mine := len(m.values)
	m.values = append(m.values, value{name, i, i})
	end := -1
	switch m.out[i] {
	case '"':
		end = m.textEnd(i)
	case '{', '[':
		end = m.inside(i, depth)
	default:
		for end = i; end < len(m.out) && !isEnd(m.out[end]); {
			end++
		}
	}
	if end < 0 {
		m.values = m.values[:mine]
		return -1
	}
	m.values[mine].to = end
	return end
}

// inside notes what is in the object or array at i, and returns where that ends;
// -1 if nowhere.
func (m *Mutator) inside(i, depth int) int {
	object := m.out[i] == '{'
	i = m.space(i + 1)
	if i < len(m.out) && m.out[i] == m.closing(object) {
		return i + 1
	}
	for {
		name := -1
		if object {
			if name = i; i >= len(m.out) || m.out[i] != '"' {
				return -1
			}
			if i = m.textEnd(i); i < 0 {
				return -1
			}
			if i = m.space(i); i >= len(m.out) || m.out[i] != ':' {
				return -1
			}
			i = m.space(i + 1)
		}
		if i = m.value(name, i, depth+1); i < 0 {
			return -1
		}
		if i = m.space(i); i >= len(m.out) {
			return -1
		}
		switch m.out[i] {
		case m.closing(object):
			return i + 1
		case ',':
			i = m.space(i + 1)
		default:
			return -1
		}
	}
}

func (m *Mutator) closing(object bool) byte {
	if object {
		return '}'
	}
	return ']'
}

// textEnd returns where the string at i ends; -1 if nowhere.
func (m *Mutator) textEnd(i int) int {
	for i++; i < len(m.out); i++ {
		switch m.out[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

func (m *Mutator) space(i int) int {
	for i < len(m.out) && (m.out[i] == ' ' || m.out[i] == '\t' || m.out[i] == '\n' || m.out[i] == '\r') {
		i++
	}
	return i
}

// isEnd reports whether c ends a scalar.
func isEnd(c byte) bool {
	switch c {
	case ',', '}', ']', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

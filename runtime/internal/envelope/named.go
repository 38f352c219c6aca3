package envelope

import "strings"

// ByName returns data in the one form that it has behind a frame which names
// its parameters: the object by parameter name, each name spelled exactly and
// at most once. Two readers of that see the same, however each of them looks a
// member up: encoding/json takes a member of another case for a struct's field
// and the last one of several, and a map has them all.
//
// A lone parameter's bare value is wrapped. Members of other names stay. Null,
// absent data and bare data of several parameters are returned as they are. So
// is data that has the form already, which costs no memory. data must be JSON.
func ByName(data []byte, params []string) []byte {
	switch {
	case len(data) == 0 || string(data) == "null":
		return data
	case data[0] != '{' && len(params) == 1:
		named := appendString(append(make([]byte, 0, len(params[0])+len(data)+5), '{'), params[0])
		return append(append(append(named, ':'), data...), '}')
	case data[0] != '{' || named(data, params):
		return data
	}
	return rename(data, params)
}

// named reports whether every member of the object that is read as a parameter
// has exactly its name, and none comes twice.
func named(data []byte, params []string) bool {
	var seen uint64
	for s := members(data); s.more(); {
		name := unquote(s.name)
		i := parameter(name, params)
		if i < 0 {
			continue
		}
		if i > 63 || seen&(1<<i) != 0 || string(name) != params[i] {
			return false
		}
		seen |= 1 << i
	}
	return true
}

// rename writes the object anew: members that are no parameters as they are,
// then the last value of each parameter.
func rename(data []byte, params []string) []byte {
	values := make([][]byte, len(params))
	out := append(make([]byte, 0, len(data)), '{')
	for s := members(data); s.more(); {
		if i := parameter(unquote(s.name), params); i >= 0 {
			values[i] = s.value
			continue
		}
		out = appendMember(append(out, s.name...), s.value)
	}
	for i, value := range values {
		if value != nil {
			out = appendMember(appendString(out, params[i]), value)
		}
	}
	return append(out[:max(1, len(out)-1)], '}') // no comma behind the last
}

func appendMember(dst, value []byte) []byte {
	return append(append(append(dst, ':'), value...), ',')
}

// parameter returns the index of the parameter that encoding/json takes a
// member for: the one of its name, else the first that has it in another case;
// -1 if there is none.
func parameter(name []byte, params []string) int {
	folded := -1
	for i, param := range params {
		if string(name) == param {
			return i
		}
		if folded < 0 && strings.EqualFold(string(name), param) {
			folded = i
		}
	}
	return folded
}

// walk steps over the members of an object that is JSON.
type walk struct {
	scanner

	name, value []byte // as they are written
}

func members(object []byte) *walk {
	return &walk{scanner: scanner{b: object, i: 1}}
}

// more steps to the next member, and reports whether there is one.
func (w *walk) more() bool {
	w.space()
	w.skip(',')
	w.space()
	if w.b[w.i] == '}' {
		return false
	}
	w.name = w.scanner.value()
	w.space()
	w.skip(':')
	w.space()
	w.value = w.scanner.value()
	return true
}

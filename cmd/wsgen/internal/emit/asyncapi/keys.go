package asyncapi

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// keys hands out the keys of one object. They consist of what AsyncAPI allows in keys
// of components, and so need no escapes in a reference.
type keys map[string]bool

var odd = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)

// ofEveryObject are names that each object of JavaScript's has. Parsers that are written
// in it read them as those, and then do not read the document.
func ofEveryObject() []string {
	return []string{
		"__proto__", "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString",
		"valueOf",
	}
}

// free is a key like name that was not handed out yet.
func (k keys) free(name ...string) string {
	plain := odd.ReplaceAllString(strings.Join(name, "."), "_")
	if slices.Contains(ofEveryObject(), plain) {
		plain += "_"
	}
	key := plain
	for i := 2; k[key]; i++ {
		key = plain + strconv.Itoa(i)
	}
	k[key] = true
	return key
}

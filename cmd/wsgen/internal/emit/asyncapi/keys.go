package asyncapi

import (
	"regexp"
	"strconv"
	"strings"
)

// keys hands out the keys of one object. They consist of what AsyncAPI allows in keys
// of components, and so need no escapes in a reference.
type keys map[string]bool

var odd = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)

// free is a key like name that was not handed out yet.
func (k keys) free(name ...string) string {
	plain := odd.ReplaceAllString(strings.Join(name, "."), "_")
	key := plain
	for i := 2; k[key]; i++ {
		key = plain + strconv.Itoa(i)
	}
	k[key] = true
	return key
}

package resolve

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/gotype"
)

// structName is a struct as a message names it.
func structName(t types.Type) string {
	if obj := gotype.Named(t); obj != nil {
		return obj.Name()
	}
	return "a struct without a name"
}

// and joins words: a, b and c.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

func more(n int) string {
	if n == 1 {
		return "one more place"
	}
	return fmt.Sprintf("%d more places", n)
}

// free is name, or name with a number, whichever is not taken. It takes it.
func free(name string, taken map[string]bool) string {
	all := name
	for n := 2; taken[all]; n++ {
		all = fmt.Sprintf("%s%d", name, n)
	}
	taken[all] = true
	return all
}

// spell is an argument as it stands in a directive.
func spell(value string) string { return directive.Arg{Value: value}.Write() }

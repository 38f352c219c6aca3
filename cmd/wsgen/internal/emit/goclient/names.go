package goclient

import (
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// Names of functions that the file declares for itself.
const (
	escapeOne  = "wildcard"
	escapeRest = "wildcardRest"
)

// names are the names that a file declares. Types and gateways have those of the
// contract, which are the same in every output.
type names struct {
	taken  map[string]bool
	defs   map[*model.Def]string
	consts map[*model.Def][]string // by value
	codes  []string                // by code; "" is one that is declared already
}

func newNames(c *model.Contract) *names {
	n := &names{taken: map[string]bool{escapeOne: true, escapeRest: true}, defs: map[*model.Def]string{}, consts: map[*model.Def][]string{}}
	for _, g := range c.Gateways {
		n.taken[gateway(g)], n.taken["Dial"+gateway(g)] = true, true
	}
	for _, def := range c.Defs {
		n.defs[def] = n.free(camel.Exported(def.Name))
	}
	n.constants(c)
	return n
}

// gateway is the name of a client.
func gateway(g *model.Facade) string { return camel.Exported(g.Name) }

// constants names what enums and codes have. Of several that have one name, each has
// that of its type in front, or of its package.
func (n *names) constants(c *model.Contract) {
	count := map[string]int{}
	for _, def := range c.Defs {
		for _, v := range values(def) {
			count[v.Go]++
		}
	}
	declared := map[string]string{} // codes, by the name of their constant
	for _, code := range c.Codes {
		_, name := ofCode(code)
		if other, ok := declared[name]; !ok || other != code.Code {
			declared[name] = code.Code
			count[name]++
		}
	}
	clashes := func(name string) bool { return count[name] > 1 || n.taken[name] }
	for _, def := range c.Defs {
		for _, v := range values(def) {
			name := v.Go
			if clashes(name) {
				name = n.defs[def] + name
			}
			n.consts[def] = append(n.consts[def], n.free(name))
		}
	}
	seen := map[string]bool{}
	for _, code := range c.Codes {
		pkg, name := ofCode(code)
		switch {
		case count[name] == 1 && seen[name]:
			n.codes = append(n.codes, "") // another package has the same
			continue
		case pkg != "" && (count[name] > 1 || n.taken[name]):
			name = camel.Exported(pkg) + name
		default:
			seen[name] = true
		}
		n.codes = append(n.codes, n.free(name))
	}
}

// ofCode is the constant of a code, with its package, as others may name it. A code
// that has no constant gets one: banned is CodeBanned.
func ofCode(code model.ErrCode) (pkg, name string) {
	pkg, name, found := strings.Cut(code.Go, ".")
	switch {
	case !found:
		return "", "Code" + camel.Exported(code.Code)
	case !token.IsExported(name):
		name = camel.Exported(name)
	}
	return pkg, name
}

// values are the constants of a type.
func values(def *model.Def) []model.Value {
	if def.Shape.Kind != model.ShapeEnum {
		return nil
	}
	return def.Shape.Values
}

// free is name, numbered if it is taken.
func (n *names) free(name string) string { return free(n.taken, name) }

func free(taken map[string]bool, name string) string {
	given := name
	for i := 2; taken[given]; i++ {
		given = name + strconv.Itoa(i)
	}
	taken[given] = true
	return given
}

// scope is every name that the file declares.
func (n *names) scope() []string { return slices.Sorted(maps.Keys(n.taken)) }

// methods hands out the names of a client's methods.
type methods map[string]bool

// newMethods begins with what every client has: the field of that name, and the
// methods of a wsclient.Client.
func newMethods() methods {
	return methods{"Client": true, "Close": true, "Done": true, "Err": true, "Ready": true, "Refresh": true, "State": true}
}

// name is the method of an event. One that is taken gets _.
func (m methods) name(prefix, event string) string {
	name := prefix + camel.Exported(event)
	for m[name] {
		name += "_"
	}
	m[name] = true
	return name
}

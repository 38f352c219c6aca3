package tsclient

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
	"github.com/wsgen/wsgen/templates/tsclient"
)

// names are what a file declares besides the types that travel.
type names struct {
	classes, sends map[*model.Facade]string
	pushes, asks   map[*model.Registry]string
}

var declared = regexp.MustCompile(`(?m)^(?:export )?(?:class|interface|type|const|function) (\w+)`)

// newNames chooses names that are not taken: by the common part, or by a type. Those
// of gateways differ already, and so do those of registries.
func newNames(c *model.Contract) names {
	taken := map[string]bool{"WsErrorCode": true}
	for _, m := range declared.FindAllStringSubmatch(tsclient.Common, -1) {
		taken[m[1]] = true
	}
	for _, def := range c.Defs {
		taken[def.Name] = true
	}
	free := func(name string) string {
		for taken[name] {
			name += "_"
		}
		taken[name] = true
		return name
	}
	n := names{map[*model.Facade]string{}, map[*model.Facade]string{}, map[*model.Registry]string{}, map[*model.Registry]string{}}
	for _, g := range c.Gateways {
		name := g.Name
		if taken[name+"Client"] {
			name = camel.Upper(g.Package.Name) + name
		}
		n.classes[g], n.sends[g] = free(name+"Client"), free(name+"Sends")
	}
	for _, r := range c.Registries {
		n.pushes[r], n.asks[r] = free(r.Name+"Push"), free(r.Name+"Asks")
	}
	return n
}

// members are names that a method cannot have: those of WsClient, of every object,
// and then, by which an object would be taken for a promise.
func members() []string {
	return []string{
		"call", "close", "connect", "events", "handle", "on", "onError", "onLost", "onOpen", "onRecovered", "onShed", "onState",
		"once", "ready", "refresh", "send", "state", "stream",
		"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toJSON", "toLocaleString", "toString",
		"valueOf", "then",
	}
}

// methods are the names of the methods of calls, in their order. Events that would
// be one method are written as they are.
func methods(calls []*model.Call) []string {
	count := map[string]int{}
	for _, c := range calls {
		count[method(c.Event)]++
	}
	all := make([]string, len(calls))
	used := map[string]bool{}
	for _, name := range members() {
		used[name] = true
	}
	for i, c := range calls {
		name := method(c.Event)
		if name == "" || count[name] > 1 {
			name = c.Event
		}
		for used[name] {
			name += "_"
		}
		used[name] = true
		all[i] = key(name)
	}
	return all
}

// renamed says of a method which event it sends, if that has another name by itself.
func renamed(c *model.Call, name string) string {
	if name == key(method(c.Event)) || name == key(c.Event) {
		return ""
	}
	return "Sends the event " + quote(c.Event) + ", whose name is taken."
}

// method is the name of an event as a method: history_pages is historyPages.
func method(event string) string {
	words := strings.FieldsFunc(event, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		if i == 0 {
			words[i] = camel.Lower(word)
		} else {
			words[i] = camel.Upper(word)
		}
	}
	name := strings.Join(words, "")
	if !slices.ContainsFunc([]rune(name), unicode.IsLetter) {
		return ""
	}
	return name
}

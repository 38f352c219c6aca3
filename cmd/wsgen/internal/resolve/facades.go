package resolve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/camel"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// name gives gateways and registries the names that clients know them by.
func (c *composer) name(gateways []*gateway) {
	var names []*string
	for i, f := range c.out.Gateways {
		f.Name = plainName(gateways[i].obj.Name())
		names = append(names, &f.Name)
	}
	unique(names, func(i int) string {
		if o, ok := gateways[i].directive.Option("version"); ok && c.versions(gateways[i]) {
			return c.out.Gateways[i].Name + "V" + o.Value
		}
		folder := camel.Upper(c.out.Gateways[i].Package.Name)
		if folder == c.out.Gateways[i].Name { // chat.Chat says it already
			return folder
		}
		return folder + c.out.Gateways[i].Name
	})
	names = nil
	for _, registry := range c.out.Registries {
		registry.Name = "Server"
		if registry.Go != "" {
			registry.Name = camel.Upper(registry.Go[strings.LastIndexByte(registry.Go, '.')+1:])
		}
		names = append(names, &registry.Name)
	}
	unique(names, func(i int) string {
		registry := c.out.Registries[i]
		if registry.Go == "" {
			return registry.Name
		}
		folder := registry.Go[:strings.LastIndexByte(registry.Go, '.')]
		return camel.Upper(folder[strings.LastIndexByte(folder, '/')+1:]) + registry.Name
	})
}

// versions reports whether the gateways that have the name of g have a version
// each, and no two the same.
func (c *composer) versions(g *gateway) bool {
	seen := map[string]bool{}
	for _, p := range c.r.pkgs {
		for _, other := range p.gateways {
			if plainName(other.obj.Name()) != plainName(g.obj.Name()) || !slices.ContainsFunc(c.out.Gateways, func(f *model.Facade) bool { return f.Gateway == other.model }) {
				continue
			}
			o, ok := other.directive.Option("version")
			if !ok || seen[o.Value] {
				return false
			}
			seen[o.Value] = true
		}
	}
	return true
}

// plainName is the name of a gateway's type without what says that it is one.
func plainName(name string) string {
	for _, suffix := range []string{"Gateway", "Service"} {
		if short, ok := strings.CutSuffix(name, suffix); ok && short != "" {
			return camel.Upper(short)
		}
	}
	return camel.Upper(name)
}

// unique makes names differ: those that are one get what longer says, and if that
// is not enough, a number.
func unique(names []*string, longer func(i int) string) {
	count := map[string]int{}
	for _, name := range names {
		count[*name]++
	}
	better := make([]string, len(names))
	for i, name := range names {
		if better[i] = *name; count[*name] > 1 {
			better[i] = longer(i)
		}
	}
	used := map[string]bool{}
	for i, name := range better {
		*names[i] = name
		for n := 2; used[*names[i]]; n++ {
			*names[i] = name + strconv.Itoa(n)
		}
		used[*names[i]] = true
	}
}

// taken tells of a name whether no declared type can have it in clients: a language
// or the common part of its clients uses it, or a gateway or registry.
func (c *composer) taken() func(name string) bool {
	names := map[string]bool{}
	for _, name := range reserved() {
		names[name] = true
	}
	for _, f := range c.out.Gateways {
		names[f.Name], names[f.Name+"Client"], names[f.Name+"Sends"], names["Dial"+f.Name] = true, true, true, true
	}
	for _, r := range c.out.Registries {
		names[r.Name+"Push"], names[r.Name+"Asks"] = true, true
	}
	return func(name string) bool { return names[name] || strings.HasPrefix(name, "Ws") }
}

// reserved are the names that TypeScript has, and that begin with a capital letter
// as those of types do, those that it reads as primitive types in JSDoc, whatever is
// declared, and one that generated clients declare.
func reserved() []string {
	return []string{
		"AbortController", "AbortSignal", "Array", "AsyncGenerator", "BigInt", "Boolean", "Date", "Error", "ErrorCode",
		"Function", "JSON", "Map", "Math", "Null", "Number", "Object", "Omit", "Partial", "Pick", "Promise", "Record",
		"ReturnType", "Set", "String", "Symbol", "URL", "Undefined", "Void",
	}
}

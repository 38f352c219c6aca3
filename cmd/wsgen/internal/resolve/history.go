package resolve

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
	"time"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/directive"
	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// This file is about push interfaces that keep what they push: //ws:history and
// //ws:kept.

// What a history has if its directive says nothing, and its bounds, which are those of
// the runtime.
const (
	defaultSize = 100
	maxSize     = 10_000
	defaultTTL  = 5 * time.Minute
	minTTL      = time.Second
	maxTTL      = 24 * time.Hour
	maxLogName  = 100
)

// keeping is what a push interface keeps, while that is resolved.
type keeping struct {
	r       *resolver
	obj     *types.TypeName
	history *directive.Directive // nil: there is none
	kept    int                  // methods that are marked
}

// history begins to resolve what a push interface keeps.
func (r *resolver) history(p *pkg, obj *types.TypeName, push *model.Push, registry string) *keeping {
	k := &keeping{r: r, obj: obj}
	for _, d := range p.onType[obj] {
		if d.Name == "history" {
			k.history = d
		}
	}
	if k.history == nil {
		return k
	}
	h := &model.History{Name: p.src.Name + "." + obj.Name(), Size: defaultSize, TTL: defaultTTL}
	for _, o := range k.history.Options {
		switch o.Key {
		case "size":
			h.Size = r.size(o)
		case "ttl":
			h.TTL = r.ttl(o)
		case "name":
			h.Name = r.logName(o)
		}
	}
	push.History = h
	if h.Name != "" { // else that is reported
		r.logs = append(r.logs, keptLog{p, registry, h.Name, obj, k.history, false})
	}
	return k
}

// size is how many messages a history keeps.
func (r *resolver) size(o directive.Arg) int {
	n, err := strconv.Atoi(o.Value)
	if err != nil || n < 1 || n > maxSize {
		r.report(diag.BadValue, value(o), "size= cannot be "+o.Value, fmt.Sprintf("it is a number from 1 to %d: how many messages of each room or user are kept", maxSize))
	}
	return n
}

// ttl is for how long a history keeps them.
func (r *resolver) ttl(o directive.Arg) time.Duration {
	d, ok := r.duration(o)
	if ok && (d < minTTL || d > maxTTL) {
		r.report(diag.BadValue, value(o), "ttl= cannot be "+o.Value, "it is a duration from 1s to 24h: for how long a message is kept")
	}
	return d
}

// logName is what a history is called; "" if that is reported.
func (r *resolver) logName(o directive.Arg) string {
	odd := func(c rune) bool { return !strings.ContainsRune(logLetters, c) }
	if o.Value == "" || len(o.Value) > maxLogName || strings.ContainsFunc(o.Value, odd) {
		r.report(diag.BadValue, value(o), "name= cannot be "+strconv.Quote(o.Value), fmt.Sprintf("it has 1 to %d letters of ASCII, digits, and . _ -", maxLogName))
		return ""
	}
	return o.Value
}

// logLetters are what the name of a history consists of: engines have it in names of
// their own.
const logLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// method resolves //ws:kept above a method.
func (k *keeping) method(fn *types.Func, m *model.PushMethod) {
	r := k.r
	d := r.markOf(fn, "kept")
	if d == nil {
		return
	}
	k.kept++
	name := nameSpan(k.obj)
	where := r.markSpan(fn, d, name)
	if r.markOf(fn, "presence") != nil {
		r.report(diag.KeptPresence, where, "//ws:kept has no effect beside //ws:presence: who comes is told who is there now", "remove it")
		return
	}
	if k.history == nil {
		if k.kept == 1 { // what mends it mends the others
			r.report(diag.KeptNowhere, where, fmt.Sprintf("%s is kept nowhere: %s has no history", fn.Name(), k.obj.Name()),
				diag.Paste("say how much is kept, above the interface", "//ws:history size=100 ttl=5m"), r.related(name, k.obj.Name()+" is declared here"))
		}
		return
	}
	m.Kept = true
	if !m.Count {
		return
	}
	if decl, ok := fieldType(r.pushField(fn)); ok {
		where = decl.Results
	}
	r.warn(diag.KeptCount, where, fmt.Sprintf("the kept method %s returns a count, which says nothing: followers may get the message later, and on many nodes it is 0", fn.Name()),
		"return error: whether the message is kept")
}

// nothing warns of a history that nothing is kept in.
func (k *keeping) nothing(iface *types.Interface) {
	if k.history == nil || k.kept > 0 || iface.NumMethods() == 0 { // then there is a warning already
		return
	}
	r := k.r
	first := r.pushMethods(iface)[0]
	r.warn(diag.KeepsNothing, head(k.history), "//ws:history has no effect: no method of "+k.obj.Name()+" is kept",
		diag.Paste("mark each method whose pushes are to be kept, or remove this", "//ws:kept"),
		r.related(r.pushSpan(first, nameSpan(k.obj)), first.Name()+" is declared here"))
}

// onlyPushed reports what is for pushes only, above a method of an ask interface.
func (r *resolver) onlyPushed(obj *types.TypeName, fn *types.Func) {
	for _, name := range []string{"kept", "presence"} {
		if d := r.markOf(fn, name); d != nil {
			r.report(diag.EventWithoutPush, r.markSpan(fn, d, nameSpan(obj)), fmt.Sprintf("//ws:%s has no effect: %s is an ask interface, and no push", name, obj.Name()), "remove it")
		}
	}
}

// histories reports //ws:history above what is no push interface.
func (r *resolver) histories(p *pkg) {
	for _, d := range p.all {
		if d.Name != "history" {
			continue
		}
		obj, _ := p.src.Info.Defs[d.Site.Type.Name].(*types.TypeName)
		if obj == nil || p.has(obj, "push") {
			continue
		}
		help := "it stands above an interface that is marked //ws:push"
		switch {
		case p.has(obj, "ask"):
			help = "remove it: what is asked is never kept"
		case types.IsInterface(obj.Type()):
			help = diag.Paste("mark it", "//ws:push")
		}
		r.report(diag.EventWithoutPush, head(d), "//ws:history has no effect: "+obj.Name()+" is no push interface", help)
	}
}

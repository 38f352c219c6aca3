package resolve

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/diag"
)

// oneName reports whether two are called alike, and may be of one program and one
// registry.
func (r *resolver) oneName(a, b keptLog) bool {
	return a.name == b.name && a.presence == b.presence && a.registry == b.registry && r.together(a.pkg, b.pkg)
}

// logNames reports histories of one registry that have one name: what is kept in the
// two would be one history, of events that clients of one of them do not know. The
// same holds for who is in rooms.
func (r *resolver) logNames() {
	for i, second := range r.logs {
		at := slices.IndexFunc(r.logs[:i], func(first keptLog) bool { return r.oneName(first, second) })
		if at < 0 || r.ctx.Err() != nil {
			continue
		}
		first, where := r.logs[at], head(second.directive)
		if o, named := second.directive.Option("name"); named {
			where = value(o)
		}
		r.owner = second.pkg.src
		if second.presence {
			r.report(diag.HistoryTwice, where, fmt.Sprintf("who is in rooms is told by two interfaces called %s, here and in package %s", second.name, first.pkg.src.Path),
				"rename one of the interfaces", r.related(head(first.directive), "the other one"))
			continue
		}
		r.report(diag.HistoryTwice, where, fmt.Sprintf("the history of %s is called %s, and so is that of %s in package %s", second.obj.Name(), second.name, first.obj.Name(), first.pkg.src.Path),
			diag.Paste("give one of them another name", second.directive.WithOption("name", r.freeLog(second))), r.related(head(first.directive), "the other one"))
	}
}

// freeLog is a name for a history that no other one has.
func (r *resolver) freeLog(of keptLog) string {
	for n := 2; ; n++ {
		name := of.name + strconv.Itoa(n)
		if !slices.ContainsFunc(r.logs, func(l keptLog) bool { return l.name == name }) {
			return name
		}
	}
}

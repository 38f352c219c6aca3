package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/pipeline"
)

func listFlags() *runFlags {
	f := newRunFlags("list")
	f.set.BoolVar(&f.json, "json", false, "print an object with all details; -format=json does so, too, with the mistakes in it")
	f.object = true
	return f
}

func listFlagSet() *flag.FlagSet { return listFlags().set }

// list prints what the packages serve, push and ask.
func list(ctx context.Context, s streams, args []string) int {
	j, code := begin(s, "list", listFlags(), args)
	if j == nil {
		return code
	}
	prepareMemory()
	program, result, err := pipeline.Model(ctx, j.opts)
	warnings := result.Diagnostics
	if j.flags.format == formatJSON && err == nil && !warnings.HasErrors() {
		result.Diagnostics = nil // they are a part of the answer
	}
	if code := j.report(ctx, result, err); code != exitOK {
		return code
	}
	listing := newListing(program, j.dir)
	switch {
	case j.flags.format == formatJSON:
		err = listing.withMistakes(s.out, warnings, j.dir)
	case j.flags.json:
		err = listing.write(s.out)
	default:
		err = listing.table(s.out)
	}
	if err != nil {
		s.errorf("%v", err)
		return exitFail
	}
	return exitOK
}

// table prints a line for each event: those that clients send, those that they
// get, and those that they are asked.
func (l listing) table(w io.Writer) error {
	var rows [][]string
	head := []string{"gateway", "path", "event", "data", "reply", "guards", "access"}
	declared := l.declares()
	if declared {
		head = append(head, "errors")
	}
	for _, g := range l.Gateways {
		name := g.Package.short() + g.Name
		for _, h := range g.Handlers {
			row := []string{name, g.Path, h.Event, data(h.Data, h.Whole), reply(h), strings.Join(distinct(slices.Concat(g.Guards, h.Guards)), ", "), h.Posture}
			if declared {
				row = append(row, refusals(h.Errors))
			}
			rows = append(rows, row)
		}
		if len(g.Handlers) == 0 {
			rows = append(rows, []string{name, g.Path, "", "", "", strings.Join(g.Guards, ", "), g.Posture})
		}
	}
	if err := columns(w, head, rows); err != nil {
		return err
	}
	if rows != nil && len(l.Pushes) > 0 {
		fmt.Fprintln(w)
	}
	if err := l.pushes(w); err != nil {
		return err
	}
	return l.questions(w)
}

// pushes prints a line for each event that clients get. Where one is
// kept, or tells who is in a room, a column more says so.
func (l listing) pushes(w io.Writer) error {
	var rows [][]string
	head := []string{"push", "to", "event", "data"}
	kinds := slices.ContainsFunc(l.Pushes, func(p listedPush) bool {
		return slices.ContainsFunc(p.Events, func(e listedEvent) bool { return e.kind() != "" })
	})
	if kinds {
		head = append(head, "kind")
	}
	for _, p := range l.Pushes {
		for _, e := range p.Events {
			row := []string{p.Package.short() + p.Name, registry(p.Namespace), e.Event, e.Data}
			if kinds {
				row = append(row, e.kind())
			}
			rows = append(rows, row)
		}
	}
	return columns(w, head, rows)
}

// kind is what an event is besides a push; "" if it is no more.
func (e listedEvent) kind() string {
	switch {
	case e.Kept:
		return "kept"
	case e.Presence:
		return "presence"
	}
	return ""
}

// declares reports whether some handler says which codes it refuses with.
func (l listing) declares() bool {
	return slices.ContainsFunc(l.Gateways, func(g listedGateway) bool {
		return slices.ContainsFunc(g.Handlers, func(h listedHandler) bool { return h.Errors != nil })
	})
}

// refusals are the codes that a handler declares, or that it declares none.
func refusals(codes []string) string {
	if codes != nil && len(codes) == 0 {
		return "none"
	}
	return strings.Join(codes, ", ")
}

// questions prints a line for each question that clients are asked.
func (l listing) questions(w io.Writer) error {
	var rows [][]string
	for _, a := range l.Asks {
		for _, q := range a.Events {
			rows = append(rows, []string{a.Package.short() + a.Name, registry(a.Namespace), q.Event, q.Data, q.Answer})
		}
	}
	if rows != nil && len(l.Gateways)+len(l.Pushes) > 0 {
		fmt.Fprintln(w)
	}
	return columns(w, []string{"ask", "of", "event", "data", "answer"}, rows)
}

// registry is a namespace, or what a program has without one.
func registry(namespace string) string {
	if namespace == "" {
		return "Server"
	}
	return namespace
}

// columns prints rows below a head, with a dash where there is nothing.
func columns(w io.Writer, head []string, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		for i, cell := range row {
			if cell == "" {
				row[i] = "-"
			}
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func data(params []listedParam, whole bool) string {
	if whole {
		return params[0].Type
	}
	var parts []string
	for _, p := range params {
		parts = append(parts, p.Name+" "+p.Type)
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func reply(h listedHandler) string {
	if h.Stream {
		return "stream of " + h.Reply
	}
	return h.Reply
}

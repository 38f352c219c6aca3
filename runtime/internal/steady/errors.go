package steady

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Text returns the text of err. The method Error may fail: its author may have
// forgotten that a nil pointer in an error is not nil.
func Text(err error) (text string) {
	if err == nil {
		return "<nil>"
	}
	if harmless(err) {
		return err.Error()
	}
	if f := Apart("Error method", func() { text = err.Error() }); f != nil {
		return fmt.Sprintf("%T, whose text is not known: %s", err, f.String())
	}
	return text
}

// harmless reports whether err is one of the errors that come often, whose
// methods are known to return and which wrap nothing.
func harmless(err error) bool {
	switch err {
	case context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF:
		return true
	}
	_, own := err.(*Failure)
	return own
}

// Found is the result of Look.
type Found[T comparable] struct {
	First T       // the first T that is not nil; the zero T: there is none
	Nodes []error // the error and what it wraps, in the order of errors.Is
	is    uint8
}

// Is reports whether errors.Is finds the target at index i of Look's.
func (f *Found[T]) Is(i int) bool { return f.is&(1<<i) != 0 }

// Look asks all at once what errors.As and errors.Is would find: the first T in
// err, whose methods must be harmless, and up to eight targets. If err fails
// while it is asked, it ends there, and its last node is the *Failure.
func Look[T comparable](err error, targets ...error) (found Found[T]) {
	look := func() {
		nodes := 0
		each(err, &nodes, func(node error) bool {
			found.visit(node, targets)
			return true
		})
	}
	if ours[T](err) {
		look()
		return found
	}
	if f := Apart("method of an error", look); f != nil {
		found.Nodes = append(found.Nodes, f)
	}
	return found
}

// ours reports whether all errors in err are ours, so that they can be asked in
// place.
func ours[T comparable](err error) bool {
	for err != nil && !harmless(err) {
		if _, is := any(err).(T); !is {
			return false
		}
		err = errors.Unwrap(err)
	}
	return true
}

// visit asks one node.
func (f *Found[T]) visit(node error, targets []error) {
	var none T
	f.Nodes = append(f.Nodes, node)
	if f.First == none {
		f.First, _ = as[T](node)
	}
	for i, target := range targets {
		if is(node, target) {
			f.is |= 1 << i
		}
	}
}

// As is errors.AsType. It finds nothing in an error that fails while it is
// asked.
func As[T any](err error) (found T, ok bool) {
	if err == nil {
		return found, false
	}
	if found, ok = any(err).(T); ok || harmless(err) {
		return found, ok
	}
	var last T
	nodes := 0
	// A result that the call has set before it failed is not to be believed.
	if f := Apart("method of an error", func() {
		each(err, &nodes, func(node error) bool {
			last, ok = as[T](node)
			return !ok
		})
	}); f != nil {
		return found, false
	}
	return last, ok
}

// Is is errors.Is, for a target that can be compared. It returns false for an
// error that fails while it is asked.
func Is(err, target error) (found bool) {
	if err == nil || err == target || harmless(err) {
		return err == target
	}
	nodes := 0
	if f := Apart("method of an error", func() {
		each(err, &nodes, func(node error) bool {
			found = is(node, target)
			return !found
		})
	}); f != nil {
		return false
	}
	return found
}

// as is As for one node.
func as[T any](node error) (found T, ok bool) {
	if found, ok = any(node).(T); ok {
		return found, true
	}
	if x, asks := node.(interface{ As(target any) bool }); asks && x.As(&found) {
		return found, true
	}
	var none T
	return none, false
}

// is is Is for one node.
func is(node, target error) bool {
	if node == target {
		return true
	}
	x, asks := node.(interface{ Is(target error) bool })
	return asks && x.Is(target)
}

// maxNodes bounds a chain that may have no end, as that of an error that wraps
// itself.
const maxNodes = 1000

// each visits err and the errors that it wraps, in the order of errors.Is,
// until visit returns false.
func each(err error, nodes *int, visit func(error) bool) (on bool) {
	for err != nil {
		if *nodes++; *nodes > maxNodes || !visit(err) {
			return false
		}
		switch x := err.(type) {
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		case interface{ Unwrap() []error }:
			for _, e := range x.Unwrap() {
				if !each(e, nodes, visit) {
					return false
				}
			}
			return true
		default:
			return true
		}
	}
	return true
}

// Wrap returns an error whose text is text and then that of err. err is asked
// for it only when the error is: fmt.Errorf would ask at once, and here.
func Wrap(text string, err error) error { return &wrapped{text, err} }

// wrapped is the error of Wrap.
type wrapped struct {
	text string
	err  error
}

func (w *wrapped) Error() string { return w.text + ": " + Text(w.err) }
func (w *wrapped) Unwrap() error { return w.err }

package pointer

// The bounds of a search. Data of a peer's must not cost it much more than the
// decoding that failed.
const (
	maxPath  = 1 << 10 // bytes of a pointer; it travels back, and is in no log
	perTry   = 256     // bytes that a try costs besides its own
	tries    = 48      // tries that are free
	decodes  = 4       // how often the whole text may be decoded
	scanRate = 8       // stepping over bytes is so much cheaper than decoding them
)

// Find returns the pointer of the value in text because of which it fails, and
// that value. text must be valid JSON. fails reports whether another text fails
// alike. It is given parts of text, each in what is around it there, and
// nothing beside.
//
// Of several such values it is the first. If it is not found within the bounds,
// or if the fault is not in one value but in what one holds together, the
// pointer is that of a value around it. The empty pointer, of the whole, is
// always right.
//
// Find halves: a half that does not fail is dropped with all that it holds. So
// the tries are about as long together as the text, however many values there
// are.
func Find(text []byte, fails func(part []byte) bool) (p string, value []byte) {
	from := space(text, 0)
	s := search{text: text, fails: fails, left: decodes*len(text) + tries*perTry}
	s.at = span{from, valueEnd(text, from)}
	s.sure = s.at
	s.run()
	return string(s.path[:s.known]), text[s.sure.from:s.sure.to]
}

// span is a value in the text.
type span struct{ from, to int }

// search is the state of Find, on its way down from the whole text to one
// value.
type search struct {
	text  []byte
	fails func([]byte) bool
	left  int // how many bytes may still be decoded

	at      span
	path    []byte
	before  []byte // the bytes that open the containers on the way, with the names of members
	closers []byte // the bytes that close them, the outermost first
	part    []byte // of a try

	sure    span // the innermost value that is known to fail
	known   int  // bytes of path that lead there
	guesses []guess
}

// guess is a value that was chosen because the values before it do not fail.
type guess struct {
	span
	path, before, closers int
}

// run goes down as far as it can.
func (s *search) run() {
	for s.left > len(s.text) && len(s.path) <= maxPath && s.at.from < s.at.to { // the rest is verify's
		open := s.text[s.at.from]
		first := space(s.text, s.at.from+1)
		if open != '{' && open != '[' || first >= s.at.to-1 { // a scalar, or empty
			break
		}
		closer := open + 2 // in ASCII, of both
		if s.try(open, closer) {
			s.settle()
			return // whatever the container holds
		}
		s.before, s.closers = append(s.before, open), append(s.closers, closer)
		s.at = s.narrow(span{first, s.at.to - 1}, open == '{')
		s.guesses = append(s.guesses, guess{s.at, len(s.path), len(s.before), len(s.closers)})
	}
	s.verify()
}

// settle notes that the value at s.at fails by itself.
func (s *search) settle() {
	s.sure, s.known = s.at, len(s.path)
	s.guesses = s.guesses[:0]
}

// verify settles for the innermost guess that was right.
func (s *search) verify() {
	for len(s.guesses) > 0 && s.left > 0 {
		g := s.guesses[len(s.guesses)-1]
		s.at, s.path, s.before, s.closers = g.span, s.path[:g.path], s.before[:g.before], s.closers[:g.closers]
		if g.path <= maxPath && s.try(s.text[g.from:g.to]...) {
			s.settle()
			return
		}
		s.guesses = s.guesses[:len(s.guesses)-1]
	}
}

// narrow goes down to one of the items of the container, and returns its value.
func (s *search) narrow(items span, members bool) span {
	rest := items
	for {
		end, next := s.cut(rest, members)
		if next >= rest.to {
			rest.to = end
			break
		}
		if s.try(s.text[rest.from:end]...) {
			s.settle()
			rest.to = end
		} else {
			rest.from = next
		}
	}
	if !members {
		s.path = appendIndex(s.path, s.count(items.from, rest.from))
		return rest
	}
	value := valueOf(s.text, rest.from)
	s.before = append(s.before, s.text[rest.from:value]...)
	s.path = appendName(s.path, nameAt(s.text, rest.from))
	return span{value, rest.to}
}

// cut returns the end of the first half, in bytes, of the items, and where the
// rest begins: at the end if there is one item only.
func (s *search) cut(items span, members bool) (end, next int) {
	middle := items.from + (items.to-items.from)/2
	b := s.text[:items.to]
	defer func() { s.left -= (next - items.from) / scanRate }()
	for i := items.from; ; i = next {
		e := itemEnd(b, i, members)
		n := nextItem(b, e)
		if n >= items.to && i > items.from { // the last is more than half of it
			return end, i
		}
		if end, next = e, n; end > middle || next >= items.to {
			return end, next
		}
	}
}

// count returns how many elements stand from first to the one at i.
func (s *search) count(first, i int) (n int) {
	s.left -= (i - first) / scanRate
	for at := first; at < i; n++ {
		at = nextItem(s.text, valueEnd(s.text, at))
	}
	return n
}

// try reports whether part fails where the search is.
func (s *search) try(part ...byte) bool {
	s.part = append(append(s.part[:0], s.before...), part...)
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.part = append(s.part, s.closers[i])
	}
	if s.left -= len(s.part) + perTry; s.left < 0 {
		return false
	}
	return s.fails(s.part)
}

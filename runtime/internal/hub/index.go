package hub

// index finds members by id. It is a hash table of pointers to members, which
// hold their own keys, with linear probing: a Go map would repeat each key, and
// weigh twice as much on every connection. The zero value is empty. It is
// guarded by Hub.mu.
type index struct {
	slots []*Member // a power of two, at most three quarters of them taken
	len   int
}

const minIndex = 16

// home returns the slot where the search for an id begins. Ids are numbers in a
// row, which the multiplication (Knuth, TAOCP 3, section 6.4) scatters.
func (x *index) home(id uint64) int {
	return int(id * 0x9E3779B97F4A7C15 >> 32 & uint64(len(x.slots)-1))
}

// find returns the slot of id, or the free one where it belongs.
func (x *index) find(id uint64) int {
	i := x.home(id)
	for x.slots[i] != nil && x.slots[i].ID != id {
		i = (i + 1) & (len(x.slots) - 1)
	}
	return i
}

func (x *index) get(id uint64) *Member {
	if x.len == 0 {
		return nil
	}
	return x.slots[x.find(id)]
}

// add adds a member whose id is not in the index.
func (x *index) add(m *Member) {
	if (x.len+1)*4 > len(x.slots)*3 {
		x.resize(max(2*len(x.slots), minIndex))
	}
	x.slots[x.find(m.ID)] = m
	x.len++
}

// remove takes out a member, which must be in the index. Members behind it that
// it had pushed off their place move up, so that no search ends before them.
func (x *index) remove(m *Member) {
	free := x.find(m.ID)
	mask := len(x.slots) - 1
	for i := (free + 1) & mask; x.slots[i] != nil; i = (i + 1) & mask {
		if home := x.home(x.slots[i].ID); (i-home)&mask >= (i-free)&mask {
			x.slots[free], free = x.slots[i], i
		}
	}
	x.slots[free] = nil
	x.len--
	if len(x.slots) > minIndex && x.len*8 < len(x.slots) {
		x.resize(len(x.slots) / 2)
	}
}

func (x *index) resize(n int) {
	old := x.slots
	x.slots = make([]*Member, n)
	for _, m := range old {
		if m != nil {
			x.slots[x.find(m.ID)] = m
		}
	}
}

package main

import (
	"time"

	ws "github.com/wsgen/wsgen/runtime"
)

// withReaders is what happens to those who follow notes and come back to them.
func withReaders() map[string]happening {
	const minute, second = time.Minute, time.Second
	same := func(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }
	// One of ten comes back the next morning.
	mostly := func(n int) time.Duration {
		if n%10 == 9 {
			return 5 * minute
		}
		return time.Duration(5+n%20) * second
	}
	return map[string]happening{
		"readers come and go": {ws.Options{}, 15 * second, func(s *site) {
			s.read(19)
			s.commute(60*minute, minute, 1, mostly)
		}, nil},
		"readers come and go in a cluster": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.read(19)
			s.commute(60*minute, minute, 1, mostly)
		}, nil},
		"all come back too late, once": {ws.Options{}, 15 * second, func(s *site) {
			s.read(10)
			s.commute(20*minute, minute, 1, same(5*second))
			for _, r := range s.readers {
				s.away(r, 5*minute, minute)
			}
			s.note(100, 1)
			s.pass(5 * minute)
			s.returns()
			s.pass(30 * minute)
		}, nil},
		"the engine has no room": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.read(4)
			s.commute(5*minute, minute, 1, same(5*second))
			s.full.Store(true)
			s.commute(10*minute, minute, 1, same(5*second))
			s.full.Store(false)
		}, []string{"WsgenHistoryNotKept"}},
		"more is pushed than kept": {ws.Options{}, 15 * second, func(s *site) {
			s.read(10)
			s.only(func(r *reader) bool { return r.session == nil }) // who is told when it comes back
			s.commute(45*minute, minute, 3, same(30*second))
		}, []string{"WsgenHistoryTooShort"}},
		"more is pushed than the engine keeps": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.read(10)
			s.only(func(r *reader) bool { return r.session != nil }) // who has never left, and is told later
			s.commute(45*minute, minute, 4, same(30*second))
		}, []string{"WsgenHistoryTooShort"}},
		"histories have no room": {ws.Options{Cluster: ws.Cluster{HistoryBytes: 4 << 10}}, 15 * second, func(s *site) {
			s.read(10)
			s.commute(45*minute, minute, 2, same(10*second))
		}, []string{"WsgenHistoryTooShort"}},
		"the engine has lost what it kept": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.read(10)
			s.commute(15*minute, minute, 1, same(5*second))
			s.engine.Empty()
			s.commute(30*minute, minute, 1, same(5*second))
		}, []string{"WsgenHistoryLost"}},
		"a node has missed more than is kept": {ws.Options{Cluster: inCluster}, 15 * second, func(s *site) {
			s.read(4)
			s.commute(5*minute, minute, 1, same(5*second))
			s.link.Cut()
			for range 50 {
				_ = s.farNotes.In(noteRoom).Noted(long())
			}
			s.pass(4 * second)
			s.link.Heal()
			s.commute(15*minute, minute, 1, same(5*second))
		}, []string{"WsgenHistoryLost"}},
		"clients come back too late": {ws.Options{ResumeWindow: 10 * second}, 15 * second, func(s *site) {
			s.read(10)
			s.commute(60*minute, 10*second, 1, func(n int) time.Duration { return time.Duration(5+15*(n/2%2)) * second })
		}, []string{"WsgenSessionsNotResumed"}},
	}
}

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	client "github.com/nats-io/nats.go"
)

// natsRoom is how much JetStream may have on the disk of each server.
const natsRoom = 64 << 20

// Failures implements Engine.
func (n *nats) Failures() []Failure {
	one := func(i int, how func(s *natsServer, outage time.Duration) error) func(time.Duration) ([]Hole, error) {
		return func(outage time.Duration) ([]Hole, error) {
			return nil, errors.Join(how(n.servers[i], outage), n.Start())
		}
	}
	all := func(between func(outage time.Duration) error) func(time.Duration) ([]Hole, error) {
		return func(outage time.Duration) ([]Hole, error) {
			n.killAll()
			return nil, errors.Join(between(outage), n.Start())
		}
	}
	kill := func(s *natsServer, outage time.Duration) error {
		s.kill()
		time.Sleep(outage)
		return nil
	}
	return []Failure{
		{What: "its server killed", Server: 0, Do: one(0, kill)},
		{What: "all servers killed", Server: All, Do: all(func(outage time.Duration) error { time.Sleep(outage); return nil })},
		{What: "its server killed", Server: 1, Do: one(1, kill)},
		{What: "its server stopped, so that it lags", Server: 2, Do: one(2, (*natsServer).stop)},
		{What: "stream deleted", Server: All, Loses: true, Do: func(time.Duration) ([]Hole, error) { return nil, n.deleteStreams() }},
		{What: "all servers brought back from older files", Server: All, Loses: true, Do: n.goBack},
		{What: "all servers killed, and started without files", Server: All, Loses: true, Do: all(func(outage time.Duration) error {
			time.Sleep(outage)
			return n.forget()
		})},
	}
}

// killAll kills all servers at once.
func (n *nats) killAll() {
	var all sync.WaitGroup
	for _, s := range n.servers {
		all.Go(s.kill)
	}
	all.Wait()
}

// forget takes all files away.
func (n *nats) forget() (failed error) {
	for _, s := range n.servers {
		failed = errors.Join(failed, os.RemoveAll(s.config.Files))
	}
	return failed
}

// goBack copies what the servers have, has them go on for a while, and starts them with
// the copies: as if each had lost what it had not written yet when the power failed.
func (n *nats) goBack(outage time.Duration) ([]Hole, error) {
	older := n.folder + "-older"
	defer os.RemoveAll(older)
	n.killAll()
	if err := errors.Join(os.CopyFS(older, os.DirFS(n.folder)), n.Start(), n.kept()); err != nil {
		return nil, err
	}
	time.Sleep(outage)
	n.killAll()
	if err := n.forget(); err != nil {
		return nil, err
	}
	for _, s := range n.servers {
		if err := os.Rename(filepath.Join(older, s.config.Name), s.config.Files); err != nil {
			return nil, err
		}
	}
	return nil, n.Start()
}

// kept waits until something more is kept than there was.
func (n *nats) kept() error {
	before := uint64(0)
	for limit := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		last, err := n.last()
		switch {
		case err == nil && before > 0 && last > before:
			return nil
		case err == nil && before == 0:
			before = last
		}
		if time.Now().After(limit) {
			return errors.Join(fmt.Errorf("engine: in %v nothing more was kept behind %d", patience, before), err)
		}
	}
}

// streams begin so.
const streams = "WS_"

// last returns the last sequence of the nodes' stream.
func (n *nats) last() (last uint64, err error) {
	err = n.jetStream(0, func(js client.JetStreamContext) error {
		for name := range js.StreamNames() {
			if strings.HasPrefix(name, streams) {
				info, err := js.StreamInfo(name)
				if err != nil {
					return err
				}
				last = info.State.LastSeq
			}
		}
		return nil
	})
	return last, err
}

// jetStream calls f with a client of a server.
func (n *nats) jetStream(server int, f func(client.JetStreamContext) error) error {
	c, err := client.Connect("nats://"+n.Addr(server), client.NoReconnect(), client.Timeout(2*time.Second))
	if err != nil {
		return err
	}
	defer c.Close()
	js, err := c.JetStream(client.MaxWait(3 * time.Second))
	if err != nil {
		return err
	}
	return f(js)
}

// deleteStreams does what an operator does by mistake.
func (n *nats) deleteStreams() error {
	return again(func() error {
		return n.jetStream(1, func(js client.JetStreamContext) error {
			deleted := 0
			for name := range js.StreamNames() {
				if !strings.HasPrefix(name, streams) {
					continue
				}
				if err := js.DeleteStream(name); err != nil {
					return err
				}
				deleted++
			}
			if deleted == 0 {
				return errors.New("engine: the servers have no stream of the nodes")
			}
			return nil
		})
	})
}

// ballast is the stream that takes the room of the others.
const ballast = "BALLAST"

// Fill implements Engine: by what somebody else keeps on the same disks.
func (n *nats) Fill() error {
	if err := again(func() error {
		return n.jetStream(0, func(js client.JetStreamContext) error {
			_, err := js.AddStream(&client.StreamConfig{Name: ballast, Subjects: []string{ballast}, Storage: client.FileStorage, Replicas: natsServers})
			return err
		})
	}); err != nil {
		return err
	}
	block := make([]byte, 512<<10)
	return again(func() error {
		return n.jetStream(0, func(js client.JetStreamContext) error {
			for range 2 * natsRoom / len(block) {
				_, err := js.Publish(ballast, block)
				var refused *client.APIError
				if errors.As(err, &refused) {
					return nil // there is no room any more
				}
				if err != nil {
					return err
				}
			}
			return errors.New("engine: the disks are not full")
		})
	})
}

// Drain implements Engine.
func (n *nats) Drain() error {
	return again(func() error {
		return n.jetStream(1, func(js client.JetStreamContext) error {
			if err := js.DeleteStream(ballast); err != nil && !errors.Is(err, client.ErrStreamNotFound) {
				return err
			}
			return nil
		})
	})
}

package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// redis is two processes of redis-server: a master, and a replica that may take its
// place. The replica comes to the master through a proxy.
type redis struct {
	servers [2]*redisServer
	master  int
	way     *Proxy // to the master, for the replica
	folder  string // of their files
}

// redisServer is one of them.
type redisServer struct {
	process
	files string
}

func newRedis() (r *redis, err error) {
	r = &redis{}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	if r.folder, err = os.MkdirTemp("", "wsgen-chaos-redis-"); err != nil {
		return r, err
	}
	for i := range r.servers {
		s := &redisServer{files: filepath.Join(r.folder, strconv.Itoa(i))}
		if s.port, err = FreePort(); err != nil {
			return r, err
		}
		r.servers[i] = s
	}
	r.way, err = NewProxy(r.servers[0].addr())
	return r, err
}

// RedisServer returns the program: REDIS_SERVER, or redis-server of PATH.
func RedisServer() (string, error) {
	name := os.Getenv("REDIS_SERVER")
	if name == "" {
		name = "redis-server"
	}
	return exec.LookPath(name)
}

// Name implements Engine.
func (r *redis) Name() string { return "redis" }

// Servers implements Engine: that of the nodes.
func (r *redis) Servers() int { return 1 }

// Addr implements Engine. It is another one when the replica has taken over.
func (r *redis) Addr(int) string { return r.servers[r.master].addr() }

// Close implements Engine.
func (r *redis) Close() {
	for _, s := range r.servers {
		if s != nil {
			s.kill()
		}
	}
	if r.way != nil {
		r.way.Close()
	}
	if r.folder != "" {
		_ = os.RemoveAll(r.folder) // it is a temporary folder
	}
}

// Part implements Engine: nodes need no replica.
func (r *redis) Part() {}

// Heal implements Engine.
func (r *redis) Heal() {}

// Start implements Engine. It returns when the replica has what the master has.
func (r *redis) Start() error {
	if err := r.start(r.servers[r.master]); err != nil {
		return err
	}
	replica := r.servers[1-r.master]
	host, port, err := net.SplitHostPort(r.way.Addr())
	if err != nil {
		return err
	}
	if err := r.start(replica, "--replicaof", host+" "+port, "--repl-timeout", "5"); err != nil {
		return err
	}
	return again(func() error {
		info, err := replica.ask("INFO replication")
		if err == nil && !strings.Contains(strings.Join(info, ""), "master_link_status:up") {
			err = errors.New("engine: the replica of Redis has not come to its master")
		}
		return err
	})
}

// start starts a server. It writes what it is told before it answers, and leaves it to
// the system when that comes to the disk: a process that is killed loses nothing.
func (r *redis) start(s *redisServer, args ...string) error {
	program, err := RedisServer()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.files, 0o700); err != nil {
		return err
	}
	cmd := exec.Command(program, append([]string{
		"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.files,
		"--save", "", "--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-percentage", "0", "--repl-diskless-sync-delay", "0",
	}, args...)...)
	if err := s.start(cmd); err != nil {
		return err
	}
	return again(func() error { // it listens before it has read its files
		_, err := s.ask("PING")
		return err
	})
}

// Failures implements Engine.
func (r *redis) Failures() []Failure {
	return []Failure{
		{What: "engine killed", Server: All, Do: func(outage time.Duration) ([]Hole, error) {
			r.servers[r.master].kill()
			time.Sleep(outage)
			return nil, r.Start()
		}},
		{What: "engine stopped", Server: All, Do: func(outage time.Duration) ([]Hole, error) {
			return nil, r.servers[r.master].stop(outage)
		}},
		{What: "engine emptied", Server: All, Loses: true, Do: func(time.Duration) ([]Hole, error) {
			_, err := r.servers[r.master].ask("FLUSHALL")
			return nil, err
		}},
		{What: "replica took over without the newest", Server: All, Loses: true, Do: r.takeOver},
		{What: "engine killed, and started without files", Server: All, Loses: true, Do: func(outage time.Duration) ([]Hole, error) {
			r.servers[r.master].kill()
			time.Sleep(outage)
			return nil, errors.Join(os.RemoveAll(r.servers[r.master].files), r.Start())
		}},
	}
}

// takeOver cuts the replica off for a while, kills the master, and has the replica take
// its place. The other is its replica then.
func (r *redis) takeOver(outage time.Duration) ([]Hole, error) {
	old, replica := r.servers[r.master], r.servers[1-r.master]
	r.way.Cut()
	time.Sleep(outage)
	old.kill()
	holes, err := replica.holes()
	if err != nil {
		return nil, err
	}
	if _, err := replica.ask("REPLICAOF NO ONE"); err != nil {
		return nil, err
	}
	r.master = 1 - r.master
	r.way.Turn(replica.addr())
	r.way.Heal()
	return holes, errors.Join(os.RemoveAll(old.files), r.Start())
}

// offsetOf returns the offset that Redis gives at a moment: microseconds since 2020.
func offsetOf(t time.Time) uint64 {
	return uint64(t.Sub(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)).Microseconds())
}

// holes returns what a replica does not have that its master has had: all that is
// behind the last one that it has, of each channel.
func (s *redisServer) holes() (all []Hole, err error) {
	const end = ":m" // of the key that has the last offset
	keys, err := s.ask("KEYS ws:*" + end)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		fields, err := s.ask("HGET " + key + " o")
		if err != nil {
			return nil, err
		}
		last := uint64(0) // nothing was kept there yet
		if len(fields) == 1 && fields[0] != "" {
			if last, err = strconv.ParseUint(fields[0], 10, 64); err != nil {
				return nil, fmt.Errorf("engine: %s at %s has %q", key, s.addr(), fields[0])
			}
		}
		parts := strings.Split(strings.TrimSuffix(key, end), ":")
		all = append(all, Hole{Channel: parts[len(parts)-1], After: last, Before: offsetOf(time.Now())})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("engine: the replica of Redis at %s keeps nothing", s.addr())
	}
	return all, nil
}

// Fill implements Engine.
func (r *redis) Fill() error {
	_, err := r.servers[r.master].ask("CONFIG SET maxmemory 1")
	return err
}

// Drain implements Engine.
func (r *redis) Drain() error {
	_, err := r.servers[r.master].ask("CONFIG SET maxmemory 0")
	return err
}

// Subscriptions implements Engine.
func (r *redis) Subscriptions() (int, error) {
	channels, err := r.servers[r.master].ask("PUBSUB CHANNELS")
	return len(channels), err
}

// ask gives a command, and returns the texts of the answer.
func (s *redisServer) ask(command string) ([]string, error) {
	c, err := net.DialTimeout("tcp", s.addr(), time.Second)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, command+"\r\n"); err != nil {
		return nil, err
	}
	return readAnswer(bufio.NewReader(c))
}

// readAnswer reads an answer of Redis: a text, or several.
func readAnswer(in *bufio.Reader) ([]string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSpace(line)
	if line == "" {
		return nil, errors.New("engine: an empty line of Redis")
	}
	size, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '-':
		return nil, errors.New("engine: Redis says " + line[1:])
	case '$':
		if size < 0 {
			return []string{""}, nil
		}
		text := make([]byte, size+2)
		_, err := io.ReadFull(in, text)
		return []string{string(text[:size])}, err
	case '*':
		var all []string
		for range size {
			one, err := readAnswer(in)
			if err != nil {
				return nil, err
			}
			all = append(all, one...)
		}
		return all, nil
	}
	return []string{line[1:]}, nil
}

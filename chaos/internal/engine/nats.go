package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsServers is how many servers of NATS there are: one for each node.
const natsServers = 3

// nats is this program as servers of NATS that are a cluster.
type nats struct {
	servers []*natsServer
	folder  string // of their files
}

// natsServer is one of them. The others come to it through a proxy, and hear of it
// from each other by the proxy's address only.
type natsServer struct {
	process
	way    *Proxy
	config natsConfig
}

// natsConfig is what the process of a server is told.
type natsConfig struct {
	Name, Files            string // of JetStream: it knows servers by their names
	Port, Monitor, Cluster int
	Advertise              string   // where the others come to it
	Others                 []string // where it comes to them
}

// Env is where a process reads that it is to be a server of NATS.
const Env = "WSGEN_CHAOS_NATS"

func newNATS() (n *nats, err error) {
	n = &nats{}
	if n.folder, err = os.MkdirTemp("", "wsgen-chaos-nats-"); err != nil {
		return n, err
	}
	defer func() {
		if err != nil {
			n.Close()
		}
	}()
	for i := range natsServers {
		var ports [3]int
		for k := range ports {
			if ports[k], err = FreePort(); err != nil {
				return n, err
			}
		}
		name := fmt.Sprintf("chaos-%d", i)
		s := &natsServer{process: process{port: ports[0]}, config: natsConfig{
			Name: name, Files: filepath.Join(n.folder, name), Port: ports[0], Monitor: ports[1], Cluster: ports[2],
		}}
		if s.way, err = NewProxy(fmt.Sprintf("127.0.0.1:%d", ports[2])); err != nil {
			return n, err
		}
		s.config.Advertise = s.way.Addr()
		n.servers = append(n.servers, s)
	}
	for _, s := range n.servers {
		for _, other := range n.servers {
			if other != s {
				s.config.Others = append(s.config.Others, other.way.Addr())
			}
		}
	}
	return n, nil
}

// Name implements Engine.
func (n *nats) Name() string { return "nats" }

// Servers implements Engine.
func (n *nats) Servers() int { return len(n.servers) }

// Addr implements Engine.
func (n *nats) Addr(i int) string { return n.servers[i].addr() }

// Start implements Engine. It returns when the servers know each other.
func (n *nats) Start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, s := range n.servers {
		config, _ := json.Marshal(s.config)
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), Env+"="+string(config))
		if err := s.start(cmd); err != nil {
			return err
		}
	}
	for _, s := range n.servers {
		if err := s.joined(len(n.servers) - 1); err != nil {
			return err
		}
	}
	return nil
}

// joined waits until the server has all routes to so many others.
func (s *natsServer) joined(others int) error {
	// One for the system's account, beside those that the others share.
	routes := others * (server.DEFAULT_ROUTE_POOL_SIZE + 1)
	for limit := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var all struct {
			Routes int `json:"num_routes"`
		}
		err := s.ask("routez", &all)
		if all.Routes == routes {
			return nil
		}
		if time.Now().After(limit) {
			return errors.Join(fmt.Errorf("engine: a server of NATS has %d routes to others, and not %d", all.Routes, routes), err)
		}
	}
}

// Part implements Engine.
func (n *nats) Part() {
	for _, s := range n.servers {
		s.way.Cut()
	}
}

// Heal implements Engine.
func (n *nats) Heal() {
	for _, s := range n.servers {
		s.way.Heal()
	}
}

// Close implements Engine.
func (n *nats) Close() {
	var all sync.WaitGroup
	for _, s := range n.servers {
		all.Go(func() {
			s.kill()
			if s.way != nil {
				s.way.Close()
			}
		})
	}
	all.Wait()
	if n.folder != "" {
		_ = os.RemoveAll(n.folder) // it is a temporary folder
	}
}

// Subscriptions implements Engine: those of clients.
func (n *nats) Subscriptions() (count int, err error) {
	for _, s := range n.servers {
		here, failed := s.subscriptions()
		count, err = count+here, errors.Join(err, failed)
	}
	return count, err
}

func (s *natsServer) subscriptions() (count int, err error) {
	var all struct {
		Connections []struct {
			Subs []string `json:"subscriptions_list"`
		} `json:"connections"`
	}
	err = s.ask("connz?subs=1&limit=1000", &all)
	for _, c := range all.Connections {
		count += len(c.Subs)
	}
	return count, err
}

// ask asks the server about itself.
func (s *natsServer) ask(what string, answer any) error {
	r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/%s", s.config.Monitor, what))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	return json.NewDecoder(r.Body).Decode(answer)
}

// RunNATS is the process of a server of NATS, until its standard input ends.
func RunNATS(config string) error {
	var c natsConfig
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	o := &server.Options{
		ServerName: c.Name, Host: "127.0.0.1", Port: c.Port, HTTPHost: "127.0.0.1", HTTPPort: c.Monitor, NoLog: true, NoSigs: true,
		NoFastProducerStall: true, // as the adapter's page demands
		JetStream:           true, StoreDir: c.Files, JetStreamMaxMemory: 16 << 20, JetStreamMaxStore: natsRoom,
		// Nodes stay at their server, and servers come to each other through proxies.
		Cluster: server.ClusterOpts{Name: "chaos", Host: "127.0.0.1", Port: c.Cluster, Advertise: c.Advertise, NoAdvertise: true},
	}
	for _, other := range c.Others {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: other})
	}
	s, err := server.NewServer(o)
	if err != nil {
		return err
	}
	s.Start()
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

package site_test

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/wsgen/wsgen/examples/behind/internal/page"
	"github.com/wsgen/wsgen/examples/behind/site"
)

// deployment is what matters here of the page's Deployment.
type deployment struct {
	Kind string
	Spec struct {
		Template struct {
			Spec struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Ports []struct {
						Port int `yaml:"containerPort"`
					}
					Env []struct {
						Name, Value string
					}
					Readiness struct {
						HTTPGet struct {
							Path string
							Port int
						} `yaml:"httpGet"`
						Period    int `yaml:"periodSeconds"`
						Timeout   int `yaml:"timeoutSeconds"`
						Threshold int `yaml:"failureThreshold"`
					} `yaml:"readinessProbe"`
				}
			}
		}
	}
}

// writeTimeout is the runtime's default, for which the socket of a client that reads
// nothing is kept, and flush what a shutdown keeps for the last frames.
const (
	writeTimeout = 10 * time.Second
	flush        = time.Second
)

// endsAfter is the longest that a process takes to end.
const endsAfter = site.ShutdownWithin + site.RequestsWithin

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// TestOptionsFitTogether checks that a shutdown may take as long as its parts do.
func TestOptionsFitTogether(t *testing.T) {
	o := site.Options()
	if parts := o.ShutdownDelay + o.ShutdownSpread + o.DrainTimeout + flush + writeTimeout; parts > site.ShutdownWithin {
		t.Errorf("the parts of a shutdown take %v, and it may take %v", parts, site.ShutdownWithin)
	}
	// Delay and spread take at most half of what is left.
	if o.ShutdownDelay > site.ShutdownWithin/2 || o.ShutdownSpread > (site.ShutdownWithin-o.ShutdownDelay)/2 {
		t.Error("delay or spread would be cut")
	}
}

// TestDeployment checks the page's Deployment beside the program's options.
func TestDeployment(t *testing.T) {
	var d deployment
	if err := yaml.Unmarshal([]byte(page.Find(t, "yaml", "deployment")), &d); err != nil {
		t.Fatal(err)
	}
	pod := d.Spec.Template.Spec
	if d.Kind != "Deployment" || len(pod.Containers) != 1 || len(pod.Containers[0].Ports) != 1 || len(pod.Containers[0].Env) != 1 {
		t.Fatalf("%+v", d)
	}
	if grace := seconds(pod.Grace); grace <= endsAfter {
		t.Errorf("killed after %v, and may need %v", grace, endsAfter)
	}
	c := pod.Containers[0]
	addr := ":" + strconv.Itoa(c.Ports[0].Port)
	if c.Env[0].Name != "ADDR" || c.Env[0].Value != addr || c.Readiness.HTTPGet.Port != c.Ports[0].Port {
		t.Errorf("the program listens on %v, and the others go to %s", c.Env, addr)
	}
	if c.Readiness.HTTPGet.Path != "/readyz" { // the programs' tests ask for it
		t.Errorf("the probe asks for %s", c.Readiness.HTTPGet.Path)
	}
	r := c.Readiness
	if told := seconds(r.Period*r.Threshold + r.Timeout); r.Period == 0 || r.Threshold == 0 || r.Timeout == 0 || told >= site.Options().ShutdownDelay {
		t.Errorf("the probe may need %v (%+v), and connections are closed after %v", told, r, site.Options().ShutdownDelay)
	}
}

// TestUnit checks the page's unit of systemd.
func TestUnit(t *testing.T) {
	unit := page.Find(t, "ini", "unit")
	value := func(name string) int {
		m := regexp.MustCompile(`(?m)^` + name + `=(\d+)$`).FindStringSubmatch(unit)
		if m == nil {
			t.Fatalf("the unit has no %s:\n%s", name, unit)
		}
		n, _ := strconv.Atoi(m[1])
		return n
	}
	if limit := value("LimitNOFILE"); limit < 2*site.Options().MaxConnections {
		t.Errorf("%d descriptors for %d connections", limit, site.Options().MaxConnections)
	}
	if stop := seconds(value("TimeoutStopSec")); stop <= endsAfter {
		t.Errorf("killed after %v, and may need %v", stop, endsAfter)
	}
}

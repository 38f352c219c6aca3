//go:build unix

package proxies

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wsgen/wsgen/examples/behind/internal/page"
	"github.com/wsgen/wsgen/examples/behind/internal/visitor"
)

// kinds are the proxies of the page.
func kinds() []kind {
	return []kind{
		{
			name: "nginx", forwarded: []string{"203.0.113.9, 203.0.113.10, " + visitor.From}, logged: "HTTP/1.1\" 101 ",
			commands: []string{"nginx"}, version: []string{"-v"}, config: nginxConfig,
			start:    func(p *proxy) []string { return []string{"-p", p.dir, "-c", p.path("config")} },
			reload:   func(t *testing.T, p *proxy) { p.do(t, "-p", p.dir, "-c", p.path("config"), "-s", "reload") },
			hostLine: "proxy_set_header Host $http_host;", endsOldOnes: true, few: "worker_connections 8;", refusesWhenFull: true,
		},
		{
			name: "HAProxy", forwarded: []string{"203.0.113.9", "203.0.113.10", visitor.From}, logged: " 101 ",
			commands: []string{"haproxy"}, version: []string{"-v"}, config: haproxyConfig,
			start:       func(p *proxy) []string { return []string{"-W", "-f", p.path("config")} },
			endsOldOnes: true, few: "    maxconn 8\n",
			reload: func(t *testing.T, p *proxy) {
				if err := p.process.Process.Signal(syscall.SIGUSR2); err != nil { // as systemctl reload does
					t.Fatal(err)
				}
			},
		},
		{
			name: "Caddy", forwarded: []string{visitor.From}, logged: "\"status\":",
			commands: []string{"caddy"}, version: []string{"version"}, config: caddyConfig,
			start: func(p *proxy) []string {
				return []string{"run", "--adapter", "caddyfile", "--config", p.path("config")}
			},
			neverCuts: true, logsHeaders: true, closesAtReload: true,
			reload: func(t *testing.T, p *proxy) {
				p.do(t, "reload", "--adapter", "caddyfile", "--config", p.path("config"), "--address", "unix/"+p.path("admin"))
			},
		},
		{
			name: "Apache", forwarded: []string{"203.0.113.9, 203.0.113.10, " + visitor.From}, logged: "HTTP/1.1\" 101 ",
			commands: []string{"apache2", "httpd"}, version: []string{"-v"}, config: apacheConfig,
			start:    func(p *proxy) []string { return []string{"-f", p.path("config"), "-DFOREGROUND"} },
			reload:   func(t *testing.T, p *proxy) { p.do(t, "-f", p.path("config"), "-k", "graceful") },
			hostLine: "ProxyPreserveHost On", keepsPlaces: true, few: "StartServers 1\nServerLimit 1\nThreadsPerChild 8\nMaxRequestWorkers 8\n",
		},
	}
}

// block is a block of the page, changed for this proxy.
func (p *proxy) block(t *testing.T, do, arg string) string {
	t.Helper()
	return p.change.Replace(page.Find(t, do, arg))
}

// moved is a block with the address that it listens on replaced.
func (p *proxy) moved(t *testing.T, text, from, to string) string {
	t.Helper()
	if strings.Count(text, from) != 1 {
		t.Fatalf("the page's configuration of %s does not have %q once:\n%s", p.kind.name, from, text)
	}
	return strings.Replace(text, from, to, 1)
}

func nginxConfig(t *testing.T, p *proxy) string {
	var temps, mark strings.Builder
	for _, of := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temps, "%s_temp_path tmp/%s;\n", of, of)
	}
	if p.changed {
		fmt.Fprintf(&mark, "server { listen %s; }\n", p.marker)
	}
	main := p.block(t, "nginx", "main")
	if p.full {
		main = p.moved(t, main, "worker_connections 32768;", p.kind.few)
	}
	return "daemon off;\npid nginx.pid;\nerror_log error.log;\n" + main +
		"http {\naccess_log access.log combined;\n" + temps.String() +
		p.moved(t, p.block(t, "nginx", "server"), "listen 80;", "listen "+p.addr+";") + mark.String() + "}\n"
}

func haproxyConfig(t *testing.T, p *proxy) string {
	text := p.moved(t, p.block(t, "haproxy", "all"), "bind :80\n", "bind "+p.addr+"\n    log stdout format raw local0\n    option httplog\n")
	if p.full {
		text = p.moved(t, text, "global\n", "global\n"+p.kind.few)
	}
	if p.changed {
		text += "\nfrontend mark\n    bind " + p.marker + "\n    http-request return status 200\n"
	}
	return text
}

func caddyConfig(t *testing.T, p *proxy) string {
	text := p.block(t, "caddy", "site")
	logs := "log {\n\toutput file " + p.path("access.log") + "\n}\n"
	if !p.plainLog {
		logs = p.moved(t, p.block(t, "caddy", "log"), "/var/log/caddy/app.log", p.path("access.log"))
	}
	text = p.moved(t, text, "app.example.com {\n", "http://app.example.com:"+port(p.addr)+" {\nbind 127.0.0.1\n"+logs)
	if p.changed {
		text += "\nhttp://127.0.0.1:" + port(p.marker) + " {\n\tbind 127.0.0.1\n\trespond 200\n}\n"
	}
	return "{\n\tadmin unix/" + p.path("admin") + "\n\tauto_https off\n}\n" + text
}

// apacheModules are folders in which distributions have Apache's modules.
var apacheModules = []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"}

func apacheConfig(t *testing.T, p *proxy) string {
	var text strings.Builder
	for _, dir := range apacheModules {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		for _, module := range []string{"mpm_event", "authz_core", "proxy", "proxy_http", "unixd", "log_config"} {
			if file := filepath.Join(dir, "mod_"+module+".so"); exists(file) { // Debian has the last two built in
				fmt.Fprintf(&text, "LoadModule %s_module %s\n", module, file)
			}
		}
	}
	if p.full {
		text.WriteString(p.kind.few)
	}
	fmt.Fprintf(&text, "DefaultRuntimeDir %s\nPidFile %s\nErrorLog %s\n", p.dir, p.path("pid"), p.path("error.log"))
	fmt.Fprintf(&text, "LogFormat \"%%h %%l %%u %%t \\\"%%r\\\" %%>s %%O \\\"%%{Referer}i\\\" \\\"%%{User-Agent}i\\\"\" combined\nCustomLog %s combined\n", p.path("access.log"))
	fmt.Fprintf(&text, "Listen %s\n", p.addr)
	if p.changed {
		fmt.Fprintf(&text, "Listen %s\n", p.marker)
	}
	return text.String() + p.moved(t, p.block(t, "apache", "site"), "*:80>", p.addr+">")
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

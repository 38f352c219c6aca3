package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/bench/internal/proc"
	"github.com/wsgen/wsgen/bench/internal/rows"
)

const modulePath = "github.com/wsgen/wsgen/bench"

// oldestNode is the first node the npm servers run on.
const oldestNode = 20

// moduleDir finds the folder of this module from the working directory.
func moduleDir(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	name, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || name != modulePath {
		return "", errors.New("run it in the folder bench, with GOWORK=off: the raw results and the servers are there")
	}
	return dir, nil
}

// prepare builds the servers and the client into work.
func prepare(ctx context.Context, here, work string, o options) (*rows.Env, error) {
	env := &rows.Env{
		Bin: filepath.Join(work, "bin"), NodeDir: filepath.Join(here, "servers", "node"), Rounds: o.rounds,
		Source: filepath.Dir(here), Profiles: o.profiles, Say: sayf, Versions: map[string]string{},
	}
	var err error
	if env.Limit, err = proc.Connections(); err != nil {
		return nil, err
	}
	if env.Kinds, err = kinds(o); err != nil {
		return nil, err
	}
	if o.profiles != "" {
		if env.Profiles, err = filepath.Abs(o.profiles); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(env.Profiles, 0o755); err != nil {
			return nil, err
		}
	}
	sayf("building")
	if err := build(ctx, here, env.Bin+"/", "./servers/...", "./client"); err != nil {
		return nil, err
	}
	for _, c := range o.wsgen {
		name, dir, named := strings.Cut(c, "=")
		if !named {
			name, dir = "", c
			env.Source = dir
		}
		if err := buildOther(ctx, here, work, name, dir, env.Bin); err != nil {
			return nil, err
		}
	}
	env.Node, env.NodeLack = node(ctx, env)
	return env, nil
}

// kinds are the servers that o asks for.
func kinds(o options) ([]rows.Kind, error) {
	all := rows.Kinds()
	for _, c := range o.wsgen {
		if name, _, named := strings.Cut(c, "="); named {
			k := all[0]
			k.Name, k.Title, k.Binary = k.Name+"@"+name, k.Title+" "+name, k.Binary+"@"+name
			all = slices.Insert(all, 1, k)
		}
	}
	if o.servers == "" {
		return all, nil
	}
	var out []rows.Kind
	for name := range strings.SplitSeq(o.servers, ",") {
		n := len(out)
		for _, k := range all {
			if base, _, _ := strings.Cut(k.Name, "@"); base == name || k.Name == name {
				out = append(out, k)
			}
		}
		if len(out) == n {
			return nil, fmt.Errorf("there is no server %q", name)
		}
	}
	return out, nil
}

func build(ctx context.Context, dir, out string, args ...string) error {
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", out}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building %s in %s: %w", strings.Join(args, " "), dir, err)
	}
	return nil
}

// buildOther builds the wsgen server of another checkout: its own, or, if it
// has none, this one's against its runtime.
func buildOther(ctx context.Context, here, work, name, dir, bin string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	out := filepath.Join(bin, "wsgen")
	if name != "" {
		out += "@" + name
	}
	const server = "./servers/wsgen"
	if _, err := os.Stat(filepath.Join(dir, "bench", server, "main.go")); err == nil {
		sayf("building wsgen of %s", dir)
		return build(ctx, filepath.Join(dir, "bench"), out, server)
	}
	sayf("building wsgen with the runtime of %s", dir)
	mod := filepath.Join(work, "other"+name+".mod")
	for from, to := range map[string]string{"go.mod": mod, "go.sum": strings.TrimSuffix(mod, ".mod") + ".sum"} {
		text, err := os.ReadFile(filepath.Join(here, from))
		if err != nil {
			return err
		}
		text = []byte(strings.Replace(string(text), "=> ..\n", "=> "+dir+"\n", 1))
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return build(ctx, here, out, "-mod=mod", "-modfile="+mod, server)
}

// node finds node and installs the npm servers' packages. If it cannot, why says
// for what reason.
func node(ctx context.Context, env *rows.Env) (program, why string) {
	if !slices.ContainsFunc(env.Kinds, func(k rows.Kind) bool { return k.Script != "" }) {
		return "", "no npm server was asked for"
	}
	program, err := exec.LookPath("node")
	if err != nil {
		return "", "no node here; install node 20 or newer"
	}
	out, _ := exec.CommandContext(ctx, program, "--version").Output()
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "v"), ".")
	if n, _ := strconv.Atoi(major); n < oldestNode {
		return "", fmt.Sprintf("node is %s; %d or newer is needed", strings.TrimSpace(string(out)), oldestNode)
	}
	// npm writes this file when an installation is complete.
	lock, err := os.Stat(filepath.Join(env.NodeDir, "package-lock.json"))
	done, missing := os.Stat(filepath.Join(env.NodeDir, "node_modules", ".package-lock.json"))
	if err == nil && missing == nil && !lock.ModTime().After(done.ModTime()) {
		return program, ""
	}
	sayf("npm ci")
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = env.NodeDir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", "npm ci failed: " + err.Error()
	}
	return program, ""
}

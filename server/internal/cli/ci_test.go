package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// repository is the root of our own.
var repository, _ = filepath.Abs(filepath.Join("..", "..", ".."))

// fixture is a repository of git with one module and a contract.
func fixture(t *testing.T, contract string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/app\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n", ".gophantom.json": contract} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "init", "-q")
	return dir
}

func git(t *testing.T, dir string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@corp.example"}, args...)...)
	cmd.Dir, cmd.Env = dir, stepEnv(t)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// stepEnv is the environment of a job: ours without the variables of Go that
// somebody who runs the tests has set.
func stepEnv(t *testing.T, more ...string) []string {
	t.Helper()
	var env []string
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "GIT_") || name == "GOCACHE" || name == "GOMODCACHE" || name == "GOPATH" || name == "GOPROXY" {
			env = append(env, entry)
		}
	}
	return append(append(env, "GOENV=off", "CI=true"), more...)
}

const forbidsOff = `{"version": 1, "forbid": [{"variable": "GOSUMDB", "value": "off"}]}`

// needsBash skips where there is none, and where the steps would have to build
// with nothing.
func needsBash(t *testing.T) {
	t.Helper()
	for _, name := range []string{"bash", "git", "go"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("this runs the scripts of CI services: %v", err)
		}
	}
}

// TestAction runs the steps of the GitHub Action as a runner does: inputs become
// the variables that a step names, and nothing of them is pasted into a script.
func TestAction(t *testing.T) {
	needsBash(t)
	data, err := os.ReadFile(filepath.Join(repository, ".github", "actions", "gophantom", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Inputs map[string]struct{ Description, Default string }
		Runs   struct {
			Using string
			Steps []struct {
				Name, Shell, Run string
				Env              map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	if action.Runs.Using != "composite" || len(action.Runs.Steps) == 0 {
		t.Fatalf("this is no composite action: %+v", action)
	}
	temp := t.TempDir()
	expression := regexp.MustCompile(`\$\{\{ *([a-z_.-]+) *\}\}`)
	play := func(dir string, inputs map[string]string, more ...string) (log, output string, code int) {
		outputs := filepath.Join(t.TempDir(), "outputs")
		for _, step := range action.Runs.Steps {
			if expression.MatchString(step.Run) {
				t.Errorf("%s: an expression in a script lets an input run commands", step.Name)
			}
			env := stepEnv(t, append(more, "RUNNER_TEMP="+temp, "GITHUB_OUTPUT="+outputs)...)
			for name, value := range step.Env {
				env = append(env, name+"="+expression.ReplaceAllStringFunc(value, func(e string) string {
					of := expression.FindStringSubmatch(e)[1]
					if of == "github.action_path" {
						return filepath.Join(repository, ".github", "actions", "gophantom")
					}
					input, known := action.Inputs[strings.TrimPrefix(of, "inputs.")]
					if !known {
						t.Errorf("%s: nothing gives %s", step.Name, e)
					}
					if given, ok := inputs[strings.TrimPrefix(of, "inputs.")]; ok {
						return given
					}
					return input.Default
				}))
			}
			cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step.Run)
			cmd.Dir, cmd.Env = dir, env
			var both bytes.Buffer
			cmd.Stdout, cmd.Stderr = &both, &both
			err := cmd.Run()
			log += both.String()
			if err != nil && cmd.ProcessState == nil {
				t.Fatal(err)
			}
			if code = cmd.ProcessState.ExitCode(); code != 0 {
				break
			}
		}
		written, _ := os.ReadFile(outputs)
		return log, string(written), code
	}
	dir := fixture(t, forbidsOff)

	log, output, code := play(dir, nil)
	if code != 0 || strings.TrimSpace(output) != "exit-code=0" || strings.Contains(log, "::warning") {
		t.Errorf("healthy: exit %d, outputs %q\n%s", code, output, log)
	}
	log, output, code = play(dir, map[string]string{"capture": "ci.json"}, "GOSUMDB=off")
	if code != 1 || strings.TrimSpace(output) != "exit-code=1" || !strings.Contains(log, "::warning file=.gophantom.json,line=1") {
		t.Errorf("drift: exit %d, outputs %q\n%s", code, output, log)
	}
	if _, err := os.Stat(filepath.Join(dir, "ci.json")); err != nil {
		t.Errorf("no capture: %v", err)
	}
	if log, _, code = play(dir, map[string]string{"format": "sarif", "output": "known.sarif"}, "GOSUMDB=off"); code != 1 || strings.Contains(log, "runs") {
		t.Errorf("into a file: exit %d\n%s", code, log)
	}
	if log, _, code = play(dir, map[string]string{"new-since": "known.sarif"}, "GOSUMDB=off"); code != 0 {
		t.Errorf("nothing new: exit %d\n%s", code, log)
	}
	if log, _, code = play(dir, map[string]string{"fail-on": "never; touch owned"}); code != 2 {
		t.Errorf("a hostile input: exit %d\n%s", code, log)
	}
	if _, err := os.Stat(filepath.Join(dir, "owned")); err == nil {
		t.Error("an input ran a command")
	}
}

// TestPreCommit installs each hook as pre-commit does, building it for the
// language golang with "go install ./...", and lets a real git commit.
func TestPreCommit(t *testing.T) {
	needsBash(t)
	data, err := os.ReadFile(filepath.Join(repository, ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID, Name, Language, Entry, Files string
		PassFilenames                    bool `yaml:"pass_filenames"`
	}
	if err := yaml.Unmarshal(data, &hooks); err != nil || len(hooks) == 0 {
		t.Fatalf("no hooks: %v", err)
	}
	bin := t.TempDir()
	install := exec.CommandContext(t.Context(), "go", "install", "./server/cmd/...")
	install.Dir, install.Env = repository, stepEnv(t, "GOBIN="+bin)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, hook := range hooks {
		t.Run(hook.ID, func(t *testing.T) {
			files := regexp.MustCompile(hook.Files)
			if hook.Language != "golang" || hook.PassFilenames || !files.MatchString(".gophantom.json") || !files.MatchString("sub/.gophantom.json") || files.MatchString("main.go") {
				t.Errorf("the hook is %+v", hook)
			}
			dir := fixture(t, strings.Replace(forbidsOff, "forbid", "forbids", 1))
			script := "#!/bin/sh\nPATH=\"" + filepath.ToSlash(bin) + ":$PATH\"\nexec " + hook.Entry + "\n"
			if err := os.WriteFile(filepath.Join(dir, ".git", "hooks", "pre-commit"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			if out, err := git(t, dir, "add", "."); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if out, err := git(t, dir, "commit", "-m", "A contract with a mistake"); err == nil || !strings.Contains(out, "forbids, which nothing reads") {
				t.Errorf("a broken contract is committed: %v\n%s", err, out)
			}
			if err := os.WriteFile(filepath.Join(dir, ".gophantom.json"), []byte(forbidsOff), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := git(t, dir, "commit", "-am", "A contract"); err != nil {
				t.Errorf("a healthy repository cannot be committed: %v\n%s", err, out)
			}
		})
	}
}

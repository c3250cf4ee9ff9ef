package proc

import (
	"os"
)

// inherited are the only variables that a stranger's program gets from ours: a
// grader's environment may hold secrets.
var inherited = []string{
	"PATH", "TZ", "LD_LIBRARY_PATH", "JAVA_HOME", "NODE_PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV",
	"GOROOT", "GOCACHE", "DOTNET_ROOT", "RUSTUP_HOME", "CARGO_HOME",
}

// environment is what a program gets: enough to find its interpreter, plain UTF-8
// text without colours, output unbuffered, and the token that marks its descendants.
func (s *Sandbox) environment(token string, added []string) []string {
	env := make([]string, 0, len(inherited)+len(added)+10)
	for _, name := range inherited {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	env = append(env,
		"HOME="+s.tmp(), "TMPDIR="+s.tmp(), "LC_ALL=C.UTF-8", "LANG=C.UTF-8", "TERM=dumb", "NO_COLOR=1", "PYTHON_COLORS=0",
		"PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", promptExit,
	)
	env = append(env, added...)
	return append(env, tokenName+"="+token)
}

// readString reads a small file of /proc, empty if it is gone.
func readString(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

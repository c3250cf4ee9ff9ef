package proc

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// pythonName matches the names under which a Python may be a slow script that
// looks for the real one at every start.
var pythonName = regexp.MustCompile(`^python(\d+(\.\d+)?)?$`)

// Executable finds the program that a command's first word names, once. A name
// with a slash is left alone. For a Python that is a shim it gives the interpreter behind it.
func Executable(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return name, nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find %q: %w", name, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	if !pythonName.MatchString(name) || !isScript(path) {
		return path, nil
	}
	return interpreters.find(path)
}

func isScript(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var start [2]byte
	n, _ := f.Read(start[:])
	return string(start[:n]) == "#!"
}

// interpreters remembers which Python a shim stands for.
var interpreters shims

type shims struct {
	mu    sync.Mutex
	known map[string]string
}

func (s *shims) find(shim string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if path, ok := s.known[shim]; ok {
		return path, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, shim, "-c", "import sys; print(sys.executable)").Output()
	path := strings.TrimSpace(string(out))
	if err != nil || path == "" {
		return "", fmt.Errorf("ask %s which python it is: %w", shim, err)
	}
	if s.known == nil {
		s.known = map[string]string{}
	}
	s.known[shim] = path
	return path, nil
}

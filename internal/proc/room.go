package proc

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A room is a worker and the directory that goes with it. With namespaces it can be made
// new and serve one sandbox after another: its processes are gone, its network is another one, its
// files are removed. To start a worker costs as much as to start a program.
type room struct {
	dir   string // holds the files mounted over the machine's, and run
	link  *link
	found report // what the worker said of its surroundings
}

// rooms are those that wait for another sandbox.
type rooms struct {
	mu     sync.Mutex
	vacant []*room
	closed bool
}

func (v *rooms) take() *room {
	v.mu.Lock()
	defer v.mu.Unlock()
	last := len(v.vacant) - 1
	if last < 0 {
		return nil
	}
	r := v.vacant[last]
	v.vacant = v.vacant[:last]
	return r
}

// put keeps a room for later, if there is a later.
func (v *rooms) put(r *room) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.closed {
		v.vacant = append(v.vacant, r)
	}
	return !v.closed
}

// Close ends the workers that wait for another sandbox, and those of open
// sandboxes when these are closed.
func (i *Isolation) Close() error {
	i.rooms.mu.Lock()
	vacant := i.rooms.vacant
	i.rooms.vacant, i.rooms.closed = nil, true
	i.rooms.mu.Unlock()
	var ending sync.WaitGroup
	for _, r := range vacant {
		ending.Go(func() { _ = r.demolish(i.rung) }) // what is left of it is a temporary directory
	}
	ending.Wait()
	return nil
}

// room gives an empty room: one that has been used before, or another one.
func (i *Isolation) room(ctx context.Context) (*room, error) {
	if r := i.rooms.take(); r != nil {
		return r, nil
	}
	dir, err := os.MkdirTemp("", "netproctor-")
	if err != nil {
		return nil, err
	}
	// The real path: the program asks the kernel where it is.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	r := &room{dir: dir}
	if err = i.fill(r); err == nil {
		err = r.employ(ctx, i)
	}
	if err != nil {
		_ = r.demolish(i.rung)
		return nil, err
	}
	return r, nil
}

// fill makes the files that are mounted over the machine's.
func (i *Isolation) fill(r *room) error {
	hosts := "127.0.0.1 localhost"
	if i.host != "" && i.host != "localhost" {
		hosts += " " + i.host
	}
	if err := os.WriteFile(filepath.Join(r.dir, "hosts"), []byte(hosts+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.dir, "resolv.conf"), nil, 0o644); err != nil {
		return err
	}
	return os.Mkdir(r.run(), 0o755)
}

// employ starts the worker and has it build its surroundings.
func (r *room) employ(ctx context.Context, i *Isolation) error {
	log, err := os.Create(filepath.Join(r.dir, "worker.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	if r.link, err = launch(i.rung.namespaces, log); err != nil {
		return err
	}
	found, _, err := r.link.call(ctx, order{Op: orderSetup, Setup: &setup{
		Namespaces: i.rung.namespaces, Landlock: i.rung.landlock,
		Dir: r.dir, Processes: i.cfg.Limits.Processes,
		Writable: []string{
			r.run(), "/dev/pts", "/dev/shm", "/dev/null", "/dev/zero",
			"/dev/full", "/dev/tty", "/dev/ptmx", "/dev/random", "/dev/urandom",
		},
	}}, nil)
	if err != nil {
		return fmt.Errorf("%w%s", err, r.lastWords())
	}
	r.found = *found
	return nil
}

// lastWords is what a worker printed before it died, for the error about it.
func (r *room) lastWords() string {
	b, _ := os.ReadFile(filepath.Join(r.dir, "worker.log"))
	if len(b) == 0 {
		return ""
	}
	return ": " + strings.TrimSpace(string(b[:min(len(b), 400)]))
}

// run is where programs may write.
func (r *room) run() string { return filepath.Join(r.dir, "run") }

// Dir is the fresh copy of the submission, and the programs' working directory.
func (r *room) Dir() string { return filepath.Join(r.run(), "work") }

func (r *room) tmp() string { return filepath.Join(r.run(), "tmp") }

// furnish makes a sandbox's directories: the submission's copy, and a place for
// temporary files.
func (r *room) furnish(submission string) error {
	if err := os.Mkdir(r.tmp(), 0o755); err != nil {
		return err
	}
	if submission == "" {
		return os.Mkdir(r.Dir(), 0o755)
	}
	if err := copyTree(r.Dir(), submission); err != nil {
		return fmt.Errorf("copy the submission: %w", err)
	}
	return nil
}

// renew empties the room for another sandbox, in bounded time, and tells whether
// that went well.
func (r *room) renew() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, _, err := r.link.call(ctx, order{Op: orderRenew}, nil); err != nil {
		return false
	}
	return emptyTree(r.run()) == nil
}

// end ends the worker and with it all that it has started.
func (r *room) end(how rung) {
	if r.link == nil {
		return
	}
	if how.namespaces {
		_ = r.link.process.Kill()
	} else {
		_ = r.link.conn.CloseWrite()
	}
	if waitAtMost(r.link.gone, 3*time.Second) {
		return
	}
	for _, pid := range readTable("/proc").below(r.link.process.Pid) {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	_ = r.link.process.Kill()
	waitAtMost(r.link.gone, time.Second)
}

// demolish ends the worker and removes the directory.
func (r *room) demolish(how rung) error {
	r.end(how)
	return removeTree(r.dir)
}

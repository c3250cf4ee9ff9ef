package fileshare

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
)

// Exit statuses of the two programs.
const (
	exitDone   = 0
	exitFailed = 1 // something went wrong on the way
	exitUsage  = 2 // the command line is wrong
)

// The ports that the lab lays down.
const (
	DiscoveryPort = 30000 // UDP, where servers wait for discovery requests
	SharingPort   = 30001 // TCP, where they wait for connections
)

// The largest number of a port.
const maxPort = 65535

// Args is what the command line of either program can say. The lab's programs
// take no parameters; these are for what it leaves open, and all can be left
// out.
type Args struct {
	Dialect       Dialect // -dialect; Sized
	DiscoveryPort int     // -sdp; the lab's
	SharingPort   int     // -fsp; the lab's
	Folder        string  // -folder; a path within the working directory, or absolute
}

// newFlags returns the flags that both programs have. They set a.
func newFlags(a *Args, program, folder string) *flag.FlagSet {
	f := flag.NewFlagSet(program, flag.ContinueOnError)
	f.SetOutput(io.Discard) // the error says it all
	a.Dialect, a.DiscoveryPort, a.SharingPort = Sized, DiscoveryPort, SharingPort
	f.Func("dialect", "", func(s string) (err error) { a.Dialect, err = DialectByName(s); return err })
	f.Func("sdp", "", func(s string) (err error) { a.DiscoveryPort, err = ParsePort(s); return err })
	f.Func("fsp", "", func(s string) (err error) { a.SharingPort, err = ParsePort(s); return err })
	f.StringVar(&a.Folder, "folder", folder, "")
	return f
}

// parse reads the flags, which must be all there is.
func parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("wanted no parameters, got %q", f.Args())
	}
	return nil
}

// ParsePort returns the port that s names, 1 to 65,535.
func ParsePort(s string) (int, error) {
	port, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("the port wanted a number, got %.64q", s)
	}
	if port < 1 || port > maxPort {
		return 0, fmt.Errorf("the port wanted 1 to %d, got %d", maxPort, port)
	}
	return port, nil
}

// within returns the folder's path, seen from where the program was started:
// dir is the program's working directory.
func (a Args) within(dir string) (string, error) {
	if a.Folder == "" {
		return "", errors.New("the folder wanted a path, got nothing")
	}
	if filepath.IsAbs(a.Folder) {
		return a.Folder, nil
	}
	return filepath.Join(dir, a.Folder), nil
}

// openFolder opens the folder that the program works on.
func (a Args) openFolder(dir string) (*Folder, error) {
	path, err := a.within(dir)
	if err != nil {
		return nil, err
	}
	return OpenFolder(path)
}

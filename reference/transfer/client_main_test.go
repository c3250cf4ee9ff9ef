package transfer_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/transfer"
)

func TestClientArgs(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	tests := map[string]struct {
		args []string
		want string // in the error; empty if legal
	}{
		"none":         {nil, "wanted four parameters, got 0"},
		"three":        {[]string{"h", "5000", "GET"}, "wanted four parameters, got 3"},
		"five":         {[]string{"h", "5000", "GET", "f", "g"}, "wanted four parameters, got 5"},
		"get":          {[]string{"h", "5000", "GET", "f"}, ""},
		"put":          {[]string{"::1", "5000", "PUT", "a b"}, ""},
		"del":          {[]string{"127.0.0.1", "5000", "DEL", "GET"}, ""},
		"no host":      {[]string{"", "5000", "GET", "f"}, "the host wanted a name"},
		"port 0":       {[]string{"h", "0", "GET", "f"}, "the port wanted 1 to 65535, got 0"},
		"port 1":       {[]string{"h", "1", "GET", "f"}, ""},
		"port 65535":   {[]string{"h", "65535", "GET", "f"}, ""},
		"port 65536":   {[]string{"h", "65536", "GET", "f"}, "the port wanted 1 to 65535, got 65536"},
		"port x":       {[]string{"h", "x", "GET", "f"}, "the port wanted a number"},
		"lower case":   {[]string{"h", "5000", "get", "f"}, `Command.Verb wanted one of ["GET" "PUT" "DEL"], got "get"`},
		"no verb":      {[]string{"h", "5000", "", "f"}, "Command.Verb wanted"},
		"no name":      {[]string{"h", "5000", "GET", ""}, "Command.Name wanted at least 1 byte"},
		"name of 4096": {[]string{"h", "5000", "GET", a(4096)}, ""},
		"name of 4097": {[]string{"h", "5000", "GET", a(4097)}, "Command.Name wanted at most 4096 bytes, got 4097"},
		"newline":      {[]string{"h", "5000", "DEL", "a\nb"}, "Command.Name wanted no newline"},
		"not utf-8":    {[]string{"h", "5000", "DEL", "\xff"}, "Command.Name wanted UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := transfer.ParseClientArgs(tt.args)
			if tt.want == "" {
				require.NoError(t, err)
				require.Equal(t, transfer.Command{Verb: transfer.Verb(tt.args[2]), Name: tt.args[3]}, got.Command)
				require.Equal(t, net.JoinHostPort(tt.args[0], tt.args[1]), got.Address())
				return
			}
			require.ErrorContains(t, err, tt.want)
			var out logbook
			require.NotZero(t, transfer.ClientMain(t.Context(), tt.args, t.TempDir(), &out, neverDial(t)))
			require.Contains(t, out.String(), tt.want)
		})
	}
}

// neverDial is the network of a client that must not connect.
func neverDial(t *testing.T) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		require.Fail(t, "the client connects")
		return nil, nil
	}
}

// TestClientLocalErrors are found out before the client connects.
func TestClientLocalErrors(t *testing.T) {
	tests := map[string]struct{ verb, name, want string }{
		"put nothing":         {"PUT", "absent", "client error: absent does not exist"},
		"put with blanks":     {"PUT", "my file", "client error: my file does not exist"},
		"put a folder":        {"PUT", "sub", "client error: sub does not exist"},
		"put from nowhere":    {"PUT", "absent/f", "client error: absent/f does not exist"},
		"put from a file":     {"PUT", "file/f", "client error: file/f does not exist"},
		"get over a folder":   {"GET", "sub", "client error: unable to create file sub"},
		"get to nowhere":      {"GET", "absent/f", "client error: unable to create file absent/f"},
		"get to below a file": {"GET", "file/f", "client error: unable to create file file/f"},
		"get to a long name":  {"GET", strings.Repeat("n", 256), "client error: unable to create file " + strings.Repeat("n", 256)},
		"get to elsewhere":    {"GET", "/absent/f", "client error: unable to create file /absent/f"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mkdir(t, dir, "sub")
			write(t, dir, "file", "data")
			var out logbook
			status := transfer.ClientMain(t.Context(), []string{"localhost", "5000", tt.verb, tt.name}, dir, &out, neverDial(t))
			require.NotZero(t, status)
			require.Equal(t, tt.want+"\n", out.String())
			require.Equal(t, []string{"file", "sub"}, names(t, dir))
		})
	}
}

func TestClientWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("everything is permitted to the superuser")
	}
	dir := t.TempDir()
	write(t, dir, "f", "data")
	require.NoError(t, os.Chmod(filepath.Join(dir, "f"), 0))
	for verb, want := range map[string]string{"GET": "unable to create file f", "PUT": "f does not exist"} {
		var out logbook
		require.NotZero(t, transfer.ClientMain(t.Context(), []string{"localhost", "5000", verb, "f"}, dir, &out, neverDial(t)))
		require.Equal(t, "client error: "+want+"\n", out.String())
	}
}

func TestClientCannotConnect(t *testing.T) {
	tests := map[string]struct{ host, want string }{
		"nobody listens": {"127.0.0.1", "connection refused"},
		"unknown name":   {"nowhere.test", "no such host"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				c := startClient(t.Context(), memnet.New().Host("client"), dir, tt.host, "5000", "GET", "f")
				status, took := c.wait()
				require.NotZero(t, status)
				require.Zero(t, took)
				require.True(t, strings.HasPrefix(c.out.String(), "error: connecting to the server: "))
				require.Contains(t, c.out.String(), tt.want)
				require.Empty(t, names(t, dir))
			})
		})
	}
}

func TestLocalError(t *testing.T) {
	err := &transfer.LocalError{Message: "f does not exist", Err: os.ErrNotExist}
	require.EqualError(t, err, "client error: f does not exist")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestClientPaths gives names that lead into other folders: they are the user's.
func TestClientPaths(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	mkdir(t, dir, "sub")
	write(t, dir, "sub/f", "old")
	for _, name := range []string{"sub/f", "sub/new", "sub/../up", filepath.Join(other, "f")} {
		withClient(t, dir, "GET", name, func(t *testing.T, c *client, s talk) {
			serveGet(s, name, "data")
			c.completes(t, "client receiving file "+name+" (4 bytes)")
		})
	}
	require.Equal(t, "data", read(t, dir, "sub/f"))
	require.Equal(t, "data", read(t, dir, "sub/new"))
	require.Equal(t, "data", read(t, dir, "up"))
	require.Equal(t, "data", read(t, other, "f"))
}

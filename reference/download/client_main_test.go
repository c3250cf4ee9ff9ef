package download_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/download"
)

func TestClientArgs(t *testing.T) {
	n := func(n int) string { return strings.Repeat("n", n) }
	tests := map[string]struct {
		args []string
		want string // in the error; empty if legal
	}{
		"none":             {nil, "wanted three parameters, got 0"},
		"two":              {[]string{"h", "5000"}, "wanted three parameters, got 2"},
		"four":             {[]string{"h", "5000", "f", "x"}, "wanted three parameters, got 4"},
		"name":             {[]string{"h", "5000", "f"}, ""},
		"address":          {[]string{"127.0.0.1", "5000", "f"}, ""},
		"address of IPv6":  {[]string{"::1", "5000", "f"}, ""},
		"no host":          {[]string{"", "5000", "f"}, "the host wanted"},
		"number too large": {[]string{"256.0.0.1", "5000", "f"}, "the host wanted"},
		"number too short": {[]string{"127.0.1", "5000", "f"}, "the host wanted"},
		"port 1023":        {[]string{"h", "1023", "f"}, "the port wanted 1024 to 64000, got 1023"},
		"port 1024":        {[]string{"h", "1024", "f"}, ""},
		"port 64000":       {[]string{"h", "64000", "f"}, ""},
		"port 64001":       {[]string{"h", "64001", "f"}, "the port wanted 1024 to 64000, got 64001"},
		"port x":           {[]string{"h", "x", "f"}, "the port wanted a number"},
		"filename empty":   {[]string{"h", "5000", ""}, "the name of the file wanted 1 to 1024 bytes, got 0"},
		"filename 1":       {[]string{"h", "5000", n(1)}, ""},
		"filename 1023":    {[]string{"h", "5000", n(1023)}, ""},
		"filename 1024":    {[]string{"h", "5000", n(1024)}, ""},
		"filename 1025":    {[]string{"h", "5000", n(1025)}, "the name of the file wanted 1 to 1024 bytes, got 1025"},
		"in bytes":         {[]string{"h", "5000", strings.Repeat("é", 513)}, "got 1026"},
		"not utf-8":        {[]string{"h", "5000", "f\xff"}, "the name of the file wanted UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := download.ParseClientArgs(tt.args)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				var out logbook
				status := download.ClientMain(t.Context(), tt.args, t.TempDir(), &out, nil)
				require.NotZero(t, status)
				require.Contains(t, out.String(), "error: "+err.Error()+"\nusage: client HOST PORT FILENAME\n")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.args[2], got.Filename)
		})
	}
}

func TestClientAddress(t *testing.T) {
	require.Equal(t, "localhost:5000", download.ClientArgs{Host: "localhost", Port: 5000}.Address())
	require.Equal(t, "[::1]:5000", download.ClientArgs{Host: "::1", Port: 5000}.Address())
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
				c := startClient(t.Context(), memnet.New().Host("client"), dir, tt.host, "5000", "hello.txt")
				require.Zero(t, c.fails(t, tt.want))
				require.Contains(t, c.out.String(), "error: connecting to the server: ")
			})
		})
	}
}

// TestClientConnectLimit has a network that does not answer.
func TestClientConnectLimit(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		h := n.Host("client")
		_, err := n.Host("server").Listen("tcp", serverAddress)
		require.NoError(t, err)
		for range 128 { // as many as wait to be accepted
			_, err := h.Dial(t.Context(), "tcp", serverAddress)
			require.NoError(t, err)
		}
		c := startClient(context.Background(), h, dir, "localhost", "5000", "hello.txt")
		require.Equal(t, download.ConnectLimit, c.fails(t, "deadline exceeded"))
	})
}

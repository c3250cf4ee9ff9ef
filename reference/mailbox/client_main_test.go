package mailbox_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/mailbox"
)

func TestClientArgs(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	tests := map[string]struct {
		args []string
		want string // in the error; empty if legal
	}{
		"none":             {nil, "wanted four parameters, got 0"},
		"three":            {[]string{"h", "5000", "u"}, "wanted four parameters, got 3"},
		"five":             {[]string{"h", "5000", "u", "read", "x"}, "wanted four parameters, got 5"},
		"read":             {[]string{"h", "5000", "u", "read"}, ""},
		"create":           {[]string{"::1", "5000", "u", "create"}, ""},
		"no host":          {[]string{"", "5000", "u", "read"}, "the host wanted"},
		"number too large": {[]string{"256.0.0.1", "5000", "u", "read"}, "the host wanted"},
		"number too short": {[]string{"127.0.1", "5000", "u", "read"}, "the host wanted"},
		"port 1023":        {[]string{"h", "1023", "u", "read"}, "the port wanted"},
		"port 1024":        {[]string{"h", "1024", "u", "read"}, ""},
		"port 64000":       {[]string{"h", "64000", "u", "read"}, ""},
		"port 64001":       {[]string{"h", "64001", "u", "read"}, "the port wanted"},
		"port x":           {[]string{"h", "x", "u", "read"}, "the port wanted a number"},
		"user empty":       {[]string{"h", "5000", "", "read"}, "the user's name wanted 1 to 255 bytes, got 0"},
		"user 255":         {[]string{"h", "5000", a(255), "read"}, ""},
		"user 256":         {[]string{"h", "5000", a(256), "read"}, "the user's name wanted 1 to 255 bytes, got 256"},
		"user in bytes":    {[]string{"h", "5000", strings.Repeat("é", 128), "read"}, "got 256"},
		"operation":        {[]string{"h", "5000", "u", "delete"}, `the operation wanted read or create, got "delete"`},
		"no operation":     {[]string{"h", "5000", "u", ""}, "the operation wanted"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := mailbox.ParseClientArgs(tt.args)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				var out logbook
				status := mailbox.ClientMain(t.Context(), tt.args, strings.NewReader(""), &out, nil)
				require.NotZero(t, status)
				require.Contains(t, out.String(), tt.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.args[3], got.ID.String())
		})
	}
}

func TestClientCannotConnect(t *testing.T) {
	tests := map[string]struct{ host, want string }{
		"nobody listens": {"127.0.0.1", "connection refused"},
		"unknown name":   {"nowhere.test", "no such host"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := startClient(t.Context(), memnet.New().Host("client"), tt.host, "5000", "alice", "read")
				status, took := c.wait()
				require.NotZero(t, status)
				require.Zero(t, took)
				require.Contains(t, c.out.String(), "error: connecting to the server: ")
				require.Contains(t, c.out.String(), tt.want)
			})
		})
	}
}

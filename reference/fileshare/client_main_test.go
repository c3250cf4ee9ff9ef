package fileshare_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

func TestClientArgs(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string // in the error message; empty if legal
	}{
		"none":         {nil, ""},
		"all":          {[]string{"-dialect", "handout", "-sdp", "31000", "-fsp", "31001", "-folder", "x", "-broadcast", "127.255.255.255"}, ""},
		"a parameter":  {[]string{"127.0.0.1"}, `wanted no parameters, got ["127.0.0.1"]`},
		"service":      {[]string{"-service", "x"}, "flag provided but not defined: -service"},
		"dialect":      {[]string{"-dialect", ""}, "the dialect wanted [sized handout text]"},
		"port":         {[]string{"-fsp", "65536"}, "the port wanted 1 to 65535, got 65536"},
		"no address":   {[]string{"-broadcast", ""}, `the broadcast address wanted an IPv4 address, got ""`},
		"a name":       {[]string{"-broadcast", "localhost"}, "wanted an IPv4 address"},
		"version 6":    {[]string{"-broadcast", "ff02::1"}, "wanted an IPv4 address"},
		"a number big": {[]string{"-broadcast", "255.255.255.256"}, "wanted an IPv4 address"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := fileshare.ParseClientArgs(tt.args)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			var out logbook
			require.Equal(t, 2, fileshare.ClientMain(t.Context(), tt.args, t.TempDir(), nil, &out, nil, nil))
			require.Contains(t, out.String(), "error: ")
			require.Contains(t, out.String(), tt.want)
			require.Contains(t, out.String(), "usage: client ")
		})
	}
	a, err := fileshare.ParseClientArgs(nil)
	require.NoError(t, err)
	require.Equal(t, "255.255.255.255", a.Broadcast.String())
	require.Equal(t, fileshare.Args{Dialect: fileshare.Sized, DiscoveryPort: 30000, SharingPort: 30001, Folder: "client"}, a.Args)

	var out logbook
	require.Equal(t, 1, fileshare.ClientMain(t.Context(), []string{"-folder", "/dev/null"}, "", nil, &out, nil, nil))
	require.Contains(t, out.String(), "error: making the folder: ")
}

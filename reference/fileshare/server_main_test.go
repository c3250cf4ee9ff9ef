package fileshare_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/fileshare"
)

func TestServerRestart(t *testing.T) {
	inBubble(t, fileshare.Sized, func(r *rig) {
		c := r.dial()
		defer c.Close()
		r.stop()
		require.Zero(r.t, <-r.status)
		ctx, stop := context.WithCancel(r.t.Context())
		r.stop = stop
		go func() {
			r.status <- fileshare.ServerMain(ctx, nil, r.work, r.log, r.server.Listen, r.ether.host(serverIP))
		}()
		synctest.Wait()
		r.servesOn()
	})
}

func TestServerArgs(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string // in the error message; empty if legal
	}{
		"none":           {nil, ""},
		"all":            {[]string{"-dialect", "text", "-sdp=31000", "--fsp", "31001", "-folder", "x", "-service", "Zoë's"}, ""},
		"a parameter":    {[]string{"30000"}, `wanted no parameters, got ["30000"]`},
		"unknown flag":   {[]string{"-x"}, "flag provided but not defined: -x"},
		"dialect":        {[]string{"-dialect", "binary"}, "the dialect wanted [sized handout text]"},
		"port 0":         {[]string{"-fsp", "0"}, "the port wanted 1 to 65535, got 0"},
		"port 1":         {[]string{"-fsp", "1"}, ""},
		"port 65535":     {[]string{"-sdp", "65535"}, ""},
		"port 65536":     {[]string{"-sdp", "65536"}, "the port wanted 1 to 65535, got 65536"},
		"port x":         {[]string{"-sdp", "x"}, "the port wanted a number"},
		"no service":     {[]string{"-service", ""}, "DiscoveryAnswer.Service wanted 1 to 1024 bytes"},
		"service binary": {[]string{"-service", "\xff"}, "DiscoveryAnswer.Service wanted UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := fileshare.ParseServerArgs(tt.args)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			var out logbook
			require.Equal(t, 2, fileshare.ServerMain(t.Context(), tt.args, t.TempDir(), &out, nil, nil))
			require.Contains(t, out.String(), "error: ")
			require.Contains(t, out.String(), tt.want)
			require.Contains(t, out.String(), "usage: server ")
		})
	}
	a, err := fileshare.ParseServerArgs(nil)
	require.NoError(t, err)
	require.Equal(t, fileshare.ServerArgs{Args: fileshare.Args{Dialect: fileshare.Sized, DiscoveryPort: 30000,
		SharingPort: 30001, Folder: "server"}, Service: fileshare.ServiceName}, a)
	a, err = fileshare.ParseServerArgs(tests["all"].args)
	require.NoError(t, err)
	require.Equal(t, fileshare.ServerArgs{Args: fileshare.Args{Dialect: fileshare.Text, DiscoveryPort: 31000,
		SharingPort: 31001, Folder: "x"}, Service: "Zoë's"}, a)
}

func TestServerCannotStart(t *testing.T) {
	noPackets := func(network, address string) (net.PacketConn, error) {
		return nil, fmt.Errorf("listen %s %s: refused", network, address)
	}
	tests := map[string]struct {
		args   []string
		listen func(h *memnet.Host) func(network, address string) (net.Listener, error)
		packet func(network, address string) (net.PacketConn, error)
		want   string
	}{
		"no tcp": {nil, func(*memnet.Host) func(network, address string) (net.Listener, error) { return refuse },
			(&ether{}).host(serverIP), "listen tcp :30001: refused"},
		"no udp":    {nil, nil, noPackets, "listen udp4 :30000: refused"},
		"no folder": {[]string{"-folder", ""}, nil, nil, "the folder wanted a path"},
		"a file":    {[]string{"-folder", "/dev/null"}, nil, nil, "making the folder: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := memnet.New().Host("server")
			listen := h.Listen
			if tt.listen != nil {
				listen = tt.listen(h)
			}
			var out logbook
			status := fileshare.ServerMain(t.Context(), tt.args, t.TempDir(), &out, listen, tt.packet)
			require.Equal(t, 1, status)
			require.Contains(t, out.String(), "error: ")
			require.Contains(t, out.String(), tt.want)
			require.Zero(t, h.Open())
		})
	}
}

// refuse is a network where nothing works.
func refuse(network, address string) (net.Listener, error) {
	return nil, fmt.Errorf("listen %s %s: refused", network, address)
}

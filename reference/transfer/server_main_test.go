package transfer_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/transfer"
)

func TestServerArgs(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string // in the error message; empty if the program listens
	}{
		"none":          {nil, "wanted one or two parameters, got 0"},
		"three":         {[]string{"5000", "-v", "-v"}, "wanted one or two parameters, got 3"},
		"not a number":  {[]string{"http"}, `the port wanted a number, got "http"`},
		"empty":         {[]string{""}, "the port wanted a number"},
		"huge":          {[]string{"99999999999999999999"}, "the port wanted a number"},
		"negative":      {[]string{"-5000"}, "the port wanted 1 to 65535, got -5000"},
		"0":             {[]string{"0"}, "the port wanted 1 to 65535, got 0"},
		"1":             {[]string{"1"}, ""},
		"65535":         {[]string{"65535", "-v"}, ""},
		"65536":         {[]string{"65536"}, "the port wanted 1 to 65535, got 65536"},
		"another flag":  {[]string{"5000", "-x"}, `the second parameter wanted -v, got "-x"`},
		"flag first":    {[]string{"-v", "5000"}, "the port wanted a number"},
		"other trouble": {[]string{"5000"}, "listen tcp :5000: refused"},
		"no folder":     {[]string{"5000"}, "opening the folder: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if name == "no folder" {
				dir = filepath.Join(dir, "absent")
			}
			synctest.Test(t, func(t *testing.T) {
				h := memnet.New().Host("server")
				listen := h.Listen
				if name == "other trouble" {
					listen = refuse
				}
				ctx, stop := context.WithTimeout(t.Context(), time.Minute)
				defer stop()
				time.AfterFunc(time.Second, func() {
					if tt.want == "" {
						require.Equal(t, tt.args[0], fmt.Sprint(h.Listeners()[0].Port()))
					}
				})
				var out logbook
				start := time.Now()
				status := transfer.ServerMain(ctx, tt.args, dir, &out, listen)
				if tt.want == "" {
					require.Zero(t, status)
					require.Equal(t, time.Minute, time.Since(start))
					return
				}
				require.NotZero(t, status)
				require.Zero(t, time.Since(start))
				require.Contains(t, out.String(), "error: ")
				require.Contains(t, out.String(), tt.want)
			})
		})
	}
}

func TestServerPortTaken(t *testing.T) {
	inBubble(t, func(r *rig) {
		var out logbook
		status := transfer.ServerMain(r.t.Context(), []string{"5000"}, r.dir, &out, r.client.Listen)
		require.NotZero(t, status)
		require.Contains(t, out.String(), "address already in use")
	})
}

// TestServerEndsInTheMiddle stops the program while a PUT is on its way.
func TestServerEndsInTheMiddle(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := r.begin("PUT f")
		c.hear("OK")
		c.say(eight(100))
		c.hear("OK")
		c.say("some")
		synctest.Wait()
		start := time.Now()
		r.stop()
		c.ends()
		require.Zero(t, time.Since(start))
	})
}

func TestServeEndsWithItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := memnet.New().Host("server").Listen("tcp", ":5000")
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { l.Close() })
		err = (&transfer.Server{Log: io.Discard}).Serve(t.Context(), l)
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

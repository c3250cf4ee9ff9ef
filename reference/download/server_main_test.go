package download_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/download"
)

func TestServerArgs(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string // in the error message; empty if the program listens
	}{
		"none":          {nil, "wanted one parameter, got 0"},
		"two":           {[]string{"5000", "5001"}, "wanted one parameter, got 2"},
		"not a number":  {[]string{"http"}, `the port wanted a number, got "http"`},
		"empty":         {[]string{""}, "the port wanted a number"},
		"huge":          {[]string{"99999999999999999999"}, "the port wanted a number"},
		"negative":      {[]string{"-5000"}, "the port wanted 1024 to 64000, got -5000"},
		"1023":          {[]string{"1023"}, "the port wanted 1024 to 64000, got 1023"},
		"1024":          {[]string{"1024"}, ""},
		"64000":         {[]string{"64000"}, ""},
		"64001":         {[]string{"64001"}, "the port wanted 1024 to 64000, got 64001"},
		"other trouble": {[]string{"5000"}, "listen tcp :5000: refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
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
				status := download.ServerMain(ctx, tt.args, dir, &out, listen)
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
		status := download.ServerMain(r.t.Context(), []string{"5000"}, r.dir, &out, r.client.Listen)
		require.NotZero(t, status)
		require.Contains(t, out.String(), "error: ")
		require.Contains(t, out.String(), "address already in use")
	})
}

func TestServerWithoutDirectory(t *testing.T) {
	var out logbook
	status := download.ServerMain(t.Context(), []string{"5000"}, filepath.Join(t.TempDir(), "nothere"), &out, refuse)
	require.NotZero(t, status)
	require.Contains(t, out.String(), "error: opening the directory of the files: ")
}

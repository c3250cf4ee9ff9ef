package chat_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

func TestArgs(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string // in the error; empty if legal
	}{
		"none":         {nil, "wanted two parameters, got 0"},
		"one":          {[]string{"localhost"}, "wanted two parameters, got 1"},
		"three":        {[]string{"localhost", "5000", "x"}, "wanted two parameters, got 3"},
		"name":         {[]string{"localhost", "5000"}, ""},
		"number":       {[]string{"::1", "5000"}, ""},
		"no host":      {[]string{"", "5000"}, ""},
		"not a number": {[]string{"localhost", "http"}, `the port wanted a number, got "http"`},
		"empty":        {[]string{"localhost", ""}, "the port wanted a number"},
		"huge":         {[]string{"localhost", strings.Repeat("9", 30)}, "the port wanted a number"},
		"port -1":      {[]string{"localhost", "-1"}, "the port wanted 1 to 65535, got -1"},
		"port 0":       {[]string{"localhost", "0"}, "the port wanted 1 to 65535, got 0"},
		"port 1":       {[]string{"localhost", "1"}, ""},
		"port 65535":   {[]string{"localhost", "65535"}, ""},
		"port 65536":   {[]string{"localhost", "65536"}, "the port wanted 1 to 65535, got 65536"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := chat.ParseArgs(tt.args)
			if tt.want == "" {
				require.NoError(t, err)
				require.Equal(t, tt.args, []string{got.Host, strconv.Itoa(got.Port)})
				return
			}
			require.ErrorContains(t, err, tt.want)
			var out logbook
			require.NotZero(t, chat.ServerMain(t.Context(), tt.args, t.TempDir(), &out, refuse))
			require.Regexp(t, "^valid format : server HOST PORT\nerror: ", out.String())
			require.Contains(t, out.next(), tt.want)
			require.NotZero(t, chat.ClientMain(t.Context(), tt.args, "", strings.NewReader(""), &out, nil))
			require.Regexp(t, "^valid format : client HOST PORT\nerror: ", out.String())
			require.Contains(t, out.next(), tt.want)
		})
	}
}

func TestAddress(t *testing.T) {
	require.Equal(t, "localhost:80", chat.Args{Host: "localhost", Port: 80}.Address())
	require.Equal(t, "[::1]:80", chat.Args{Host: "::1", Port: 80}.Address())
	require.Equal(t, ":80", chat.Args{Port: 80}.Address())
}

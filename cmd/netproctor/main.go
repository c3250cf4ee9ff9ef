// Netproctor tries programs that speak the small protocols of networking
// courses, and says which requirements they meet.
package main

import (
	"os"

	"netproctor/internal/proc"
)

func main() {
	proc.Main() // a worker inside a sandbox goes no further
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

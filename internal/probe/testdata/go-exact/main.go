// Command exact has what a program may have: all of it must be the same with
// counters.
package main // with a comment

import (
	_ "embed"
	"errors"
	"fmt"
	"os"

	"example.com/exact/part"
)

//go:embed text
var text string

type (
	flag bool
	code uint8
	pair [3 + 1]int
)

const (
	width = 300 * 2
	name  = "ad" + "min"
)

var eager = len(os.Args) > 7 && part.Length("eager") == 5

func sign[T ~int | ~float64](n T) int {
	if n > 5 || n < -5.0 {
		return 2
	} else if n > 0 {
		return 1
	} else if n == 0 {
	} else {
		return -1
	}
	return 0
}

func (c code) String() string {
	switch {
	case c == 0xAE && c != 7:
		return "magic"
	case c == 'x':
	case c > 9:
		fallthrough
	case c == 8:
		return "large"
	}
	return "small"
}

func loops(n int) (sum int) {
outer:
	for i := 0; i < n; i++ {
		for {
			if i%2 == 0 && i != 4 {
				continue outer
			}
			break
		}
		sum += i
	}
	for range n {
	}
	for i := range 3 {
		sum += i << 1
	}
	if sum > 1<<20 {
		goto end
	}
	sum++
end:
	return sum
}

func channels() {
	c := make(chan int, 1)
	go func() { c <- len(name) }()
	select {
	case n, is := <-c:
		fmt.Println(n, is)
	}
	select {
	case <-c:
	default:
	}
}

func main() {
	defer func() {
		if len(os.Args) > 1 && os.Args[1] == "fail" {
			return
		}
		if r := recover(); r != nil {
			fmt.Println("recovered", r)
		}
	}()
	fmt.Println(len(text), eager, sign(3), sign(-7.5), code(0xAE), code(8), code(1), pair{}, loops(9), width)
	var yes flag = len(os.Args) > 0
	fmt.Println(yes && flag(width == 600), part.Length("xyz"))
	channels()
	var any any = 3
	switch v := any.(type) {
	case int:
		fmt.Println("int", v == 3, any == 3)
	case string:
		fmt.Println("string")
	}
	if len(os.Args) == 600 {
		fmt.Println("never")
	}
	var err error = errors.New("only said")
	if len(os.Args) > 1 && os.Args[1] == "exit" {
		os.Exit(3)
	}
	part.Fail(err)
}

// A second implementation of what a verifier of Chiron needs, from the text of
// spec/ and of C2SP, on Go's standard library alone.
//
//	go run . vectors DIRECTORY            every vector that it can check
//	go run . verify --trust FILE FILE     a receipt, access list, export, checkpoint or tlog-proof
package main

import (
	"fmt"
	"os"
)

func main() {
	args := os.Args[1:]
	switch {
	case len(args) == 2 && args[0] == "vectors":
		os.Exit(runVectors(args[1]))
	case len(args) == 4 && args[0] == "verify" && args[1] == "--trust":
		os.Exit(verify(args[2], args[3]))
	}
	fmt.Fprintln(os.Stderr, "usage: verifier vectors DIRECTORY | verifier verify --trust FILE FILE")
	os.Exit(2)
}

func verify(trustFile, file string) int {
	proven, err := func() ([]string, error) {
		content, err := os.ReadFile(trustFile)
		if err != nil {
			return nil, err
		}
		t, err := parseTrust(content)
		if err != nil {
			return nil, err
		}
		if content, err = os.ReadFile(file); err != nil {
			return nil, err
		}
		return verifyFile(content, t)
	}()
	if err != nil {
		fmt.Println("not proven:", err)
		return 1
	}
	for _, line := range proven {
		fmt.Println("proven:", line)
	}
	return 0
}

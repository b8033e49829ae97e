// Runs OmniWitness (github.com/transparency-dev/witness) for one test: on one
// loopback address, with the logs of one file, remembering in memory. The
// witness is theirs; only the flags are ours.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/witness/omniwitness"
	"github.com/transparency-dev/witness/persistence/inmemory"
	sumdb "golang.org/x/mod/sumdb/note"
)

func main() {
	keyFile := flag.String("key", "", "file with the witness's signing key, as notes have it")
	logsFile := flag.String("logs", "", "YAML file with the logs it cosigns")
	flag.Parse()

	logs, err := omniwitness.NewStaticLogConfig(read(*logsFile))
	if err != nil {
		log.Fatal(err)
	}
	signer, err := note.NewSignerForCosignatureV1(string(read(*keyFile)))
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	config := omniwitness.OperatorConfig{
		WitnessKeys:     []sumdb.Signer{signer},
		WitnessVerifier: signer.Verifier(),
		Logs:            logs,
	}
	log.Fatal(omniwitness.Main(context.Background(), config, inmemory.New(), listener, http.DefaultClient))
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}

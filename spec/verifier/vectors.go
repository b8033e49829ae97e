package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// vector is one case of a file: JSON in which a string may be hexadecimal.
type vector map[string]any

// checks of each file of spec/vectors. One that is not here must be in notChecked.
var checks = map[string]func(vector) error{
	"block-derived.json":       checkBlock,
	"checkpoint-notes.json":    checkNote,
	"checkpoint-proofs.json":   checkTlogProof,
	"checkpoint-tiles.json":    checkTile,
	"claims-derived.json":      checkClaim,
	"commitments-custody.json": checkCommitment,
	"copies-opened.json":       checkCopy,
	"custody-shares.json":      checkShares,
	"ed25519-keys.json":        func(v vector) error { return same(isPrimeOrder(v.hex("publicKey")), v["acceptable"]) },
	"ed25519-signatures.json": func(v vector) error {
		return same(verifySignature(v.hex("publicKey"), v.hex("message"), v.hex("signature")), v["valid"])
	},
	"encoding-canonical.json": checkEncoding,
	"encoding-refused.json":   func(v vector) error { _, err := decode(v.hex("hex")); return refusedWith(err, v.text("code")) },
	"envelope-opened.json":    checkEnvelope,
	"envelope-refused.json":   checkEnvelope,
	"hpke-seals.json":         checkSeal,
	"ids-derived.json":        checkId,
	"lists-heads.json":        checkList,
	"log-transactions.json":   checkLog,
	"proofs-facts.json":       checkFact,
	"proofs-receipts.json":    checkReceipt,
	"tags-days.json":          checkDay,
	"tags-derived.json":       checkTag,
	"tree-roots.json":         checkTree,
	"tx-refused.json":         checkRefusedTx,
	"tx-signed.json":          checkTx,
}

// notChecked: why a file is none of a verifier's business.
var notChecked = map[string]string{
	"custody-packages.json": "what dealers and keyholders say to each other; the HPKE under it is hpke-seals",
	"release-messages.json": "what readers and keyholders say to each other; the HPKE under it is hpke-seals",
	"decide-mixed.json":     "decisions are proven by the state, not made again; their second implementation is tools/vectors/decide-reference.ts",
	"decide-purposes.json":  "as decide-mixed; the purposes are HL7's, compared with its code system in tools/vectors",
	"decide-tiers.json":     "as decide-mixed",
}

func runVectors(directory string) int {
	files, _ := filepath.Glob(filepath.Join(directory, "*.json"))
	sort.Strings(files)
	checked, failed := 0, 0
	for _, path := range files {
		name := filepath.Base(path)
		check, known := checks[name]
		if why, skipped := notChecked[name]; skipped {
			fmt.Printf("%-26s not checked: %s\n", name, why)
			continue
		}
		cases := casesOf(path)
		if !known || len(cases) == 0 {
			fmt.Printf("%-26s FAILED: give vectors.go a check of it, or the reason why it has none\n", name)
			failed++
			continue
		}
		for _, v := range cases {
			checked++
			if err := attempt(check, v); err != nil {
				failed++
				fmt.Printf("%-26s FAILED: %s: %v\n", name, v.text("name"), err)
			}
		}
		fmt.Printf("%-26s %d cases\n", name, len(cases))
	}
	for name := range checks {
		if _, err := os.Stat(filepath.Join(directory, name)); err != nil {
			fmt.Printf("%-26s FAILED: the file is not there\n", name)
			failed++
		}
	}
	fmt.Printf("%d checked, %d failed\n", checked, failed)
	if failed > 0 || checked == 0 {
		return 1
	}
	return 0
}

func casesOf(path string) []vector {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var file struct{ Cases, Vectors []vector }
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	if d.Decode(&file) != nil {
		return nil
	}
	return append(file.Cases, file.Vectors...)
}

func attempt(check func(vector) error, v vector) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return check(v)
}

func (v vector) has(field string) bool    { _, found := v[field]; return found }
func (v vector) text(field string) string { return v[field].(string) }
func (v vector) hex(field string) []byte  { return fromHex(v[field]) }
func (v vector) number(field string) uint64 {
	n, err := v[field].(json.Number).Int64()
	if err != nil {
		panic(err)
	}
	return uint64(n)
}
func (v vector) list(field string) (out [][]byte) {
	out = [][]byte{}
	for _, item := range v[field].([]any) {
		out = append(out, fromHex(item))
	}
	return out
}
func (v vector) json(field string) []byte {
	out, err := json.Marshal(v[field])
	if err != nil {
		panic(err)
	}
	return out
}

func fromHex(value any) []byte {
	if fields, ok := value.(map[string]any); ok {
		value = fields["$bytes"]
	}
	out, err := hex.DecodeString(value.(string))
	if err != nil {
		panic(err)
	}
	return out
}

// fromPlain reads a value: {"$bytes": hex}, {"$int": decimal}, or JSON as it is.
func fromPlain(value any) any {
	switch v := value.(type) {
	case json.Number:
		n, ok := new(big.Int).SetString(v.String(), 10)
		if !ok {
			panic("not an integer")
		}
		return n
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, fromPlain(item))
		}
		return out
	case map[string]any:
		if v["$bytes"] != nil {
			return fromHex(v)
		}
		if v["$int"] != nil {
			return fromPlain(json.Number(v["$int"].(string)))
		}
		out := map[string]any{}
		for key, item := range v {
			out[key] = fromPlain(item)
		}
		return out
	}
	return value
}

func same(got, want any) error {
	if g, ok := got.([]byte); ok {
		got = hex.EncodeToString(g)
	}
	if w, ok := want.([]byte); ok {
		want = hex.EncodeToString(w)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("%v instead of %v", got, want)
	}
	return nil
}

func refusedWith(err error, code string) error {
	var c *coded
	if !errors.As(err, &c) {
		return fmt.Errorf("%v instead of %s", err, code)
	}
	return same(c.code, code)
}

// outcome compares what a check gave with the code of the case, or with want.
func outcome(v vector, err error, want func() error) error {
	if v.has("code") {
		return refusedWith(err, v.text("code"))
	}
	return errors.Join(err, want())
}

func checkEncoding(v vector) error {
	value, err := decode(v.hex("hex"))
	if err != nil {
		return err
	}
	return errors.Join(same(encode(fromPlain(v["value"])), v["hex"]), same(encode(value), v["hex"]))
}

func checkTx(v vector) error {
	body := v.hex("bodyHex")
	message := append([]byte("chiron/tx/v1\x00"), body...)
	cid := "b" + base32(append([]byte{1, 0x71, 0x12, 0x20}, hash(body)...))
	return errors.Join(
		same(encode(fromPlain(v["body"])), body), same(hash(body), v["txId"]), same(message, v["message"]), same(cid, v["cid"]),
		same(verifySignature(v.hex("publicKey"), message, v.hex("signature")), true),
		same(encode(map[string]any{"body": body, "signature": v.hex("signature")}), v["tx"]),
	)
}

// A verifier has no schemas of messages: of what they refuse it only knows that
// the encoding is right, so that it is the schema that must refuse.
func checkRefusedTx(v vector) error {
	outer, err := decode(v.hex("tx"))
	if fields, ok := outer.(map[string]any); err == nil && ok {
		if body, ok := fields["body"].([]byte); ok {
			_, err = decode(body)
		}
	}
	if v.text("code") == "ERR_PROTOCOL_SCHEMA" {
		return err
	}
	return refusedWith(err, v.text("code"))
}

func base32(in []byte) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz234567"
	var out strings.Builder
	var held, n uint
	for _, b := range in {
		held, n = held<<8|uint(b), n+8
		for ; n >= 5; n -= 5 {
			out.WriteByte(alphabet[held>>(n-5)&31])
		}
	}
	if n > 0 {
		out.WriteByte(alphabet[held<<(5-n)&31])
	}
	return out.String()
}

func checkBlock(v vector) error {
	switch {
	case v.has("leaves"):
		return same(treeRoot(leafHashes(v.list("leaves"))), v["root"])
	case v.has("leaf"):
		return same(verifyInclusion(v.hex("root"), v.number("size"), v.number("index"), leafHash(v.hex("leaf")), v.list("path")), true)
	case v.has("first"):
		return same(verifyConsistency(v.number("first"), v.number("second"), v.hex("firstRoot"), v.hex("secondRoot"), v.list("path")), true)
	case v.has("app"):
		app := vector(v["app"].(map[string]any))
		return same(appHashOf(app.hex("stateRoot"), app.hex("logRoot"), app.number("logSize")), v["appHash"])
	}
	header := encode(fromPlain(v["header"]))
	message := append([]byte("chiron/block/v1\x00"), header...)
	return errors.Join(
		same(header, v["bytes"]), same(hash(header), v["hash"]), same(message, v["message"]),
		same(treeRoot(leafHashes(v.list("txIds"))), vector(v["header"].(map[string]any)).hex("txRoot")),
		same(verifySignature(v.hex("publicKey"), message, v.hex("signature")), true),
	)
}

func checkCommitment(v vector) error {
	switch {
	case v.has("share"):
		return same(hash([]byte("chiron/share/v1"), v.hex("salt"), v.hex("record"), []byte{byte(v.number("index"))}, v.hex("share")), v["commitment"])
	case v.has("commitment"):
		return same(hash([]byte("chiron/key/v1"), v.hex("salt"), v.hex("record"), v.hex("key")), v["commitment"])
	case v.has("commitments"):
		return same(hash(append([][]byte{[]byte("chiron/share-root/v1")}, v.list("commitments")...)...), v["shareRoot"])
	case v.has("leaves"):
		leaves := [][]byte{}
		for _, item := range v["leaves"].([]any) {
			l := vector(item.(map[string]any))
			leaves = append(leaves, bytes.Join([][]byte{l.hex("record"), u32(uint32(l.number("version"))), l.hex("ciphertext"), l.hex("keyCommitment"), l.hex("shareRoot")}, nil))
		}
		return same(treeRoot(leafHashes(leaves)), v["root"])
	}
	if v.has("path") {
		return checkGroupReceipt(v)
	}
	message := append([]byte("chiron/custody-receipt/v1\x00"+v.text("chainId")+"\x00"), append(u32(uint32(v.number("set"))), v.hex("root")...)...)
	return errors.Join(same(message, v["message"]), same(verifySignature(v.hex("publicKey"), message, v.hex("signature")), true))
}

// A signature for several batches: SPEC-CUS-15.
func checkGroupReceipt(v vector) error {
	size := v.number("size")
	root, ok := inclusionRoot(size, v.number("index"), leafHash(v.hex("root")), v.list("path"))
	if v["message"] == nil {
		return same(ok, false)
	}
	message := bytes.Join([][]byte{[]byte("chiron/custody-group-receipt/v1\x00" + v.text("chainId") + "\x00"), u32(uint32(v.number("set"))), u32(uint32(size)), root}, nil)
	return errors.Join(same(ok, true), same(message, v["message"]), same(verifySignature(v.hex("publicKey"), message, v.hex("signature")), true))
}

func checkShares(v vector) error {
	shares, threshold := v.list("shares"), int(v.number("threshold"))
	var err error
	for from := 0; from+threshold <= len(shares); from++ {
		err = errors.Join(err, same(combine(shares[from:from+threshold]), v["key"]))
	}
	return err
}

func checkEnvelope(v vector) error {
	version, subjects := v.number("version"), v.list("subjects")
	binding := map[string]any{"chainId": v.text("chainId"), "record": v.hex("record"), "version": version, "author": v.text("author"), "subjects": subjects}
	content, err := openEnvelope(v.hex("envelope"), v.hex("key"), binding)
	if v.has("code") {
		return same(err != nil, true)
	}
	return errors.Join(err, same(content, v["content"]), same(hash(v.hex("envelope")), v["hash"]), same(v.hex("envelope")[6:22], v["salt"]))
}

func checkSeal(v vector) error {
	plain, public, err := openSeal(v.text("suite"), v.hex("secret"), v.hex("info"), v.hex("enc"), v.hex("ciphertext"))
	if v["valid"] == false {
		return same(err != nil, true)
	}
	return errors.Join(err, same(public, v["publicKey"]), same(plain, v["plaintext"]))
}

func checkCopy(v vector) error {
	owner := map[string]any{"chainId": v.text("chainId"), "owner": v.text("owner"), "keyId": v.text("keyId")}
	of := map[string]any{"record": v.hex("record"), "version": v.number("version"), "ciphertext": v.hex("ciphertext")}
	key, err := openCopy(v.hex("copy"), v.hex("secret"), owner, of)
	return errors.Join(err, same(key, v["key"]))
}

func checkList(v vector) error {
	entries := v.list("entries")
	hashes := leafHashes(entries)
	err := errors.Join(same(treeRoot(hashes), v["root"]), same(fmt.Sprintf("%x", peaks(hashes)), fmt.Sprintf("%x", v.list("peaks"))))
	if len(entries) > 0 {
		key := append([]byte{0, 1, map[string]byte{"records": 1, "accesses": 2}[v.text("list")]}, v.hex("handle")...)
		head := v.list("head")
		err = errors.Join(err, same(key, head[0]), same(encode(map[string]any{"size": len(entries), "peaks": peaks(hashes)}), head[1]))
	}
	for i, item := range v["paths"].([]any) {
		path := vector{"path": item}.list("path")
		err = errors.Join(err, same(verifyEntry(uint64(len(entries)), peaks(hashes), uint64(i), entries[i], path), true))
	}
	return err
}

func checkFact(v vector) error {
	if v.has("value") {
		return same(verifyFact(v.hex("root"), v.hex("key"), v.hex("value"), v.list("siblings")), v["valid"])
	}
	var leaf *treeLeaf
	if fields, ok := v["leaf"].(map[string]any); ok {
		leaf = &treeLeaf{fromHex(fields["keyHash"]), fromHex(fields["valueHash"])}
	}
	return same(verifyAbsence(v.hex("root"), v.hex("key"), v.list("siblings"), leaf), v["valid"])
}

func checkTree(v vector) error {
	leavesOf := func(pairs any, hashed bool) (out []treeLeaf) {
		for _, item := range pairs.([]any) {
			key, value := fromHex(item.([]any)[0]), fromHex(item.([]any)[1])
			if !hashed {
				key, value = hash(key), hash(value)
			}
			out = append(out, treeLeaf{key, value})
		}
		return out
	}
	switch {
	case v.has("facts"):
		return same(factRoot(leavesOf(v["facts"], false), 0), v["root"])
	case v.has("leaves"):
		return same(factRoot(leavesOf(v["leaves"], true), 0), v["root"])
	}
	facts := map[string]treeLeaf{}
	var err error
	for i, batch := range v["batches"].([]any) {
		for _, item := range batch.([]any) {
			key := fromHex(item.([]any)[0])
			if item.([]any)[1] == nil {
				delete(facts, string(key))
			} else {
				facts[string(key)] = treeLeaf{hash(key), hash(fromHex(item.([]any)[1]))}
			}
		}
		leaves := []treeLeaf{}
		for _, leaf := range facts {
			leaves = append(leaves, leaf)
		}
		err = errors.Join(err, same(factRoot(leaves, 0), v["roots"].([]any)[i]))
	}
	return err
}

func checkReceipt(v vector) error {
	t, err := parseTrust(v.json("trust"))
	if err != nil {
		return err
	}
	r, err := verifyReceipt(v.json("receipt"), t)
	return outcome(v, err, func() error { return same(r.Kind, v["receipt"].(map[string]any)["kind"]) })
}

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
)

// b64 is a byte string in a receipt's JSON: base64url without padding.
type b64 []byte

func (b *b64) UnmarshalJSON(in []byte) error {
	var text string
	if err := json.Unmarshal(in, &text); err != nil {
		return err
	}
	out, err := base64.RawURLEncoding.Strict().DecodeString(text)
	*b = out
	return err
}

type treeLeaf struct {
	KeyHash   b64 `json:"keyHash"`
	ValueHash b64 `json:"valueHash"`
}

// receipt has the fields of every kind. SPEC-PROOF-8.
type receipt struct {
	Kind   string `json:"kind"`
	Format string `json:"format"`
	App    struct {
		StateRoot b64    `json:"stateRoot"`
		LogRoot   b64    `json:"logRoot"`
		LogSize   uint64 `json:"logSize"`
	} `json:"app"`
	Signed struct {
		Header    b64    `json:"header"`
		Signer    string `json:"signer"`
		Signature b64    `json:"signature"`
	} `json:"signed"`
	TxId      b64    `json:"txId"`
	Codespace string `json:"codespace"`
	Code      uint64 `json:"code"`
	LogIndex  uint64 `json:"logIndex"`
	Path      []b64  `json:"path"`
	List      string `json:"list"`
	Handle    b64    `json:"handle"`
	Index     uint64 `json:"index"`
	Entry     b64    `json:"entry"`
	ListHead  struct {
		Size  uint64 `json:"size"`
		Peaks []b64  `json:"peaks"`
	} `json:"listHead"`
	Siblings []b64     `json:"siblings"`
	Key      b64       `json:"key"`
	Value    b64       `json:"value"`
	Leaf     *treeLeaf `json:"leaf"`
	Entries  []b64     `json:"entries"`
}

// trust is the verifier's own. SPEC-PROOF-1.
type trust struct {
	ChainId     string `json:"chainId"`
	GenesisHash b64    `json:"genesisHash"`
	Signers     []struct {
		Did       string `json:"did"`
		PublicKey b64    `json:"publicKey"`
	} `json:"signers"`
	Witnesses *struct {
		Quorum int      `json:"quorum"`
		Keys   []string `json:"keys"`
	} `json:"witnesses"`
}

func strictJSON(in []byte, out any) error {
	d := json.NewDecoder(bytes.NewReader(in))
	d.DisallowUnknownFields()
	return d.Decode(out)
}

func parseTrust(in []byte) (*trust, error) {
	t := &trust{}
	if err := strictJSON(in, t); err != nil || len(t.Signers) == 0 {
		return nil, refuse("ERR_PROOF_TRUST", "not a trust file")
	}
	if t.Witnesses == nil {
		return t, nil
	}
	seen := map[string]bool{}
	for _, text := range t.Witnesses.Keys {
		key, err := parseVerifierKey(text)
		if err != nil || key.kind != cosignatureKey || seen[key.name] || seen[string(key.public)] {
			return nil, refuse("ERR_PROOF_TRUST", "a witness that is none, or is there twice")
		}
		seen[key.name], seen[string(key.public)] = true, true
	}
	if t.Witnesses.Quorum < 1 || t.Witnesses.Quorum > len(t.Witnesses.Keys) {
		return nil, refuse("ERR_PROOF_TRUST", "a quorum that cannot be")
	}
	return t, nil
}

func plain(in []b64) [][]byte {
	out := make([][]byte, len(in))
	for i, b := range in {
		out[i] = b
	}
	return out
}

// verifyReceipt holds with the code of the first check that fails. SPEC-PROOF-9.
func verifyReceipt(in []byte, t *trust) (*receipt, error) {
	r := &receipt{}
	if err := strictJSON(in, r); err != nil || r.Format != "chiron/receipt/v1" {
		return nil, refuse("ERR_PROOF_FORMAT", "not a receipt")
	}
	if err := verifyHead(r, t); err != nil {
		return nil, err
	}
	state := []byte(r.App.StateRoot)
	listKey := append([]byte{0, 1, map[string]byte{"records": 1, "accesses": 2}[r.List]}, r.Handle...)
	switch r.Kind {
	case "tx":
		leaf := leafHash(txLeaf(r.TxId, r.Codespace, r.Code))
		return r, unless(verifyInclusion(r.App.LogRoot, r.App.LogSize, r.LogIndex, leaf, plain(r.Path)), "ERR_PROOF_LOG")
	case "fact":
		return r, unless(verifyFact(state, r.Key, r.Value, plain(r.Siblings)), "ERR_PROOF_FACT")
	case "absence":
		return r, unless(verifyAbsence(state, r.Key, plain(r.Siblings), r.Leaf), "ERR_PROOF_ABSENCE")
	case "entry":
		head := encode(map[string]any{"size": r.ListHead.Size, "peaks": plain(r.ListHead.Peaks)})
		if !verifyFact(state, listKey, head, plain(r.Siblings)) {
			return nil, refuse("ERR_PROOF_LIST", "the head of the list is not in the state")
		}
		return r, unless(verifyEntry(r.ListHead.Size, plain(r.ListHead.Peaks), r.Index, r.Entry, plain(r.Path)), "ERR_PROOF_ENTRY")
	case "list":
		if len(r.Entries) == 0 {
			return r, unless(verifyAbsence(state, listKey, plain(r.Siblings), r.Leaf), "ERR_PROOF_LIST")
		}
		head := encode(map[string]any{"size": len(r.Entries), "peaks": peaks(leafHashes(plain(r.Entries)))})
		return r, unless(r.Leaf == nil && verifyFact(state, listKey, head, plain(r.Siblings)), "ERR_PROOF_LIST")
	}
	return nil, refuse("ERR_PROOF_FORMAT", "a receipt of an unknown kind")
}

func unless(holds bool, code string) error {
	if holds {
		return nil
	}
	return refuse(code, "what is claimed is not proven")
}

// SPEC-PROOF-2: a trusted signer's header, of the trusted chain, over these roots.
func verifyHead(r *receipt, t *trust) error {
	known, signed := false, false
	for _, signer := range t.Signers {
		if signer.Did == r.Signed.Signer {
			known = true
			signed = signed || verifySignature(signer.PublicKey, append([]byte("chiron/block/v1\x00"), r.Signed.Header...), r.Signed.Signature)
		}
	}
	if !known {
		return refuse("ERR_PROOF_SIGNER", "signed by nobody who is trusted")
	}
	if !signed {
		return refuse("ERR_PROOF_SIGNATURE", "the signature does not verify")
	}
	value, err := decode(r.Signed.Header)
	header, ok := value.(map[string]any)
	if err != nil || !ok || len(header) != 6 {
		return refuse("ERR_PROOF_FORMAT", "not a header")
	}
	if header["chainId"] != t.ChainId {
		return refuse("ERR_PROOF_CHAIN", "of another chain")
	}
	appHash, _ := header["appHash"].([]byte)
	if !bytes.Equal(appHash, appHashOf(r.App.StateRoot, r.App.LogRoot, r.App.LogSize)) {
		return refuse("ERR_PROOF_APP_HASH", "the roots are not the header's")
	}
	return nil
}

func appHashOf(stateRoot, logRoot []byte, logSize uint64) []byte {
	return hash([]byte("chiron/app/v1"), stateRoot, logRoot, u64(logSize))
}

func txLeaf(txId []byte, codespace string, code uint64) []byte {
	return encode([]any{txId, codespace, code})
}

func stateLeaf(height, timeMs uint64, stateRoot []byte) []byte {
	return encode([]any{"chiron/state/v1", height, timeMs, stateRoot})
}

func leafHashes(entries [][]byte) [][]byte {
	out := make([][]byte, len(entries))
	for i, entry := range entries {
		out[i] = leafHash(entry)
	}
	return out
}

// SPEC-PROOF-6: the way to the peak over an entry.
func verifyEntry(size uint64, peaks [][]byte, index uint64, entry []byte, path [][]byte) bool {
	var start uint64
	at := 0
	for level := 63; level >= 0; level-- {
		width := uint64(1) << level
		if size&width == 0 {
			continue
		}
		if at >= len(peaks) {
			return false
		}
		if index < start+width && len(path) == level {
			return verifyInclusion(peaks[at], width, index-start, leafHash(entry), path)
		}
		start, at = start+width, at+1
	}
	return false
}

var didPattern = regexp.MustCompile(`^did:chiron:[a-z2-7]{32}$`)

// verifyFile holds what `chiron verify` holds for receipts, tlog-proofs and
// checkpoints, and every receipt within an access list or an export. What rows
// say in words is not compared here.
func verifyFile(in []byte, t *trust) (proven []string, err error) {
	text := string(in)
	if strings.HasPrefix(text, proofHeader) {
		leaf, err := verifyTlogProof(text, t)
		if err != nil {
			return nil, err
		}
		return []string{"leaf " + hex.EncodeToString(leaf.entry) + " at " + big.NewInt(0).SetUint64(leaf.index).String()}, nil
	}
	if lines := strings.SplitN(text, "\n", 3); len(lines) == 3 && isDecimal(lines[1]) {
		checkpoint, err := verifyCheckpoint(text, t)
		if err != nil {
			return nil, err
		}
		return []string{"log of " + lines[1] + " leaves, root " + hex.EncodeToString(checkpoint.root)}, nil
	}
	err = eachReceipt(in, func(each json.RawMessage) error {
		r, err := verifyReceipt(each, t)
		if err == nil {
			proven = append(proven, r.Kind+" receipt")
		}
		return err
	})
	if err == nil && len(proven) == 0 {
		err = refuse("ERR_PROOF_FORMAT", "there is no receipt in it")
	}
	return proven, err
}

func eachReceipt(in json.RawMessage, visit func(json.RawMessage) error) error {
	var list []json.RawMessage
	if json.Unmarshal(in, &list) == nil {
		for _, item := range list {
			if err := eachReceipt(item, visit); err != nil {
				return err
			}
		}
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(in, &fields) != nil {
		return nil
	}
	if string(fields["format"]) == `"chiron/receipt/v1"` {
		return visit(in)
	}
	for name, field := range fields {
		if name == "bundle" {
			continue
		}
		if err := eachReceipt(field, visit); err != nil {
			return err
		}
	}
	return nil
}

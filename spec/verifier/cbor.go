package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"sort"
	"unicode/utf8"
)

// Canonical encoding, SPEC-ENC-1 to 4. A value is nil, bool, *big.Int, string,
// []byte, []any or map[string]any.

const maxDepth = 32

type coded struct{ code, why string }

func (e *coded) Error() string { return e.code + ": " + e.why }

func refuse(code, why string) error { return &coded{code, why} }

func malformed(why string) error    { return refuse("ERR_PROTOCOL_ENCODING", why) }
func notCanonical(why string) error { return refuse("ERR_PROTOCOL_NOT_CANONICAL", why) }

type reader struct {
	in []byte
	at int
}

func decode(in []byte) (any, error) {
	r := &reader{in: in}
	value, err := r.value(0)
	if err == nil && r.at != len(in) {
		err = notCanonical("bytes left over")
	}
	return value, err
}

func (r *reader) head() (major byte, n uint64, first byte, err error) {
	if r.at >= len(r.in) {
		return 0, 0, 0, malformed("cut short")
	}
	first = r.in[r.at]
	r.at++
	major, n = first>>5, uint64(first&31)
	if major == 7 || n < 24 {
		return major, n, first, nil
	}
	if n > 27 {
		return 0, 0, 0, malformed("an unknown head")
	}
	size := 1 << (n - 24)
	if len(r.in)-r.at < size {
		return 0, 0, 0, malformed("cut short")
	}
	var wide [8]byte
	copy(wide[8-size:], r.in[r.at:r.at+size])
	r.at += size
	n = binary.BigEndian.Uint64(wide[:])
	least := []uint64{24, 1 << 8, 1 << 16, 1 << 32}[first&31-24]
	if n < least {
		return 0, 0, 0, notCanonical("a longer head than needed")
	}
	return major, n, first, nil
}

func (r *reader) value(depth int) (any, error) {
	major, n, first, err := r.head()
	if err != nil {
		return nil, err
	}
	switch major {
	case 0:
		return new(big.Int).SetUint64(n), nil
	case 1:
		return new(big.Int).Not(new(big.Int).SetUint64(n)), nil
	case 2, 3:
		if n > uint64(len(r.in)-r.at) {
			return nil, malformed("cut short")
		}
		part := r.in[r.at : r.at+int(n)]
		r.at += int(n)
		if major == 2 {
			return bytes.Clone(part), nil
		}
		if !utf8.Valid(part) {
			return nil, malformed("not UTF-8")
		}
		return string(part), nil
	case 4:
		if depth == maxDepth {
			return nil, refuse("ERR_PROTOCOL_LIMIT", "nested too deeply")
		}
		items := []any{}
		for i := uint64(0); i < n; i++ {
			item, err := r.value(depth + 1)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	case 5:
		if depth == maxDepth {
			return nil, refuse("ERR_PROTOCOL_LIMIT", "nested too deeply")
		}
		return r.mapOf(n, depth+1)
	case 7:
		switch first {
		case 0xf4, 0xf5:
			return first == 0xf5, nil
		case 0xf6:
			return nil, nil
		}
	}
	return nil, malformed("a tag, a float or an unknown simple value")
}

func (r *reader) mapOf(n uint64, depth int) (any, error) {
	fields := map[string]any{}
	last := ""
	for i := uint64(0); i < n; i++ {
		if r.at >= len(r.in) || r.in[r.at]>>5 != 3 {
			return nil, malformed("a key that is not text")
		}
		key, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		name := key.(string)
		if !isKey(name) {
			return nil, malformed("a key that is not allowed")
		}
		if !keyLess(last, name) {
			return nil, notCanonical("keys out of order")
		}
		last = name
		if fields[name], err = r.value(depth); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

func isKey(key string) bool {
	for _, c := range []byte(key) {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return len(key) >= 1 && len(key) <= 64 && key != "__proto__"
}

func keyLess(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

func encode(value any) []byte {
	switch v := value.(type) {
	case nil:
		return []byte{0xf6}
	case bool:
		if v {
			return []byte{0xf5}
		}
		return []byte{0xf4}
	case int:
		return encode(big.NewInt(int64(v)))
	case uint64:
		return appendHead(nil, 0, v)
	case *big.Int:
		if v.Sign() < 0 {
			return appendHead(nil, 1, new(big.Int).Not(v).Uint64())
		}
		return appendHead(nil, 0, v.Uint64())
	case []byte:
		return append(appendHead(nil, 2, uint64(len(v))), v...)
	case string:
		return append(appendHead(nil, 3, uint64(len(v))), v...)
	case [][]byte:
		out := appendHead(nil, 4, uint64(len(v)))
		for _, item := range v {
			out = append(out, encode(item)...)
		}
		return out
	case []any:
		out := appendHead(nil, 4, uint64(len(v)))
		for _, item := range v {
			out = append(out, encode(item)...)
		}
		return out
	case map[string]any:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		sort.Slice(keys, func(i, j int) bool { return keyLess(keys[i], keys[j]) })
		out := appendHead(nil, 5, uint64(len(v)))
		for _, key := range keys {
			out = append(append(out, encode(key)...), encode(v[key])...)
		}
		return out
	}
	panic(fmt.Sprintf("no encoding of %T", value))
}

func appendHead(out []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(out, major<<5|byte(n))
	case n < 1<<8:
		return append(out, major<<5|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(out, major<<5|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(out, major<<5|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(out, major<<5|27), n)
}

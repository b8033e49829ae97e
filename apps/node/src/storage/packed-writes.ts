import { STORE_SPACES, type StoreWrite } from './state-store.ts'

const HEAD_BYTES = 7
/** In place of a value's length: the key is deleted. Values are shorter than that. */
const DELETED = 0xffff_ffff

/** Writes as they go to another thread: for each the space (u8), lengths of key (u16) and value (u32), key ‖ value. */
export function packWrites(writes: readonly StoreWrite[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const { key, value } of writes) length += HEAD_BYTES + key.length + (value?.length ?? 0)
  const packed = new Uint8Array(length)
  const view = new DataView(packed.buffer)
  let at = 0
  for (const { space, key, value } of writes) {
    view.setUint8(at, STORE_SPACES.indexOf(space))
    view.setUint16(at + 1, key.length)
    view.setUint32(at + 3, value === null ? DELETED : value.length)
    packed.set(key, at + HEAD_BYTES)
    at += HEAD_BYTES + key.length
    if (value === null) continue
    packed.set(value, at)
    at += value.length
  }
  return packed
}

/** What {@link packWrites} packed, in order; keys and values are views into `packed`. */
export function* unpackWrites(packed: Uint8Array): Generator<StoreWrite> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  for (let at = 0; at < packed.length; ) {
    const space = STORE_SPACES[view.getUint8(at)] as StoreWrite['space']
    const keyEnd = at + HEAD_BYTES + view.getUint16(at + 1)
    const valueBytes = view.getUint32(at + 3)
    const end = valueBytes === DELETED ? keyEnd : keyEnd + valueBytes
    yield { space, key: packed.subarray(at + HEAD_BYTES, keyEnd), value: valueBytes === DELETED ? null : packed.subarray(keyEnd, end) }
    at = end
  }
}

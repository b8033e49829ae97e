import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { StorageError } from './errors.ts'
import { freeBytes, makeDirectory, writeFileDurably } from './files.ts'

/** Space below which a node does not start: it would halt at once. */
export const MIN_FREE_BYTES = 16 * 1024 * 1024

/** Where a node keeps what. All of it lies under one directory, of mode 0700. */
export interface DataDirectory {
  readonly root: string
  readonly ledger: string
  readonly state: string
  readonly blocks: string
  readonly genesis: string
  /** Newest checkpoint of the log, and what witnesses said of it. */
  readonly checkpoints: string
  /** Who cosigns checkpoints, unless named elsewhere. */
  readonly witnesses: string
  readonly blobs: string
  readonly copies: string
  readonly keys: string
  readonly masterKey: string
  readonly trust: string
  readonly socket: string
  readonly nodeFile: string
  keyholder(name: string): string
  organisation(name: string): string
}

/** The layout, without touching the disk. */
export function dataDirectoryLayout(directory: string): DataDirectory {
  const root = resolve(directory)
  const ledger = join(root, 'ledger')
  return {
    root,
    ledger,
    state: join(ledger, 'state'),
    blocks: join(ledger, 'blocks'),
    genesis: join(ledger, 'genesis.cbor'),
    checkpoints: join(ledger, 'checkpoints.json'),
    witnesses: join(root, 'witnesses.json'),
    blobs: join(root, 'blobs'),
    copies: join(root, 'copies'),
    keys: join(root, 'keys'),
    masterKey: join(root, 'master.key'),
    trust: join(root, 'trust.json'),
    socket: join(root, 'chiron.sock'),
    nodeFile: join(root, 'node.json'),
    keyholder: (name) => join(root, 'keyholders', name),
    organisation: (name) => join(root, 'orgs', name),
  }
}

/**
 * Creates what is missing and proves by a write that the directory can be written.
 * @throws StorageError `ERR_STORAGE_READ_ONLY`, `ERR_STORAGE_FULL` (less than `minFreeBytes` left), `ERR_STORAGE_IO`
 */
export function openDataDirectory(directory: string, minFreeBytes = MIN_FREE_BYTES): DataDirectory {
  const layout = dataDirectoryLayout(directory)
  makeDirectory(layout.root)
  const probe = join(layout.root, '.probe')
  writeFileDurably(probe, Uint8Array.of(1))
  rmSync(probe)
  const free = freeBytes(layout.root)
  if (free < minFreeBytes) {
    throw new StorageError('ERR_STORAGE_FULL', `only ${free} bytes are left for ${layout.root}: free at least ${minFreeBytes} and start the node again`, { context: { path: layout.root, free } })
  }
  for (const path of [layout.ledger, layout.state, layout.blocks, layout.blobs, layout.keys]) makeDirectory(path)
  return layout
}

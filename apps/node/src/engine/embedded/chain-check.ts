import { equalBytes, type Genesis } from '@chiron/protocol'
import { EngineError } from '../errors.ts'
import { genesisLink, linkOf, readHeader, verifyLink, type Link, type ReadBlock } from './chain.ts'
import type { EngineHead } from './records.ts'

/** Follows the log from its first block: each is linked to the one before, and the state was built from these blocks. */
export class ChainCheck {
  readonly #recorded: EngineHead | undefined
  #link: Link
  /** The link at the height that the state has. */
  stateLink: Link
  newest: ReadBlock | undefined

  constructor(genesis: Genesis, recorded: EngineHead | undefined) {
    this.#recorded = recorded
    this.#link = genesisLink(genesis)
    this.stateLink = this.#link
  }

  /** @throws EngineError `ERR_ENGINE_CHAIN` */
  add(bytes: Uint8Array, height: number): void {
    const read = readHeader(bytes, height)
    verifyLink(this.#link, read)
    this.newest = read
    this.#link = linkOf(read)
    if (height !== this.#recorded?.height) return
    if (!equalBytes(this.#link.headerHash, this.#recorded.headerHash)) {
      throw new EngineError('ERR_ENGINE_CHAIN', `the state was built from another block ${height} than the log has: restore both from one backup, or move ledger/state away to have it built again`, { context: { height } })
    }
    this.stateLink = this.#link
  }
}

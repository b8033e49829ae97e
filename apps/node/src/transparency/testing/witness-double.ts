import { equalBytes, verifyConsistency } from '@chiron/protocol'
import { cosign, formatVerifierKey, fromBase64, noteKey, parseCheckpoint, parseNote, SignatureType, type NoteKey } from '@chiron/ledger/proofs'
import type { BlockSigner } from '../../engine/ports.ts'

/** A witness in memory that answers as C2SP tlog-witness says, unless it is told to answer something else. */
export class WitnessDouble {
  readonly key: NoteKey
  readonly vkey: string
  readonly url: string
  /** Sizes of `old` and of the checkpoint of every request. */
  readonly seen: (readonly [old: number, size: number])[] = []
  /** Instead of an answer; it is asked before the checkpoint is looked at. */
  instead: (() => Response | Promise<Response>) | undefined
  /** Whether an answer gets lost after the checkpoint was remembered. */
  losesAnswers = false
  latest: { readonly size: number; readonly root: Uint8Array } = { size: 0, root: new Uint8Array() }
  readonly #signer: BlockSigner

  constructor(name: string, signer: BlockSigner) {
    this.#signer = signer
    this.key = noteKey(`witness.example/${name}`, SignatureType.cosignature, signer.publicKey)
    this.vkey = formatVerifierKey(this.key)
    this.url = `https://${name}.witness.example/path`
  }

  async answer(body: string): Promise<Response> {
    const [head = '', ...rest] = body.split('\n\n')
    const note = rest.join('\n\n')
    const [first = '', ...lines] = head.split('\n')
    const old = Number(first.replace('old ', ''))
    const { text, signatures } = parseNote(note)
    const { size, root } = parseCheckpoint(text)
    this.seen.push([old, size])
    if (this.instead !== undefined) return await this.instead()
    if (signatures.length !== 1) return new Response('', { status: 400 })
    if (old !== this.latest.size) return new Response(`${this.latest.size}\n`, { status: 409, headers: { 'content-type': 'text/x.tlog.size' } })
    const path = lines.map((line) => fromBase64(line) as Uint8Array)
    const isConsistent = old === 0 ? path.length === 0 : verifyConsistency(old, size, this.latest.root, root, path)
    if (!isConsistent || (old === size && old > 0 && !equalBytes(root, this.latest.root))) return new Response('', { status: 422 })
    this.latest = { size, root }
    if (this.losesAnswers) throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) })
    return new Response(this.lineFor(text))
  }

  lineFor(text: string, timeS = 1_800_000_000): string {
    return cosign(this.key, text, timeS, (message) => this.#signer.sign(message))
  }
}

import { formatSignature, parseDecimal, parseNote, parseSignatures, signaturesOf, toBase64, verifyCosignature, type NoteKey } from '@chiron/ledger/proofs'

/** Longest answer of a witness that is read. */
const MAX_ANSWER_BYTES = 65_536
const SIZE_TYPE = 'text/x.tlog.size'

/** What a witness answered to a checkpoint. C2SP tlog-witness, «add-checkpoint». */
export type WitnessAnswer =
  /** `line`: the witness's signature line, verified. */
  | { readonly kind: 'cosigned'; readonly line: string; readonly timeMs: number }
  /** The witness has cosigned this size last. */
  | { readonly kind: 'conflict'; readonly size: number }
  /** The proof or the root does not fit what the witness has seen. */
  | { readonly kind: 'refused'; readonly status: number }
  /** The witness does not know this log or its key, or takes the request for malformed. */
  | { readonly kind: 'unaccepted'; readonly status: number }
  | { readonly kind: 'down'; readonly reason: string }

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The body of a request: from which size, the hashes between, and the signed checkpoint. SPEC-CKPT-9. */
export function formatAddCheckpoint(oldSize: number, path: readonly Uint8Array[], checkpoint: string): string {
  return `old ${oldSize}\n${path.map((hash) => `${toBase64(hash)}\n`).join('')}\n${checkpoint}`
}

/** Asks a witness for its cosignature. Never rejects: a witness that is not there is `down`. */
export async function addCheckpoint(url: string, key: NoteKey, body: string, checkpoint: string, fetch: Fetch, signal: AbortSignal): Promise<WitnessAnswer> {
  let answer: { readonly status: number; readonly type: string; readonly body: string }
  try {
    const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body, headers: { 'content-type': 'text/plain; charset=utf-8' }, redirect: 'error', signal })
    const text = await textOf(response)
    if (text === undefined) return { kind: 'down', reason: 'its answer is too long' }
    answer = { status: response.status, type: response.headers.get('content-type') ?? '', body: text }
  } catch (error) {
    return { kind: 'down', reason: reasonOf(error) }
  }
  return readAnswer(answer, key, checkpoint)
}

/** What an answer means. SPEC-CKPT-9. */
export function readAnswer({ status, type, body }: { readonly status: number; readonly type: string; readonly body: string }, key: NoteKey, checkpoint: string): WitnessAnswer {
  if (status === 200) return cosignatureIn(body, key, checkpoint)
  if (status === 409) {
    const size = type.split(';')[0]?.trim() === SIZE_TYPE && body.endsWith('\n') ? parseDecimal(body.slice(0, -1)) : undefined
    return size === undefined ? { kind: 'refused', status } : { kind: 'conflict', size }
  }
  if (status === 422) return { kind: 'refused', status }
  if (status === 429 || status >= 500) return { kind: 'down', reason: `HTTP ${status}` }
  return { kind: 'unaccepted', status }
}

function cosignatureIn(body: string, key: NoteKey, checkpoint: string): WitnessAnswer {
  const wrong: WitnessAnswer = { kind: 'down', reason: 'its answer holds no cosignature of its key' }
  const { text } = parseNote(checkpoint)
  try {
    for (const signature of signaturesOf(key, parseSignatures(body))) {
      const timeS = verifyCosignature(key, text, signature.signature)
      if (timeS !== undefined) return { kind: 'cosigned', line: formatSignature(signature), timeMs: timeS * 1000 }
    }
  } catch {
    return wrong
  }
  return wrong
}

async function textOf(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.name : 'unknown'
}

import type { ImportEvent } from '../control/api.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Reader } from '../gateway/reader.ts'
import { readDocument, type ImportDocument, type RefusedEntry } from './document.ts'
import { ImportError } from './errors.ts'
import { ItemsImport } from './items.ts'
import { importTransaction } from './transaction.ts'

export type ImportProgress = Omit<Extract<ImportEvent, { type: 'progress' }>, 'type'>
export type Imported = Omit<Extract<ImportEvent, { type: 'done' }>, 'type'>

const NAMED = 20

/**
 * Imports one FHIR document for a gateway's organisation, in the recorder's name: a Bundle, a resource, or a JSON array
 * of resources. Repeating it after it was cut short, or was finished, writes nothing twice.
 * @throws ImportError; ERR_IMPORT_ENTRIES when some entries were refused and all others written. GatewayError, FhirError,
 * LedgerRefusal and EngineError for a refused transaction, and for what is no fault of the document.
 */
export async function importDocument(gateway: Gateway, recorder: Reader, content: Uint8Array, onProgress: (progress: ImportProgress) => void): Promise<Imported> {
  const document = readDocument(content)
  return await gateway.services.locks.run([`import/${document.hash}`], async () => await importRead(gateway, recorder, document, onProgress))
}

async function importRead(gateway: Gateway, recorder: Reader, document: ImportDocument, onProgress: (progress: ImportProgress) => void): Promise<Imported> {
  if (document.kind === 'transaction') {
    const total = document.entries.length
    onProgress({ done: 0, total })
    const { written, patients } = await importTransaction(gateway, recorder, document.hash, document.bundle, document.entries)
    onProgress({ done: total, total })
    return imported(written, patients)
  }
  const { hash, items, refused } = document
  const total = items.length + refused.length
  let done = refused.length
  const onDone = (count: number): void => {
    done += count
    onProgress({ done, total })
  }
  const outcome = await new ItemsImport({ hash }, { gateway, reader: recorder, onDone }).run(items)
  const all = [...refused, ...outcome.refused].sort((a, b) => a.index - b.index)
  if (all.length > 0) throw refusal(all, total)
  return imported(outcome.written, outcome.patients)
}

function imported(written: number, patients: readonly string[]): Imported {
  return { status: written === 0 ? 'skipped' : 'imported', resources: written, patients: [...patients] }
}

function refusal(refused: readonly RefusedEntry[], total: number): ImportError {
  const lines = refused.slice(0, NAMED).map(({ index, type, reason }) => `entry ${index + 1}${type === undefined ? '' : ` (${type})`}: ${reason}`)
  const more = refused.length > NAMED ? [`and ${refused.length - NAMED} more`] : []
  const others = refused.length === total ? '' : '; the others are imported'
  return new ImportError('ERR_IMPORT_ENTRIES', `${refused.length} of ${total} entries were refused${others}:\n${[...lines, ...more].map((line) => `  ${line}`).join('\n')}`)
}

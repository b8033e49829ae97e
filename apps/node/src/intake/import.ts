import type { ImportEvent } from '../control/api.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Reader } from '../gateway/reader.ts'
import { readDocument, type ImportDocument, type RefusedEntry } from './document.ts'
import { ItemsImport } from './items.ts'
import { importTransaction } from './transaction.ts'

export type ImportProgress = Omit<Extract<ImportEvent, { type: 'progress' }>, 'type'>
export type Imported = Omit<Extract<ImportEvent, { type: 'done' }>, 'type'>

/**
 * Imports one FHIR document for a gateway's organisation, in the recorder's name: a Bundle, a resource, or a JSON array
 * of resources. Repeating it after it was cut short, or was finished, writes nothing twice.
 * Entries of other documents than transactions are taken or refused each by itself.
 * @throws ImportError; GatewayError, FhirError, LedgerRefusal for a refused transaction; what is no fault of the document
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
  return imported(outcome.written, outcome.patients, [...refused, ...outcome.refused])
}

function imported(written: number, patients: readonly string[], refused: readonly RefusedEntry[] = []): Imported {
  return {
    status: written === 0 && refused.length === 0 ? 'skipped' : 'imported',
    resources: written,
    patients: [...patients],
    refused: refused.toSorted((a, b) => a.index - b.index).map(({ index, type, reason }) => ({ entry: index + 1, type: type ?? null, reason })),
  }
}

import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { createGunzip, gunzip } from 'node:zlib'
import { CliError } from './errors.ts'

/** Lines of NDJSON that go into one bundle, and its size at most: every repetition cuts alike, so done parts are recognised. */
const BATCH_LINES = 200
const BATCH_BYTES = 4 * 1024 * 1024
const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024

/** What others refer to comes first: places and people of the directory, then patients, then what is about them. */
const FIRST: readonly RegExp[] = [
  /^_?hospital/i, /^_?practitioner/i, /^Organization\b/, /^Location\b/, /^Practitioner\b/, /^PractitionerRole\b/, /^Medication\b/, /^Patient\b/, /^RelatedPerson\b/,
  /^Device\b/, /^Encounter\b/, /^Condition\b/, /^Observation\b/,
]

/** Files in the order in which they are imported; otherwise by name. */
export function importOrder(files: readonly string[]): string[] {
  const rank = (file: string): number => {
    const found = FIRST.findIndex((pattern) => pattern.test(basename(file)))
    if (found !== -1) return found
    return isNdjson(file) ? FIRST.length + 1 : FIRST.length
  }
  return files.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

/** A FHIR document to import. */
export interface FileDocument {
  readonly content: Buffer
  /** Resources of the file that came before. */
  readonly before: number
}

/**
 * The FHIR documents of a file, unpacked when gzipped: the one of a JSON file (a resource, or an array of them), or
 * bundles of the lines of an NDJSON file (`.ndjson` in its name), each line an update under its own id.
 * @throws CliError `ERR_CLI_FILE`
 */
export async function* importDocuments(file: string): AsyncGenerator<FileDocument> {
  try {
    if (isNdjson(file)) yield* bundlesOfLines(file)
    else yield { content: await wholeDocument(file), before: 0 }
  } catch (cause) {
    throw cause instanceof CliError ? cause : unreadable(file, cause)
  }
}

function isNdjson(file: string): boolean {
  return /\.ndjson(\.gz)?$/i.test(file)
}

async function wholeDocument(file: string): Promise<Buffer> {
  const content = await readFile(file)
  const document = (await isGzipped(file)) ? await promisify(gunzip)(content, { maxOutputLength: MAX_DOCUMENT_BYTES }) : content
  const parsed = parse(file, document.toString('utf8'))
  if (!Array.isArray(parsed)) resourceType(parsed, file)
  return document
}

async function* bundlesOfLines(file: string): AsyncGenerator<FileDocument> {
  const source = createReadStream(file)
  const unpacked = (await isGzipped(file)) ? source.pipe(createGunzip()) : source
  source.once('error', (error) => unpacked.destroy(error))
  let entries: string[] = []
  let bytes = 0
  let before = 0
  for await (const line of createInterface({ input: unpacked, crlfDelay: Infinity })) {
    if (line.trim() === '') continue
    if (entries.length === BATCH_LINES || bytes + line.length > BATCH_BYTES) {
      if (entries.length > 0) yield { content: bundle(entries), before }
      before += entries.length
      entries = []
      bytes = 0
    }
    entries.push(entryOf(file, line))
    bytes += line.length
  }
  if (entries.length > 0) yield { content: bundle(entries), before }
}

function entryOf(file: string, line: string): string {
  const resource = parse(file, line)
  const type = resourceType(resource, file)
  const id = 'id' in resource ? resource.id : undefined
  const request = typeof id === 'string' ? { method: 'PUT', url: `${type}/${id}` } : { method: 'POST', url: type }
  return `{"resource":${line},"request":${JSON.stringify(request)}}`
}

function bundle(entries: readonly string[]): Buffer {
  return Buffer.from(`{"resourceType":"Bundle","type":"batch","entry":[${entries.join(',')}]}`)
}

async function isGzipped(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}

function parse(file: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `${file} is not JSON: give FHIR bundles (.json) or NDJSON (.ndjson), gzipped or not`, { cause })
  }
  throw new CliError('ERR_CLI_FILE', `${file} holds something else than FHIR resources`)
}

function resourceType(resource: object, file: string): string {
  const type = 'resourceType' in resource ? resource.resourceType : undefined
  if (typeof type !== 'string') throw new CliError('ERR_CLI_FILE', `${file} holds something else than FHIR resources`)
  return type
}

function unreadable(file: string, cause: unknown): CliError {
  const code = (cause as NodeJS.ErrnoException).code
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder: name the files in it' : `it cannot be read (${code ?? 'unknown reason'})`
  return new CliError('ERR_CLI_FILE', `${file}: ${why}`, { cause })
}
